#!/usr/bin/env python3
"""Whether `varve check --expect LOCK` tells what moved in a real environment, and nothing where nothing did.

    locks.py VARVE    VARVE_REAL_VENVS: a folder with venv-NAME

Of each environment: a lock with and without --exact over what has not changed; then, in a copy of the first, libraries that
are removed and replaced by another file, and variables that are newly set and newly unset. Exits 1 when something is told
wrongly or not at all, 77 when there is nothing to look at.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ["torch212", "torch215", "torch28", "jax", "cupy14"]
LIBRARIES = ["libnccl.so.2", "libcudnn.so.*", "libcublasLt.so.*", "libcudart.so.*"]
VARIABLES = ["LD_LIBRARY_PATH", "NVIDIA_TF32_OVERRIDE", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"]


def run(varve, words, variables=None):
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run([varve, *words], env=dict(clean, **(variables or {})), text=True, capture_output=True, timeout=900)
    return done.stdout


def drift(varve, lock, variables=None):
    document = json.loads(run(varve, ["check", "--expect", str(lock), "--json", "--no-handshake"], variables))
    return [(row["id"], row["matters"]) for row in document.get("drift", [])]


class Count:
    def __init__(self):
        self.rows, self.wrong = {}, 0

    def add(self, what, right, told):
        asked, agreed = self.rows.get(what, (0, 0))
        self.rows[what] = (asked + 1, agreed + right)
        if not right:
            self.wrong += 1
            print(f"{what}: told {told}")


def file_cells(varve, venv, lock, other, count):
    for pattern in LIBRARIES:
        for path in sorted(venv.glob(f"lib/python*/site-packages/nvidia/*/lib/{pattern}"))[:1]:
            aside = path.with_name(path.name + ".aside")
            for what in ("a library removed", "a library replaced by another file"):
                os.rename(path, aside)
                if "replaced" in what:
                    shutil.copy(other, path)
                told = [row for row in drift(varve, lock) if not row[0].endswith(".aside")]
                count.add(what, any(name.endswith("/" + path.name) and matters for name, matters in told), told)
                os.replace(aside, path)


def main():
    varve = shutil.which(sys.argv[1]) or sys.argv[1]
    venvs = [Path(os.environ.get("VARVE_REAL_VENVS", ""), f"venv-{name}") for name in NAMES]
    venvs = [venv for venv in venvs if venv.is_dir()]
    if not os.environ.get("VARVE_REAL_VENVS") or not venvs:
        print("set VARVE_REAL_VENVS")
        return 77
    count = Count()
    with tempfile.TemporaryDirectory(dir=str(venvs[0].resolve().parent.parent), prefix="locks-") as scratch:
        lock = Path(scratch, "lock.json")
        for venv in venvs:
            for depth in ([], ["--exact"]):
                run(varve, ["capture", "--env", str(venv), "-o", str(lock), *depth])
                told = drift(varve, lock)
                count.add("nothing" + (", lock with --exact" if depth else ""), told == [], told)
        copy = Path(scratch, "venv")
        subprocess.run(["cp", "-al", venvs[0], copy], check=True)
        run(varve, ["capture", "--env", str(copy), "-o", str(lock)])
        file_cells(varve, copy, lock, "/bin/true", count)
        for name in VARIABLES:
            told = drift(varve, lock, {name: "0"})
            count.add("a variable newly set", [row[0] for row in told] == [f"settings.{name}"], told)
        run(varve, ["capture", "--env", str(copy), "-o", str(lock)], {name: "0" for name in VARIABLES})
        for name in VARIABLES:
            told = drift(varve, lock, {other: "0" for other in VARIABLES if other != name})
            count.add("a variable newly unset", [row[0] for row in told] == [f"settings.{name}"], told)
    print("| what moved | locks | told, and nothing else |\n|---|---|---|")
    for what, (asked, agreed) in count.rows.items():
        print(f"| {what} | {asked} | {agreed} |")
    return 1 if count.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
