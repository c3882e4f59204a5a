#!/usr/bin/env python3
"""Steps that programs mark by record_function, in timing units: the hook by itself (src/harness/marks/marks_hook.py), and programs
under `varve run --kernels cpu`, which must end as they do alone. Their torch is a module of a few lines beside a library that is
called as PyTorch's is.

usage: marks_test.py VARVE SOURCE
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import textwrap
import unittest

VARVE, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
MARKS = SOURCE / "src" / "harness" / "marks"
sys.path.insert(0, str(MARKS))

PROFILER = """
class record_function:
    "As PyTorch's: what it is called by is what its methods are."
    def __init__(self, name): self.name, self.log = name, []
    def __enter__(self):
        "enters"
        self.log.append("enter")
        return self
    def __exit__(self, exc_type, exc_value, traceback):
        self.log.append(exc_type)
"""
# PyTorch maps this library of its own, which is how a unit is known to use it.
TORCH = """
import ctypes, os
ctypes.CDLL(os.path.join(os.path.dirname(__file__), "libtorch_python.so"))
from . import autograd
"""
WORK = """
import json, os, sys, time
def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: sum(range(100))
def report():
    with open(os.environ.get("VARVE_METRICS", "/dev/null"), "a") as file:
        file.write(json.dumps({"metric": "turns/s", "value": 5.0}) + "\\n")
"""
STEPS = """
import torch
from torch.autograd.profiler import record_function
work(0.1)
for i in range(5):
    with record_function("step_%d" % i): work(0.02)
work(0.1)
report()
print("done", sys.path[1:2] == [os.environ["MODULES"]], [m for m in sys.modules if "varve" in m])
"""


class Program:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-marks-"))
        torch = self.folder / "modules" / "torch"
        (torch / "autograd").mkdir(parents=True)
        (torch / "__init__.py").write_text(TORCH)
        (torch / "autograd" / "__init__.py").write_text("from . import profiler\n")
        (torch / "autograd" / "profiler.py").write_text(PROFILER)
        library = subprocess.run([sys.executable, "-c", "import _ctypes; print(_ctypes.__file__)"], capture_output=True, text=True)
        shutil.copy(library.stdout.strip(), torch / "libtorch_python.so")
        self.marks = self.folder / "marks"
        (self.marks / "hook").mkdir(parents=True)
        shutil.copy(MARKS / "start_up.py", self.marks / "hook" / "sitecustomize.py")
        shutil.copy(MARKS / "marks_hook.py", self.marks / "hook" / "varve_hook.py")

    def command(self, text):
        (self.folder / "program.py").write_text(textwrap.dedent(WORK) + textwrap.dedent(text))
        return [sys.executable, str(self.folder / "program.py")]

    def environment(self, hooked):
        modules = str(self.folder / "modules")
        paths = ([str(self.marks / "hook")] if hooked else []) + [modules]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VARVE_", "NVTX_"))}
        return dict(kept, PYTHONPATH=":".join(paths), MODULES=modules, TMPDIR=str(self.folder), PYTHONDONTWRITEBYTECODE="1")

    def run(self, text, hooked=True, expect=0):
        done = subprocess.run(self.command(text), capture_output=True, text=True, env=self.environment(hooked), timeout=120)
        if done.returncode != expect or done.stderr:
            raise AssertionError("ended with %d: %s" % (done.returncode, done.stderr))
        return done.stdout

    # (name, has a number, thread, count, from the first to the last, total) of all files, by their names.
    def rows(self):
        found = []
        for path in sorted(self.marks.glob("marks-*")):
            data = path.read_bytes()
            magic, process, rows, _, passed = struct.unpack_from("=16s4I", data)
            self.passed = passed
            assert magic == b"varve-marks 1\0\0\0" and len(data) == 32 + 256 * 104, path
            for i in range(rows):
                first, last, total, count, thread, numbered, name = struct.unpack_from("=4Q2I64s", data, 32 + i * 104)
                found.append((name.rstrip(b"\0").decode(), numbered, thread, count, last - first, total))
        return found

    def under_varve(self, text, *options):
        target = self.folder / "run.json"
        done = subprocess.run([VARVE, "run", "--units", "2", "--kernels", "cpu", "-o", target, *options, "--",
                               *self.command(text)], capture_output=True, text=True, env=self.environment(False), timeout=300)
        assert target.exists(), done.stderr
        return json.loads(target.read_text())

    def left_behind(self):
        return [path.name for path in self.folder.iterdir() if path.name.startswith("varve-")]


class Hook(unittest.TestCase):
    def test_names_mark_steps_as_in_traces(self):
        import marks_hook
        marks = marks_hook._Marks()

        class Kind:
            def __enter__(self): pass
            def __exit__(self, *exception): pass
        marks.watch(Kind)
        told = {"ProfilerStep#12": ("ProfilerStep#", 1), "train_step 3 of 10": ("train_step ", 1), "Iteration: 7": ("Iteration: ", 1),
                "iter_0": ("iter_", 1), "training_step": ("training_step", 0), "STEP": ("STEP", 0), "iteration": ("iteration", 0),
                "iter 3 step 5": ("iter 3 step ", 1), "step up, step=9": ("step up, step=", 1), "iter": None, "my step": None,
                "Optimizer.step#SGD.step": None, "iterate over 12": None, "aten::mm": None, "": None, "\u017ftep 3": None}
        for name, wanted in told.items():
            step = marks.step_name(name)
            self.assertEqual(step and (step[0].decode(), step[1]), wanted, name)

    def test_steps_are_added_up_in_a_file(self):
        program = Program()
        text = STEPS + """
