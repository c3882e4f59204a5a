#!/usr/bin/env python3
"""What `varve capture` of this host and one PyTorch environment costs, as a ratio to PyTorch's own report of it.

The peer is `python -m torch.utils.collect_env` of that environment, which imports the framework to ask it. Both take
turns, the files are in the page cache. Varve is told of the environment as a user would tell it, by VIRTUAL_ENV. The
median of the rounds' ratios of wall times must be at least --limit; processor time stands beside it.

    bench/capture_speed.py --varve build/varve --venv DIR [--rounds 5]

Exit status 1 when the median is below the limit (default 100), 77 without an environment that has torch.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def seconds(command, environment):
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"capture_speed: {' '.join(command)} ended with {child.returncode}")
    return wall, used.ru_utime + used.ru_stime


def shown(varve, environment):
    document = json.loads(subprocess.run(varve + ["--json"], env=environment, capture_output=True, check=True).stdout)
    frameworks = document["facts"]["environments.frameworks"]
    return frameworks.get("value", []), len(document.get("binaries", []))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--varve", default="build/varve")
    parser.add_argument("--venv", default=os.environ.get("VARVE_TORCH_VENV", ""))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=100.0)
    options = parser.parse_args()
    python = os.path.join(options.venv, "bin", "python")
    if not os.path.exists(python):
        print("capture_speed: no environment; name one with --venv or VARVE_TORCH_VENV", file=sys.stderr)
        return 77
    environment = dict(os.environ, VIRTUAL_ENV=options.venv)
    varve = [os.path.abspath(options.varve), "capture", "--no-handshake"]
    peer = [python, "-m", "torch.utils.collect_env"]
    frameworks, binaries = shown(varve, environment)
    if not any(row.startswith("torch ") for row in frameworks):
        sys.exit("capture_speed: Varve did not see the environment's torch")
    files = sum(len(names) for _, _, names in os.walk(options.venv))
    seconds(peer, environment)  # fills the page cache
    rounds = []
    for _ in range(options.rounds):
        mine = [seconds(varve, environment) for _ in range(5)]
        theirs = seconds(peer, environment)
        rounds.append([statistics.median(row[i] for row in mine) for i in (0, 1)] + list(theirs))
    wall, cpu, peer_wall, peer_cpu = (statistics.median(column) for column in zip(*rounds))
    ratio = statistics.median(row[2] / row[0] for row in rounds)
    print(f"environment: {files} files; Varve read {binaries} binaries in it")
    print(f"varve capture:  {wall * 1e3:8.1f} ms wall, {cpu * 1e3:8.1f} ms CPU")
    print(f"collect_env:    {peer_wall * 1e3:8.1f} ms wall, {peer_cpu * 1e3:8.1f} ms CPU")
    print(f"ratio, median of {options.rounds} rounds: {ratio:.0f} (limit {options.limit:g})")
    return 0 if ratio >= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
