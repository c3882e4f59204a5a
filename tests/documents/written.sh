#!/usr/bin/env bash
# What the program writes is what the schemas say. usage: written.sh VARVE PYTHON SOURCE_FOLDER
set -euo pipefail
varve=$1 python=$2 source=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
"$varve" capture -o stack.json >log
"$varve" capture --pid $$ -o process.json >log
"$varve" run --units 2 --warmup 1 -o run.json -- sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo "{\"metric\":\"x\",\"value\":1}" >> "$VARVE_METRICS"' \
  --against -- sleep 0.01 >log 2>&1 || true # the second command writes no metric: an incomplete run is a document too
"$varve" run --units 5 --warmup 0 -o pairs.json --against-env OMP_NUM_THREADS=1 -- sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done' >log 2>&1
"$varve" run --units 1 --warmup 0 --kernels torch -o recorded.json -- "$python" \
  "$source/tests/golden/fixtures/torch/on_demand.py" 0 >log 2>&1
("$varve" run --units 9 --warmup 0 -o kept.json -- sh -c 'echo >>n; [ $(wc -l <n) -lt 4 ] || kill -9 $PPID' || true) >log 2>&1
split -l 1 --additional-suffix=.line kept.json.journal
"$varve" compare pairs.json -o comparison.json >log || [ $? -ne 4 ]
"$varve" check -o check.json >log || [ $? -le 3 ] # of this machine, whatever runs on it
"$varve" check --driver 535 --gpu L40S stack.json --expect stack.json -o supposed.json >log || [ $? -le 3 ]
"$varve" toolkit list --json >toolkits.json
"$varve" run --check-noise --json >noise.json 2>log
"$varve" kernels "$source/tests/foreign/perf-6.1/chains.txt" -o kernels.json >log
"$varve" compare "$source/tests/foreign/kineto/moe-b300-02.json.gz" "$source/tests/foreign/kineto/moe-b300-03.json.gz" \
  -o traces.json >log || [ $? -eq 3 ]
"$python" "$source/tests/documents/validate.py" "$source/schema/trace_comparison.schema.json" traces.json
"$python" "$source/tests/documents/validate.py" "$source/schema/check.schema.json" check.json supposed.json
"$python" "$source/tests/documents/validate.py" "$source/schema/kernels.schema.json" kernels.json
"$python" "$source/tests/documents/validate.py" "$source/schema/noise.schema.json" noise.json
"$python" "$source/tests/documents/validate.py" "$source/schema/toolkits.schema.json" toolkits.json
"$python" "$source/tests/documents/validate.py" "$source/schema/stack.schema.json" stack.json process.json
"$python" "$source/tests/documents/validate.py" "$source/schema/run.schema.json" run.json pairs.json recorded.json
"$python" "$source/tests/documents/validate.py" "$source/schema/run-journal.schema.json" x??.line
"$python" "$source/tests/documents/validate.py" "$source/schema/comparison.schema.json" comparison.json