with record_function("forward of it"): pass
with record_function("train_step"):
    with record_function("step_5"): pass
for i in range(2000):
    with record_function("another %d" % i): pass
with record_function("step_" + 70 * "x" + "step 1"): pass
"""
        self.assertEqual(program.run(text), "done True []\n")
        rows = {row[0]: row[1:] for row in program.rows()}
        self.assertEqual(sorted(rows), ["step_", "train_step"])
        self.assertEqual(program.passed, 5 + 1 + 2, "of any name, until the last step ended")
        numbered, thread, count, length, total = rows["step_"]
        self.assertEqual((numbered, thread, count), (1, 1, 6))
        self.assertTrue(0.1e9 <= total <= length, (total, length))

    def test_the_class_is_what_it_was(self):
        program = Program()
        ask = """
import inspect
from torch.autograd.profiler import record_function
entered = record_function("step 1")
try:
    with entered as e: raise KeyError(e is entered)
except KeyError as error: print(error)
print(entered.log, vars(entered), record_function.__enter__.__doc__, record_function.__exit__.__qualname__)
print(inspect.getsource(record_function.__exit__), inspect.signature(record_function.__exit__))
print(sorted(record_function.__enter__.__globals__) == sorted(vars(sys.modules["torch.autograd.profiler"])))
"""
        self.assertEqual(program.run(ask), program.run(ask, hooked=False))

    def test_threads_and_forks_are_apart(self):
        program = Program()
        program.run("""
import threading, torch
from torch.autograd.profiler import record_function
def steps(n):
    for i in range(n):
        with record_function("iter %d" % i): pass
with record_function("step 1"):
    steps(2)
    thread = threading.Thread(target=steps, args=(3,))
    thread.start()
    thread.join()
    child = os.fork()
    if child == 0: steps(4)
if child == 0: os._exit(0)
os.waitpid(child, 0)
""")
        self.assertEqual(sorted((row[0], row[3]) for row in program.rows()), [("iter ", 2), ("iter ", 3), ("iter ", 4), ("step ", 1)])

    def test_what_kills_a_process_leaves_its_steps(self):
        program = Program()
        program.run(STEPS + "sys.stdout.flush(); os.kill(os.getpid(), 9)", expect=-9)
        self.assertEqual([row[3] for row in program.rows()], [5])

    def test_no_more_rows_than_there_is_room_for(self):
        program = Program()
        program.run("""
import torch
from torch.autograd.profiler import record_function
for i in range(400):
    for _ in range(2):
        with record_function("epoch %d step 1" % i): pass
""")
        self.assertEqual(len(program.rows()), 256)

    def test_a_folder_that_cannot_be_written_and_another_class_disturb_nobody(self):
        program = Program()
        program.marks.chmod(0o500)
        try:
            text = STEPS if os.geteuid() else STEPS.replace("work(0.1)", "os.posix_fallocate = None", 1)
            self.assertEqual(program.run(text), "done True []\n")
        finally:
            program.marks.chmod(0o700)
        (program.folder / "modules/torch/autograd/profiler.py").write_text("record_function = print\n")
        self.assertEqual(program.run("import torch; print(torch.autograd.profiler.record_function is print)"), "True\n")


class Runs(unittest.TestCase):
    def windows(self, run):
        return [(unit["role"], unit.get("window", {}).get("marks")) for unit in run["units"]]

    LONG = STEPS.replace("work(0.1)", "work(0.4)")

    def test_samples_are_of_the_steps_of_a_program_that_uses_pytorch(self):
        program = Program()
        run = program.under_varve(self.LONG, "--warmup", "2")
        self.assertTrue(run["complete"])
        self.assertEqual(self.windows(run), [("warmup", None), ("warmup", "step_N"), ("timing", "step_N"), ("timing", "step_N")])
        for unit in run["units"][1:]:
            self.assertTrue(0.1e9 <= unit["window"]["length_ns"] < 1e9 * unit["wall_seconds"], unit["window"])
        self.assertEqual(program.left_behind(), [])

    def test_timing_units_are_left_alone_where_telling_costs_more_than_a_thousandth(self):
        many = self.LONG.replace("report()", """
for i in range(1000):
    with record_function("another %d" % i): pass
with record_function("step_5"): pass
report()""")
        run = Program().under_varve(many, "--warmup", "2")
        self.assertEqual(self.windows(run), [("warmup", None), ("warmup", "step_N"), ("timing", None), ("timing", None)])

    def test_without_a_warm_up_nothing_is_known_of_it(self):
        run = Program().under_varve(self.LONG, "--warmup", "0")
        self.assertEqual(self.windows(run), 2 * [("timing", None)])

    def test_programs_without_it_get_no_hook(self):
        ask = "report(); assert os.environ['PYTHONPATH'] == os.environ['MODULES']"
        run = Program().under_varve(ask, "--warmup", "2")
        self.assertTrue(run["complete"], run.get("incomplete_reason"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
