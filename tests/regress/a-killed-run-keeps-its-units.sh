#!/usr/bin/env bash
# Varve was killed (by hand, by the memory killer) after hours of measuring, and every unit was lost: the document was
# written at the end only. Now every finished unit is in a journal beside it, which report and compare read, and a run
# that follows leaves it alone.
set -euo pipefail
"$VARVE" run --units 9 --warmup 0 -o run.json -- bash -c 'echo >>units; [ $(wc -l <units) -lt 5 ] || kill -9 $PPID; sleep 0.01' >told 2>&1 || true
[ ! -e run.json ]
"$VARVE" report run.json.journal --format text | grep -q 'its journal holds 4 of 9 planned units'
! "$VARVE" report run.json --format text 2>told
grep -q 'are in run.json.journal' told
head -c -40 run.json.journal >torn.journal # power was lost while a line was written
"$VARVE" report torn.journal --format text | grep -q 'its journal holds 3 of 9 planned units'
cp run.json.journal before
"$VARVE" run --units 1 --warmup 0 -o run.json -- true >told 2>&1
grep -q 'run.json.journal holds the units of a run that was ended' told
cmp before run.json.journal
[ -e run.json ]
[ ! -e run.json.journal-2 ]
# Killed before a unit had finished: nothing is there, which is said, and the next run takes the place.
rm run.json
head -c 100 before >run.json.journal
! "$VARVE" report run.json.journal 2>told
grep -q 'before a unit had finished' told
"$VARVE" run --units 1 --warmup 0 -o run.json -- true >told 2>&1
! grep -q 'run.json.journal' told
[ -e run.json ]
[ ! -e run.json.journal ]
