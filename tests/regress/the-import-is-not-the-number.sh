#!/usr/bin/env bash
# A script imported for four seconds and measured for two: page faults of the import were the largest row of its account.
# A line of the metric that says when it was measured keeps them apart: they are counted as before, not as what ran.
set -euo pipefail
cat >program.py <<'END'
import os, time

def imported():
    end = time.process_time() + 0.6
    while time.process_time() < end:
        bytearray(4 << 20)  # fresh pages, touched by the kernel

def measured():
    end = time.process_time() + 0.3
    while time.process_time() < end:
        sum(range(1000))

imported()
start = time.monotonic_ns()
measured()
end = time.monotonic_ns()
with open(os.environ["VARVE_METRICS"], "a") as file:
    print('{"metric": "sums/s", "value": %f, "start_ns": %d, "end_ns": %d}' % (1e9 / (end - start), start, end), file=file)
END
"$VARVE" run --full --units 3 --warmup 0 -o run.json -- python3 program.py >told
grep -q 'sums/s speaks of' told
if grep -q '^  no evidence: ' told; then exit 0; fi # no samples are permitted here: nothing to be told apart
grep -q 'outside of what sums/s speaks of: .* before' told
python3 - <<'END'
import json
run = json.load(open("run.json"))
for unit in run["units"]:
    profile = unit["profiles"]["seen"][0]
    rows = sum(row["total_ns"] for row in profile["rows"])
    kernel = sum(row["total_ns"] for row in profile["rows"] if run["kernels"][row["kernel"]]["name"] == "(kernel)")
    assert rows < profile["before_ns"], (rows, profile["before_ns"])
    assert kernel < rows / 2, (kernel, rows)
END
