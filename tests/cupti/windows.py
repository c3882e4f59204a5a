#!/usr/bin/env python3
"""What of CUPTI's sums counts: what the metric speaks of, and the steps that a program marks by NVTX. With the fake libcupti and
the program of recorder.py, whose NVTX is its own.

usage: windows.py VARVE RECORDER
"""
import sys
import tempfile

import recorder


def recorded_rows(document):
    """{name: count}, and the profile, of what CUPTI showed of a run's recorded unit."""
    profile = next(one for unit in document["units"] if unit["role"] == "evidence"
                   for one in unit["profiles"]["seen"] if one["witness"] == "cupti")
    counts = {}
    for row in profile["rows"]:
        name = document["kernels"][row["kernel"]]["name"]
        counts[name] = counts.get(name, 0) + row["count"]
    return counts, profile


def case_window(ground):
    """Sums are cut to what the metric speaks of, and to the steps that the program marks where it does not say when."""
    ground.fake("9")
    rest = ("open=libcuda.so.1", "init", "launch=300", "sleep=300")
    document, _ = recorder.measured(ground, "cuda", {}, *rest, "begin", "sleep=300", "names=2", "launch=40", "sleep=300", "number",
                           "sleep=300", "launch=30")
    counts, profile = recorded_rows(document)
    assert counts == {"kernel_0": 20, "kernel_1": 20}, counts
    assert sum(row["total_ns"] for row in profile["rows"]) == sum(1000 + i for i in range(40)), profile["rows"]
    # 300 before, whose times run from 1000 to 1099 three times, and 30 of two names behind.
    assert profile["before_ns"] == 3 * sum(1000 + i for i in range(100)), profile
    assert profile["after_ns"] == sum(1000 + i for i in range(30)), profile
    assert "sums were kept by slices" in " ".join(profile["unseen"]), profile["unseen"]
    document, _ = recorder.measured(ground, "cuda", {}, *rest, "nvtx", "push=step_1", "sleep=300", "names=2", "launch=40",
                           "pop", "push=step_2", "launch=20", "sleep=300", "pop", "sleep=300", "push=other", "launch=6", "pop",
                           "number")
    counts, profile = recorded_rows(document)
    assert counts == {"kernel_0": 30, "kernel_1": 30}, counts
    assert profile["before_ns"] > 0 and profile["after_ns"] > 0, profile
    for unit in document["units"]:
        assert unit["window"]["marks"] == "step_N" and unit["window"]["stretches"] == 1, unit["window"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        case_window(recorder.Ground(sys.argv[1], sys.argv[2], folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
