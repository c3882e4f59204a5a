#!/usr/bin/env bash
# The time of day jumps while a run is under way: a day back at every look, for Varve and what it measures. Times of units
# come from the clock that does not jump, no unit is lost, and no limit of time is missed or met too early.
set -euo pipefail
command -v faketime >/dev/null || exit 0
# Each look at the time of day is a day before the last; CLOCK_MONOTONIC is left alone.
export FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
faketime -f '-1d i-86400' "$VARVE" run --units 5 --warmup 1 --timeout 60 --kernels none --json -- sleep 0.05 >run.json 2>told
python3 - <<'END'
import json
run = json.load(open("run.json"))
assert run["complete"] and len(run["units"]) == 6, run["incomplete_reason"]
starts = [unit["started_seconds"] for unit in run["units"]]
assert starts == sorted(starts) and starts[0] >= 0, starts
for unit in run["units"]:
    assert 0.05 <= unit["wall_seconds"] < 60, unit["wall_seconds"]
assert not [finding for finding in run["findings"] if finding["severity"] == "error"], run["findings"]
END
