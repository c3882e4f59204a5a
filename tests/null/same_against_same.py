#!/usr/bin/env python3
"""The same command against itself, many times, on this machine: shown as counts of verdicts.

Nothing differs, so "faster" and "slower" are false alarms. At a nominal 5 % two-sided and with the margin of 1 % fewer
than one in twenty is expected; more than --allowed of them means that units are not exchangeable here or that the
statistics are broken. "ambiguous" is an honest answer on a machine that wanders.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--varve", default="build/release/varve")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--allowed", type=int, default=5)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    counts, spreads = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        document = str(pathlib.Path(folder) / "run.json")
        for _ in range(options.times):
            subprocess.run([options.varve, "run", "--units", str(options.pairs), "--warmup", "1", "--quiet", "-o", document,
                            "--", *options.command, "--against", "--", *options.command],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            done = subprocess.run([options.varve, "compare", "--json", document], capture_output=True, text=True)
            comparison = json.loads(done.stdout)
            if comparison["control"] not in ("controlled", "controlled_with_gaps") or comparison["variable"]:
                sys.exit(f"the same against the same is {comparison['control']}, variable {comparison['variable']}")
            counts[comparison["primary"]["speed"]] += 1
            spreads.append(comparison["primary"]["pair_spread"])
    # With nothing changed an interval that excludes no change is called noise: it is the false alarm that is counted.
    called = counts["faster"] + counts["slower"] + counts["noise"]
    print(f"{options.times} times the same against the same, {options.pairs} pairs each: {dict(counts)}; "
          f"spread of a pair {min(spreads):.1%} to {max(spreads):.1%}")
    sys.exit(1 if called > options.allowed else 0)


if __name__ == "__main__":
    main()
