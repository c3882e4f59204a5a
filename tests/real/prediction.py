#!/usr/bin/env python3
"""What `varve check --driver-root DIR --env VENV` foretells, against what the framework itself meets.

    prediction.py VARVE [NAME…]    VARVE_REAL_DRIVERS: a folder with 470, 525, 535, 550; VARVE_REAL_VENVS: one with venv-NAME

For every pair of a real driver branch (and none) and a real environment: no driver, driver too old, or reaches device
enumeration. The machine needs no GPU: a runtime that is served answers 100 (no device), one that is not answers 35, and
without a libcuda the driver version is 0. What a framework prints is taken where it tells these apart. JAX does not (its
CUDA is loaded by a plug-in that asks cuInit alone): there the runtime of its environment is asked by ctypes, and what JAX
prints stands beside it. Exits 1 when a cell disagrees, 77 when there is nothing to compare.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

NONE, OLD, REACHES = "no driver", "driver too old", "reaches device enumeration"
BRANCHES = ["none", "470", "525", "535", "550"]

TORCH = "import torch; torch.cuda.init()"
CUPY = """
import cupy
runtime = cupy.cuda.runtime
print("driver version", runtime.driverGetVersion())
runtime.getDeviceCount()
"""
JAX = "import jax; jax.devices('cuda')"
# A model of one Identity node, written as the ONNX protobuf schema says: the session makes the CUDA provider.
ONNXRUNTIME = """
import onnxruntime
def text(field, content): return bytes([field << 3 | 2, len(content)]) + content
def number(field, value): return bytes([field << 3, value])
tensor = text(1, number(1, 1) + text(2, text(1, number(1, 1))))
value = lambda name: text(1, name) + text(2, tensor)
node = text(1, b"x") + text(2, b"y") + text(4, b"Identity")
graph = text(1, node) + text(2, b"g") + text(11, value(b"x")) + text(12, value(b"y"))
model = number(1, 8) + text(7, graph) + text(8, number(2, 13))
onnxruntime.InferenceSession(model, providers=["CUDAExecutionProvider"])
"""
RUNTIME = """
import ctypes, sys
runtime = ctypes.CDLL(sys.argv[1])
version, count = ctypes.c_int(-1), ctypes.c_int(-1)
runtime.cudaDriverGetVersion(ctypes.byref(version))
print("driver version", version.value)
print("answer", runtime.cudaGetDeviceCount(ctypes.byref(count)))
"""
# Of a runtime inside a library that answers 35 with and without a libcuda: whether there is one is asked beside it.
PROBE = """
import ctypes
try: ctypes.CDLL("libcuda.so.1")
except OSError: print("driver version 0")
"""
CUDA_BINDINGS = PROBE + """
from cuda.bindings import runtime
print("answer", int(runtime.cudaGetDeviceCount()[0]))
"""
CTRANSLATE2 = PROBE + "import ctranslate2; ctranslate2.Translator('/nowhere', device='cuda')"
FAISS = PROBE + """
import faiss
resources = faiss.StandardGpuResources()
resources.syncDefaultStreamCurrentDevice()
resources.getResources().getDefaultStreamCurrentDevice()
"""
NUMBA = PROBE + "from numba import cuda; cuda.current_context()"
CUMM = PROBE + "from cumm import tensorview; tensorview.zeros([1], tensorview.float32, 0)"
DRJIT = PROBE + "import drjit.cuda; drjit.cuda.Float(1) + 1"

# Where a framework keeps no CUDA libraries of its own, those of other environments are lent to both sides.
ENVIRONMENTS = [
    {"name": "torch215", "program": TORCH, "package": "torch"},
    {"name": "torch212", "program": TORCH, "package": "torch"},
    {"name": "cupy12", "program": CUPY, "package": "cupy-cuda12x"},
    {"name": "cupy13", "program": CUPY, "package": "cupy-cuda13x"},
    {"name": "ort", "program": ONNXRUNTIME, "package": "onnxruntime-gpu", "lent": ["cupy13", "torch215"]},
    {"name": "jax12", "program": JAX, "package": "jax-cuda12-plugin", "runtime": True,
     "variables": {"JAX_PLATFORMS": "cuda"}},
    {"name": "cudapython", "program": CUDA_BINDINGS, "package": "cuda-bindings"},
    {"name": "numbacuda", "program": NUMBA, "package": "cuda-bindings"},
    {"name": "ct2", "program": CTRANSLATE2, "package": "ctranslate2"},
    {"name": "faissgpu", "program": FAISS, "package": "faiss-gpu-cu12"},
    # Without a row in data/packages.json; the second brings no runtime and calls libcuda alone.
    {"name": "spconv", "program": CUMM, "package": "cumm-cu120"},
    {"name": "drjit", "program": DRJIT, "package": "drjit"},
]


def driver_folder(drivers, branch, empty):
    if branch == "none":
        return empty
    found = sorted(Path(drivers, branch).rglob("libcuda.so.1"))
    return str(found[0].parent) if found else None


def lent_folders(venvs, environment):
    folders = []
    for other in environment.get("lent", []):
        for pattern in ("lib/python*/site-packages/nvidia/cu*/lib", "lib/python*/site-packages/nvidia/cudnn/lib"):
            folders += [str(path) for path in sorted(Path(venvs, f"venv-{other}").glob(pattern))]
    return folders


def said_by_framework(output):
    """Reads the outcome out of what the program printed; None where it does not tell."""
    if ("Found no NVIDIA driver" in output or "driver version 0" in output
            or "libcuda.so.1: cannot open shared object file" in output):
        return NONE
    # A provider that is linked with libcuda and wants a function that this libcuda does not have yet cannot be loaded.
    old = ["is too old", "cudaErrorInsufficientDriver", "CUDA failure 35", "answer 35", "driver version is insufficient",
           "Failed to get cuGetProcAddress_v2"]
    reaches = ["No CUDA GPUs are available", "cudaErrorNoDevice", "CUDA failure 100", "answer 100",
               "no CUDA-capable device is detected", "CUDA_ERROR_NO_DEVICE"]
    if re.search(r"undefined symbol: cu[A-Z]", output) or any(words in output for words in old):
        return OLD
    if any(words in output for words in reaches):
        return REACHES
    return None


def run(command, folders, **more):
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(folders), PYTHONDONTWRITEBYTECODE="1", **more)
    done = subprocess.run(command, env=environment, text=True, errors="replace", capture_output=True, timeout=600)
    return done.stdout + done.stderr


def last_line(output):
    lines = [line for line in output.strip().splitlines() if line.strip(" ^~")]
    return lines[-1][:110] if lines else ""


def truth_of(venvs, environment, folder):
    python = str(Path(venvs, f"venv-{environment['name']}", "bin", "python"))
    folders = [folder] + lent_folders(venvs, environment)
    output = run([python, "-c", environment["program"]], folders, **environment.get("variables", {}))
    if not environment.get("runtime"):
        return said_by_framework(output), last_line(output)
    runtimes = sorted(Path(venvs, f"venv-{environment['name']}").rglob("libcudart.so.*"))
    asked = run([python, "-c", RUNTIME, str(runtimes[0])], folders) if runtimes else ""
    return said_by_framework(asked), "prints: " + last_line(output)


def prediction_of(varve, venvs, environment, folder):
    venv = str(Path(venvs, f"venv-{environment['name']}"))
    command = [varve, "check", "--driver-root", folder, "--env", venv, "--no-handshake", "--json"]
    lent = lent_folders(venvs, environment)
    variables = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    if lent:
        variables["LD_LIBRARY_PATH"] = ":".join(lent)
    done = subprocess.run(command, env=variables, text=True, capture_output=True, timeout=600)
    try:
        check = json.loads(done.stdout)
    except ValueError:
        return None, f"no document: {done.stderr.strip()[:200]}"
    for consumer in check.get("consumers", []):
        if consumer["name"].split(" ")[0] == environment["package"]:
            return consumer.get("outcome"), consumer.get("regime", "")
    return None, "no such consumer"


def main():
    varve = sys.argv[1]
    drivers, venvs = os.environ.get("VARVE_REAL_DRIVERS", ""), os.environ.get("VARVE_REAL_VENVS", "")
    if not drivers or not venvs:
        print("set VARVE_REAL_DRIVERS and VARVE_REAL_VENVS")
        return 77
    cells, wrong = 0, 0
    print("| environment | driver | foretold | regime | met | its last words |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as empty:
        for environment in ENVIRONMENTS:
            wanted = not sys.argv[2:] or environment["name"] in sys.argv[2:]
            if not wanted or not Path(venvs, f"venv-{environment['name']}").is_dir():
                continue
            for branch in BRANCHES:
                folder = driver_folder(drivers, branch, empty)
                if folder is None:
                    continue
                foretold, regime = prediction_of(varve, venvs, environment, folder)
                met, words = truth_of(venvs, environment, folder)
                cells += 1
                agree = foretold is not None and foretold == met
                wrong += not agree
                mark = "" if agree else " **wrong**"
                print(f"| {environment['name']} | {branch} | {foretold}{mark} | {regime} | {met} | {words} |", flush=True)
    print(f"{cells} cells, {wrong} disagree")
    return 77 if cells == 0 else 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
