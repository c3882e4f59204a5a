#!/usr/bin/env bash
# Two runs at one time were given the same output: the document of the first to end was replaced by the other's, without a word.
# Now what was written since a run began is left alone, and that run goes beside it.
set -euo pipefail
"$VARVE" run --units 1 --warmup 0 --kernels none -o run.json -- bash -c 'while [ ! -e over ]; do sleep 0.01; done' >text 2>told &
slow=$!
while ! pgrep -P "$slow" >/dev/null; do sleep 0.01; done
"$VARVE" run --units 2 --warmup 0 --kernels none -o run.json -- true >/dev/null 2>&1
touch over
wait "$slow"
grep -q 'run.json was written by another since this run began: it is left alone, and this run goes to run-2.json' told
"$VARVE" report run.json --format text | grep -q '2 executed'
"$VARVE" report run-2.json --format text | grep -q '1 executed'
# A document that was there before is replaced, as ever.
"$VARVE" run --units 3 --warmup 0 --kernels none -o run.json -- true >/dev/null 2>&1
"$VARVE" report run.json --format text | grep -q '3 executed'
[ ! -e run-3.json ]
