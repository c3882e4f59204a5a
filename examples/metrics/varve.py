"""Tells Varve what a benchmark measured, when, and how much it did meanwhile. One file, to be copied beside a benchmark.

    with varve.measure("tokens/s", work=tokens):
        generate(tokens)

appends one line to the file that $VARVE_METRICS names: the work a second, the moments between which it was done, and the
work. So Varve can tell what ran in that time from imports and warm-up. What runs elsewhere (a GPU's queue) must be waited
for inside. Without $VARVE_METRICS, and where an exception leaves the block, nothing is written.
"""
import contextlib
import json
import os
import time

# Which of several processes this is, as torchrun, MPI and Slurm say it.
RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")


def report(metric, value, unit=None, better=None, **more):
    """Appends one number; `better` is "higher" or "lower" where neither name nor unit tell."""
    path = os.environ.get("VARVE_METRICS")
    if not path:
        return
    rank = next((os.environ[name] for name in RANKS if os.environ.get(name, "").isdigit()), None)
    line = {"metric": metric, "value": value, "unit": unit, "better": better, "rank": rank and int(rank), **more}
    line = {member: content for member, content in line.items() if content is not None}
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


class Measurement:
    """What `measure` yields: `work` may be set inside the block, where it is not known before."""

    def __init__(self, work):
        self.work = work


@contextlib.contextmanager
def measure(metric, work=None, unit=None, better=None):
    """Measures the block: work a second where there is work, else the seconds that it took."""
    measurement = Measurement(work)
    start = time.monotonic_ns()
    yield measurement
    end = max(time.monotonic_ns(), start + 1)
    seconds = (end - start) * 1e-9
    if measurement.work is None:
        report(metric, seconds, unit or "s", better or "lower", start_ns=start, end_ns=end)
    else:
        report(metric, measurement.work / seconds, unit, better, start_ns=start, end_ns=end, work=measurement.work)
