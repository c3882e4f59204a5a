#!/usr/bin/env python3
"""Records real PyTorch, JAX and TensorFlow programs: operators are seen in the way that their version allows, and what the framework
was told and what could be imported is what the program itself says.

usage: recorders.py VARVE      VARVE_REAL_VENVS names a folder of venvs called venv-…; without it the check is skipped (77)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77

TORCH = r"""
import json, os, sys, time, torch
torch.set_float32_matmul_precision("high")
torch.set_num_threads(1)
a = torch.randn(200, 300)
end = time.time() + float(sys.argv[1])
with torch.no_grad():
    while time.time() < end: b = (a @ a.T).softmax(-1)
print("TOLD" + json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
"""
COMPILED = r"""
import json, sys, time, torch
torch.set_num_threads(1)
made = torch.nn.Sequential(torch.nn.Linear(128, 256), torch.nn.GELU(), torch.nn.Linear(256, 128)).eval()
step, a = None, torch.randn(64, 128)
with torch.no_grad():
    try:
        step = torch.compile(made)
        step(a)
    except Exception as problem:  # no compiler, or not all that the compiler imports
        print(problem, file=sys.stderr)
        step = None
    end = time.time() + float(sys.argv[1])
    while step is not None and time.time() < end: step(a)
print("TOLD" + json.dumps({"version": torch.__version__, "compiled": step is not None}), flush=True)
"""
JAX = r"""
import jax, jax.numpy as jnp, json
jax.config.update("jax_default_matmul_precision", "high")
jnp.tanh(jnp.ones((200, 200)) @ jnp.ones((200, 200))).block_until_ready()
print("TOLD" + json.dumps({"version": jax.__version__}), flush=True)
"""
TENSORFLOW = r"""
import json, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.optimizer.set_jit(True)
tf.config.experimental.enable_op_determinism()
tf.random.set_seed(1)
a = tf.random.normal((300, 300))
@tf.function
def step(a): return tf.tanh(tf.linalg.matmul(a, a))
for _ in range(20): a = step(a)
print("TOLD" + json.dumps({"version": tf.__version__}), flush=True)
"""


def record(varve, venv, text, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "program.py"
        program.write_text(text)
        command = [varve, "run", "--units", "1", "--warmup", "1", "-o", folder + "/run.json", "--",
                   str(venv / "bin" / "python"), str(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        told = [line for line in done.stderr.splitlines() if line.startswith("TOLD")]
        if done.returncode != 0 or not told:
            raise RuntimeError("%s: ended with %d: %s" % (venv.name, done.returncode, done.stderr[-500:]))
        return json.loads(pathlib.Path(folder, "run.json").read_text()), json.loads(told[0][len("TOLD"):])


def value(run, name):
    return run["variants"][0]["framework"].get(name, {}).get("value")


def check_torch(run, told, failures):
    unit = next(u for u in run["units"] if u.get("recording", {}).get("recorder") == "torch")
    recording = unit["recording"]
    names = {run["kernels"][row["kernel"]]["name"] for p in unit["profiles"]["seen"] if p["witness"] == "kineto"
             for row in p["rows"]}
    print("  %s; window %s, %.0f %% of it; cost %.2f by %s" % (
        recording.get("way", recording.get("no_evidence")), recording.get("window"), 100 * recording.get("coverage", 0),
        recording.get("cost", 0), recording.get("cost_metric")))
    for wanted in ("aten::mm [[200,300],[300,200]]", "aten::_softmax [[200,200]]"):
        if wanted not in names:
            failures.append("%s was not seen, but %s" % (wanted, sorted(names)[:8]))
    for name, wanted in (("torch.version", told["version"]), ("torch.threads", told["threads"]),
                         ("torch.matmul.precision", "high"), ("torch.grad_enabled", False)):
        if value(run, name) != wanted:
            failures.append("%s is %r, not %r" % (name, value(run, name), wanted))


# Most of a unit may be compiling, where PyTorch's own window finds nothing.
def check_compiled(run, told, failures):
    if not told["compiled"]:
        print("  nothing could be compiled")
        return
    recording = next(u for u in run["units"] if u.get("recording", {}).get("recorder") == "torch")["recording"]
    print("  %s; %.0f %% of it" % (recording.get("way", recording.get("no_evidence")), 100 * recording.get("coverage", 0)))
    names = {kernel["name"] for kernel in run["kernels"]}
    if recording.get("coverage", 0) < 0.3 or not any(name.startswith("aten::addmm") for name in names):
        failures.append("of a compiled module was seen: %s" % recording)


def check_jax(run, told, failures):
    for name, wanted in (("jax.version", told["version"]), ("jax.config.default_matmul_precision", "high"),
                         ("jax.backend", "cpu")):
        if value(run, name) != wanted:
            failures.append("%s is %r, not %r" % (name, value(run, name), wanted))


def check_tensorflow(run, told, failures):
    for name, wanted in (("tensorflow.version", told["version"]), ("tensorflow.threads.intra_op", 1),
                         ("tensorflow.jit", "autoclustering"), ("tensorflow.deterministic", True)):
        if value(run, name) != wanted:
            failures.append("%s is %r, not %r" % (name, value(run, name), wanted))


def main():
    varve = sys.argv[1]
    folder = os.environ.get("VARVE_REAL_VENVS")
    if not folder:
        print("VARVE_REAL_VENVS is not set: nothing was recorded")
        return SKIPPED
    failures, count = [], 0
    for venv in sorted(pathlib.Path(folder).glob("venv-*")):
        for package, text, arguments, check in (("torch", TORCH, ["20"], check_torch),
                                               ("torch", COMPILED, ["15"], check_compiled), ("jax", JAX, [], check_jax),
                                               ("tensorflow", TENSORFLOW, [], check_tensorflow)):
            if not list(venv.glob("lib/python3*/site-packages/%s/__init__.py" % package)):
                continue
            count += 1
            print(venv.name + ": " + package, flush=True)
            found = []
            run, told = record(varve, venv, text, *arguments)
            check(run, told, found)
            versions = run["variants"][0]["packages"]["versions"]
            imported = versions.get(package, versions.get(package + "_cpu"))
            if imported is None or not told["version"].startswith(imported.split("+")[0]):
                found.append("package %s is %r, imported was %r" % (package, imported, told["version"]))
            failures += [venv.name + ": " + text for text in found]
    print("\n".join(failures) or "%d programs were recorded" % count)
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
