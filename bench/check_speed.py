#!/usr/bin/env python3
"""How long does `varve check` take over a capture document with three PyTorch environments, and `--expect` over the same?

usage: check_speed.py VARVE VENV [--rounds N]

VENV is captured once with --exact; the document is made of it under three paths, on a supposed driver and GPU. The limit is
100 ms for a node prolog; the peer is Python's json.load of the same document, in the same rounds. Prints medians.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def three_environments(varve, venv, path):
    one = json.loads(subprocess.run([varve, "capture", "--env", venv, "--exact", "--coverage", "--json"], check=True,
                                    capture_output=True).stdout)
    place = one["environments"][0]["path"]
    whole = dict(one, environments=[], binaries=[], consumers=[])
    for number in range(3):
        for part in ("environments", "binaries", "consumers"):
            text = json.dumps(one.get(part, [])).replace(place, f"/srv/venv-{number}")
            whole[part] += json.loads(text)
    path.write_text(json.dumps(whole))


def seconds(command, good):
    begin = time.perf_counter()
    status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if status not in good:
        sys.exit(f"{command} ended with {status}")
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("varve")
    parser.add_argument("venv")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        document = pathlib.Path(scratch) / "three.json"
        three_environments(arguments.varve, arguments.venv, document)
        supposed = ["--driver", "580.95.05", "--gpu", "L40S"]
        commands = {
            "check": [arguments.varve, "check", str(document), *supposed],
            "check --expect": [arguments.varve, "check", str(document), *supposed, "--expect", str(document)],
            "json.load": [sys.executable, "-c", "import json, sys; json.load(open(sys.argv[1]))", str(document)],
        }
        times = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                times[name].append(seconds(command, {0, 1, 3}))
        print(f"document: {document.stat().st_size / 1e6:.1f} MB, {arguments.rounds} rounds")
        for name, taken in times.items():
            median = statistics.median(taken)
            print(f"{name:16} {median * 1e3:7.1f} ms  {median / 0.1:5.2f} of the limit  "
                  f"{median / statistics.median(times['json.load']):5.2f} of json.load")


if __name__ == "__main__":
    main()
