#!/usr/bin/env bash
# The disk was full when the document was to be written: what hours had measured was gone. Now the units that were
# finished are in the journal, and it is said where; the run ends when nothing more can be kept. (Varve's own limit on the
# size of files stands for the disk: it is set to what the journal holds after two units.)
set -euo pipefail
status=0
"$VARVE" run --units 6 --warmup 0 -o run.json -- \
  bash -c 'echo >>units; [ $(wc -l <units) -ne 3 ] || prlimit --pid $PPID --fsize=$(stat -c %s run.json.journal)' >text 2>told || status=$?
[ "$status" -eq 4 ]
[ "$(wc -l <units)" -eq 3 ]
grep -q 'what is measured cannot be kept: run.json.journal: File too large' told
grep -q '2 units are kept in run.json.journal: varve report run.json.journal shows them' told
grep -q 'VRV-RUN-NOT-KEPT' text # stdout has the answer, the third unit included
grep -q '(3 units, ' text
"$VARVE" report run.json.journal --format text | grep -q 'its journal holds 2 of 6 planned units'

# With room elsewhere the run goes on there. That needs a small disk of one's own, which not every machine permits.
small='mount -t tmpfs -o size=32k none small'
mkdir small
unshare -rm sh -c "$small" 2>/dev/null || exit 0
export VARVE
unshare -rm bash -c "$small"'
  "$VARVE" run --units 60 --warmup 0 -o small/run.json -- true >text 2>told
  cp small/run.json.journal . || true'
grep -q 'writing: small/run.json: No space left on device' told
elsewhere=$(sed -n 's/^varve: all .* so far and those to come are kept in //p' told)
grep -q "60 units are kept in $elsewhere: varve report" told
"$VARVE" report "$elsewhere" --format text | grep -q 'its journal holds 60 of 60 planned units'
rm "$elsewhere"
