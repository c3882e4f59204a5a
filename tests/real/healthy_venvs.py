#!/usr/bin/env python3
"""Real environments that work: nothing above a note may be said of them.

    healthy_venvs.py VARVE [NAME…]    VARVE_REAL_VENVS: a folder with venv-NAME (see tests/real/prediction.py)

Each is judged alone and with a supposed driver and GPU that its own builds are made for. Prints a row a cell, exits 1 when
anything above a note is said, 77 when there is nothing to judge.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

# A machine each, as its users have it: driver and GPU.
MACHINES = [("580.95.05", "H100"), ("595.45.04", "L40S"), ("580.95.05", "A100")]
# faiss-gpu-cu12 1.14 is made for 7.0 and 8.0 alone.
NOT_FOR = {"faissgpu": {"H100"}}
ENVIRONMENTS = ["torch215", "torch28", "torch212", "jax", "cupy14", "cudapython", "numbacuda", "dali", "ortcuda", "bnb",
                "rapids", "warp", "drjit", "faissgpu", "spconv", "nvmath", "taichi", "nvimgcodec"]


def findings_of(varve, venv, machine):
    command = [varve, "check", "--env", str(venv), "--no-handshake", "--json"]
    if machine:
        command += ["--driver", machine[0], "--gpu", machine[1]]
    variables = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    done = subprocess.run(command, env=variables, text=True, capture_output=True, timeout=600)
    document = json.loads(done.stdout)
    loud = [f"{row['severity']} {row['id']}: {row['evidence'][:160]}" for row in document["findings"]
            if row["severity"] != "note"]
    states = [f"{consumer['name']} is {consumer['state']}" for consumer in document["consumers"]
              if consumer["state"] in ("broken", "cannot tell")]
    return loud + states


def main():
    varve, venvs = sys.argv[1], os.environ.get("VARVE_REAL_VENVS", "")
    if not venvs:
        print("set VARVE_REAL_VENVS")
        return 77
    cells, loud = 0, 0
    for name in ENVIRONMENTS:
        venv = Path(venvs, f"venv-{name}")
        if not venv.is_dir() or (sys.argv[2:] and name not in sys.argv[2:]):
            continue
        for machine in [None, *MACHINES]:
            if machine and machine[1] in NOT_FOR.get(name, ()):
                continue
            found = findings_of(varve, venv, machine)
            cells += 1
            loud += bool(found)
            print(f"| {name} | {' and '.join(machine) if machine else 'alone'} | {'silent' if not found else '**told**'} |")
            for line in found:
                print(f"    {line}", flush=True)
    print(f"{cells} cells, {loud} told")
    return 77 if cells == 0 else 1 if loud else 0


if __name__ == "__main__":
    sys.exit(main())
