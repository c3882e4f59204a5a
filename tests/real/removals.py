#!/usr/bin/env python3
"""One library taken out of a real environment at a time: what `varve check` says, and what the framework then meets.

    removals.py VARVE [--truth FILE] [--driver FOLDER] [NAME…]
        VARVE_REAL_VENVS: a folder with venv-NAME; without names: torch215 and torch212
        --truth keeps what was met, so that a second run asks Varve alone
        --driver: a folder with libcuda.so.1, which compilation asks for; else that of 550 in VARVE_REAL_DRIVERS. Only
        the framework gets it: Varve is told of a driver that serves every CUDA

Each NVIDIA wheel, each library of one and each library of the framework is moved out of a hard-linked copy of the
environment. Then the framework is imported, and what opens libraries late and needs no GPU is done, each in a process of
its own. Three outcomes: the import fails, it fails at first use, it works. Varve's verdict must be the same; where a use
cannot be tried without a GPU (cuDNN's engines), it must not say that the import fails. Exits 1 when a cell disagrees,
77 when there is nothing to compare.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMPORT, USE, WORKS = "the import fails", "fails at first use", "works"
DRIVER = "595.45.04"
# What no program opens without a GPU: cuDNN takes its engines for a plan, which needs a handle; onnxruntime takes cuDNN,
# TensorRT and compilers when a session runs.
NOT_TRIED = {"torch": re.compile(r"libcudnn_(engines|heuristic|ext)"), "cupy": re.compile(r"libcudnn_(engines|heuristic)"),
             "ort": re.compile(r"libcudnn|libnvrtc|tensorrt"), "tf": re.compile(r"libcudnn_")}

TORCH = r'''
import ctypes, glob, os, sys
import torch
site = os.path.dirname(os.path.dirname(torch.__file__))
print("imported", flush=True)
def named(pattern):
    found = glob.glob(site + "/nvidia/*/lib/" + pattern)
    return ctypes.CDLL(found[0] if found else pattern)
def convolution():
    torch.backends.cudnn.version()
    library = named("libcudnn.so.[0-9]")
    for part in ("Graph", "Ops", "Cnn", "Adv", "OpsInfer", "OpsTrain", "CnnInfer", "CnnTrain", "AdvInfer", "AdvTrain"):
        check = getattr(library, f"cudnn{part}VersionCheck", None)
        if check is not None and check() != 0: raise OSError("the part " + part + " cannot be used")
def linear_algebra(): ctypes.CDLL(site + "/torch/lib/libtorch_cuda_linalg.so")
def compilation():
    ctypes.CDLL(site + "/torch/lib/libcaffe2_nvrtc.so")
    library, program, size = named("libnvrtc.so.[0-9]*"), ctypes.c_void_p(), ctypes.c_size_t()
    library.nvrtcCreateProgram(ctypes.byref(program), b"__global__ void f(int* x) { *x = 1; }", b"f.cu", 0, None, None)
    answer = library.nvrtcCompileProgram(program, 0, None)
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    if answer != 0: raise OSError(log.value.decode().strip() or f"nvrtc answers {answer}")
def communication(): named("libnccl.so.2").ncclGetUniqueId(ctypes.create_string_buffer(128))
def fusion():
    if os.path.exists(site + "/nvfuser"): import nvfuser
for use in (convolution, linear_algebra, compilation, communication, fusion):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            use()
            os._exit(0)
        except BaseException as error:
            print("failed", use.__name__ + ":", str(error).strip().splitlines()[-1][:200], flush=True)
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0: print("failed", use.__name__, flush=True)
'''
CUPY = r'''
import sys, os
import cupy
print("imported", flush=True)
def compilation():
    from cupy_backends.cuda.libs import nvrtc  # cupy's own compile asks the driver first
    program = nvrtc.createProgram("__global__ void f(int* x) { *x = 1; }", "f.cu", [], [])
    nvrtc.compileProgram(program, ["--gpu-architecture=compute_80"])
def multiplication(): from cupy_backends.cuda.libs import cublas
def solving(): from cupy_backends.cuda.libs import cusolver
def sparse(): from cupy_backends.cuda.libs import cusparse
def random(): from cupy_backends.cuda.libs import curand
def transformation(): from cupy.cuda import cufft
for use in (compilation, multiplication, solving, sparse, random, transformation):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            use()
            os._exit(0)
        except BaseException as error:
            print("failed", use.__name__ + ":", str(error).strip().splitlines()[-1][:200], flush=True)
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0: print("failed", use.__name__, flush=True)
'''
ONNXRUNTIME = r'''
import ctypes, os
import onnxruntime
print("imported", flush=True)
if hasattr(onnxruntime, "preload_dlls"): onnxruntime.preload_dlls()
folder = os.path.dirname(onnxruntime.__file__) + "/capi/"
try:
    ctypes.CDLL(folder + "libonnxruntime_providers_shared.so", mode=ctypes.RTLD_GLOBAL)
    ctypes.CDLL(folder + "libonnxruntime_providers_cuda.so")
except OSError as error: print("failed provider:", str(error)[:200])
'''
# What decides whether it sees GPUs, called as it calls it: a status of absl comes back, 0 or 1 where all is well.
TENSORFLOW = r'''
import ctypes, os
import tensorflow
print("imported", flush=True)
core = ctypes.CDLL(os.path.dirname(tensorflow.__file__) + "/libtensorflow_framework.so.2")
opens = core._ZN3tsl8internal9DsoLoader22TryDlopenCUDALibrariesEv
status, opens.restype = ctypes.c_size_t(0), ctypes.c_void_p
opens(ctypes.byref(status))
if status.value > 1: print("failed devices: Cannot dlopen all CUDA libraries")
'''
PROGRAMS = {"torch": TORCH, "cupy": CUPY, "ort": ONNXRUNTIME, "tf": TENSORFLOW}
PACKAGES = {"torch": "torch", "cupy": "cupy-", "ort": "onnxruntime-gpu", "tf": "tensorflow "}
OWN = {"torch": ["torch/lib", "torch"], "cupy": [], "ort": ["onnxruntime/capi"], "tf": []}


def kind_of(name):
    return next(kind for kind in PROGRAMS if name.startswith(kind))


def is_library(path):
    return ".so" in path.name and not path.is_symlink() and path.suffix not in (".py", ".h", ".txt")


def removals_of(site, kind):
    """What is taken out: (words, the paths below the folder of packages)."""
    rows = []
    for record in sorted(site.glob("nvidia_*.dist-info/RECORD")):
        files = [line.split(",")[0] for line in record.read_text().splitlines()]
        rows.append(("wheel " + record.parent.name.removesuffix(".dist-info"),
                     [file for file in files if (site / file).exists() and not file.startswith("..")]))
        for file in sorted(files):
            if (site / file).is_file() and is_library(site / file) and "/include/" not in file:
                rows.append((file, [file]))
    for folder in OWN[kind]:
        for path in sorted((site / folder).iterdir()):
            if path.is_file() and is_library(path):
                rows.append((str(path.relative_to(site)), [str(path.relative_to(site))]))
    return rows


class Removed:
    """Moves files aside, and back at the end."""

    def __init__(self, site, files):
        self.site, self.files, self.aside = site, files, site.parent.parent.parent / "removed"

    def __enter__(self):
        for file in self.files:
            (self.aside / file).parent.mkdir(parents=True, exist_ok=True)
            os.rename(self.site / file, self.aside / file)

    def __exit__(self, *_):
        for file in self.files:
            os.rename(self.aside / file, self.site / file)


def met(venv, kind, driver):
    """(outcome, its words) of the framework itself."""
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", LD_LIBRARY_PATH=driver)
    done = subprocess.run([str(venv / "bin/python"), "-W", "ignore", "-c", PROGRAMS[kind]], env=environment, text=True,
                          errors="replace", capture_output=True, timeout=900)
    if "imported" not in done.stdout:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        return IMPORT, lines[-1][:160] if lines else f"status {done.returncode}"
    failed = sorted(set(re.findall(r"^failed (\w+)", done.stdout, re.M)))
    words = re.findall(r"^failed (\w+: .*)", done.stdout, re.M)
    return (USE, "; ".join(words or failed)[:160]) if failed else (WORKS, "")


def foretold(varve, venv, kind):
    """(outcome, its words, exit status) of `varve check`, on a driver that serves every framework: libraries decide."""
    variables = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    command = [varve, "check", "--env", str(venv), "--no-handshake", "--json", "--driver", DRIVER]
    done = subprocess.run(command, env=variables, text=True, capture_output=True, timeout=900)
    try:
        check = json.loads(done.stdout)
    except ValueError:
        return None, done.stderr.strip()[:160], done.returncode
    for consumer in check.get("consumers", []):
        if not consumer["name"].startswith(PACKAGES[kind]):
            continue
        words = [answer["detail"] for answer in consumer["answers"]
                 if answer["question"] in ("libraries", "symbols") and answer["state"] in ("broken", "degraded")]
        text = "; ".join(words)
        late = "first use" in text or "fails where it is used" in text
        outcome = IMPORT if "the import fails" in text else USE if late else WORKS
        if outcome == WORKS and consumer["state"] == "broken":
            return "broken", consumer["name"], done.returncode
        return outcome, text[:160], done.returncode
    return None, "no such consumer", done.returncode


def compare(varve, venv, name, driver, truth):
    """Prints a row a removal; (cells, those that disagree, those whose use was not tried)."""
    kind = kind_of(name)
    site = next(venv.glob("lib/python*/site-packages"))
    cells, wrong, untried = 0, 0, 0
    for words, files in [("nothing", [])] + removals_of(site, kind):
        with Removed(site, files):
            key = f"{name}: {words}"
            if key not in truth:
                truth[key] = met(venv, kind, driver if kind == "torch" else "")
            outcome, said = truth[key]
            verdict, why, status = foretold(varve, venv, kind)
        hidden = outcome == WORKS and verdict == USE and any(NOT_TRIED[kind].search(file) for file in files)
        agree = (verdict == outcome or hidden) and (status == 1 or verdict != IMPORT) and (status == 0 or verdict != WORKS)
        cells, wrong, untried = cells + 1, wrong + (not agree), untried + hidden
        mark = "" if agree else f" **wrong** (exit {status})"
        outcome += " (its use needs a GPU)" if hidden else ""
        print(f"| {name} | {words} | {verdict}{mark} | {outcome} | {said} | {why} |", flush=True)
    return cells, wrong, untried


def real_driver():
    """The folder of a real libcuda; empty: there is none."""
    folder = os.environ.get("VARVE_REAL_DRIVERS", "")
    found = sorted(Path(folder, "550").rglob("libcuda.so.1")) if folder else []
    return str(found[0].parent.resolve()) if found else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("varve")
    parser.add_argument("--truth", default="")
    parser.add_argument("--driver", default=real_driver())
    parser.add_argument("names", nargs="*", default=["torch215", "torch212"])
    options = parser.parse_intermixed_args()
    venvs = os.environ.get("VARVE_REAL_VENVS", "")
    names = [name for name in options.names if venvs and Path(venvs, f"venv-{name}").is_dir()]
    if not names:
        print("set VARVE_REAL_VENVS to a folder with venv-torch215 and venv-torch212")
        return 77
    if not options.driver:
        print("no libcuda.so.1, which compilation asks for: set VARVE_REAL_DRIVERS or give --driver")
        return 77
    truth = json.loads(Path(options.truth).read_text()) if options.truth and Path(options.truth).exists() else {}
    counts = [0, 0, 0]
    print("| environment | without | foretold | met | its words | Varve's words |\n|---|---|---|---|---|---|")
    for name in names:
        copy = Path(tempfile.mkdtemp(prefix="removals-", dir=venvs)) / f"venv-{name}"
        try:
            subprocess.run(["cp", "-al", f"{venvs}/venv-{name}", str(copy)], check=True)
            counts = [sum(pair) for pair in zip(counts, compare(options.varve, copy, name, options.driver, truth))]
        finally:
            shutil.rmtree(copy.parent)
            if options.truth:
                Path(options.truth).write_text(json.dumps(truth, indent=1))
    print(f"{counts[0]} cells, {counts[1]} disagree; {counts[2]} foretell a use that needs a GPU")
    return 77 if counts[0] == 0 else 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
