#!/usr/bin/env python3
"""A PyTorch workload on the CPU in two virtual environments, as an experiment file names them.

usage: experiment_file.py VARVE     VARVE_REAL_VENVS names a folder with venv-torch212 and venv-torch215; without: skipped (77)

Each variant must run in its own environment, the same work must be done and computed on both sides, and what differs must be
called one bundle. The speed is printed and not asserted: a shared machine may be too noisy to call one.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77
UNITS = os.environ.get("VARVE_BUMP_PAIRS", "5")
WORKLOAD = """import json, os, time, torch
torch.manual_seed(0)
torch.set_num_threads(1)
x, w = torch.randn(64, 128), torch.randn(128, 128)
y = torch.relu(x @ w)  # warm up
start = time.monotonic_ns()
for _ in range(200):
    y = torch.relu(x @ w)
end = time.monotonic_ns()
line = {"metric": "samples/s", "value": 200 * 64 / ((end - start) * 1e-9), "start_ns": start, "end_ns": end,
        "work": 200 * 64}
with open(os.environ["VARVE_METRICS"], "a") as out:
    out.write(json.dumps(line) + "\\n" + json.dumps({"metric": "samples", "value": 200 * 64}) + "\\n")
print(f"{torch.__version__} {float(y.sum()):.3f}")
with open("sum.txt", "w") as out:
    out.write(f"{float(y.sum()):.4f}")
"""
EXPERIMENT = """name = "relu"
metric = "samples/s"
[workload]
command = ["python", "work.py"]
[protocol]
units = {units}
warmup = 1
kernels = "cpu"
[metrics]
same = ["samples"]
same_outputs = ["sum.txt"]
tolerance = 1e-4
[[variant]]
label = "torch 2.1"
venv = "{old}"
[[variant]]
label = "torch 2.15"
venv = "{new}"
"""


def faults(run, comparison):
    if not run["complete"]:
        yield "the run is not complete: " + run["incomplete_reason"]
    for variant, version in zip(run["variants"], ("2.1.2", "2.15.0")):
        found = variant["packages"]["versions"].get("torch", "")
        if not found.startswith(version):
            yield f"{variant['label']} could import torch {found!r}"
    for unit in run["units"]:
        if unit["role"] == "timing" and (not unit.get("window") or unit["metrics"][0]["metric"] != "samples/s"):
            yield f"unit {unit['index']} has no window or another metric"
    if comparison["control"] not in {"controlled", "controlled_with_gaps"}:
        yield f"the comparison is {comparison['control']}: {comparison['verdict']}"
    if not comparison["change"].startswith("torch 2.1.2 → 2.15.0 and what came with it"):
        yield f"the change is called {comparison['change']!r}"


def main():
    folder = pathlib.Path(os.environ.get("VARVE_REAL_VENVS", "/nonexistent"))
    old, new = folder / "venv-torch212", folder / "venv-torch215"
    if not all((venv / "bin" / "python").exists() for venv in (old, new)):
        print("VARVE_REAL_VENVS names no folder with venv-torch212 and venv-torch215")
        return SKIPPED
    with tempfile.TemporaryDirectory() as scratch:
        place = pathlib.Path(scratch)
        (place / "work.py").write_text(WORKLOAD)
        (place / "bench.toml").write_text(EXPERIMENT.format(units=UNITS, old=old, new=new))
        document = str(place / "run.json")
        ran = subprocess.run([sys.argv[1], "run", "--quiet", "-f", str(place / "bench.toml"), "-o", document],
                             capture_output=True, text=True, timeout=1500)
        print(ran.stdout)
        if ran.returncode != 0:
            print(f"varve run ends with {ran.returncode}: {ran.stderr[-500:]}")
            return 1
        answer = subprocess.run([sys.argv[1], "compare", document, "--json"], capture_output=True, text=True, timeout=60)
        wrong = list(faults(json.loads(pathlib.Path(document).read_text()), json.loads(answer.stdout)))
    for fault in wrong:
        print(fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
