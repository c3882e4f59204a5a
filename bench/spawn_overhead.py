#!/usr/bin/env python3
"""What one unit of `varve run` costs, as a ratio to hyperfine on the same machine in the same minutes.

The measured program is `true`, so that nearly all of the time belongs to the tools: starting a process, waiting for
it, reading what it used. Each tool is executed with two counts of units and the difference divided by the difference
of the counts: its fixed cost (start, capture of the stack, printing) cancels. The tools take turns; each round gives
one ratio, and the median over the rounds is what must hold: at most 1 against `hyperfine -N`, which starts the program
without a shell as Varve does. `hyperfine` with its default shell starts twice as many programs and stands for
reference. CPU time is that of the tool and all its children, and wanders less on a machine shared with others.

    bench/spawn_overhead.py --varve build/varve [--rounds 11] [--few 100] [--many 600]

Exit status 1 when the median ratio of wall times against `hyperfine -N` is above --limit (default 1.0).
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def tools(varve, scratch):
    """Command lines by name; each takes the number of units."""
    document = os.path.join(scratch, "run.json")
    exported = os.path.join(scratch, "hyperfine.json")
    run = [varve, "run", "--warmup", "0", "--quiet", "-o", document]
    fine = ["hyperfine", "--warmup", "0", "--style", "none", "--export-json", exported]
    return {
        "varve": lambda n: run + ["--units", str(n), "--", "true"],
        "varve --sampling 0": lambda n: run + ["--sampling", "0", "--units", str(n), "--", "true"],
        "hyperfine -N": lambda n: fine + ["-N", "--runs", str(n), "true"],
        "hyperfine": lambda n: fine + ["--runs", str(n), "true"],
    }


def seconds(command):
    """Wall and CPU seconds of one execution, its children included."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"spawn_overhead: {' '.join(command)} ended with {child.returncode}")
    return wall, used.ru_utime + used.ru_stime


def unit_cost(command, few, many):
    wall_few, cpu_few = seconds(command(few))
    wall_many, cpu_many = seconds(command(many))
    return (wall_many - wall_few) / (many - few), (cpu_many - cpu_few) / (many - few)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--varve", default="build/varve")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=600)
    parser.add_argument("--limit", type=float, default=1.0)
    options = parser.parse_args()
    if shutil.which("hyperfine") is None:
        sys.exit("spawn_overhead: hyperfine is not installed")

    with tempfile.TemporaryDirectory() as scratch:
        commands = tools(options.varve, scratch)
        rounds = []
        for number in range(options.rounds):
            order = list(commands) if number % 2 == 0 else list(reversed(commands))
            rounds.append({name: unit_cost(commands[name], options.few, options.many) for name in order})

    print(f"{'per unit of true':22} {'wall µs':>9} {'CPU µs':>9}   (median of {options.rounds} rounds)")
    for name in commands:
        wall = statistics.median(costs[name][0] for costs in rounds)
        cpu = statistics.median(costs[name][1] for costs in rounds)
        print(f"{name:22} {wall * 1e6:9.0f} {cpu * 1e6:9.0f}")
    verdict = 0.0
    for ours in ("varve", "varve --sampling 0"):
        for peer in ("hyperfine -N", "hyperfine"):
            wall = sorted(costs[ours][0] / costs[peer][0] for costs in rounds)
            cpu = statistics.median(costs[ours][1] / costs[peer][1] for costs in rounds)
            middle = statistics.median(wall)
            print(f"{ours} / {peer}: {middle:.2f} wall ({wall[0]:.2f} to {wall[-1]:.2f}), {cpu:.2f} CPU")
            if (ours, peer) == ("varve", "hyperfine -N"):
                verdict = middle
    return 0 if verdict <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
