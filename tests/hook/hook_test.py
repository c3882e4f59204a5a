#!/usr/bin/env python3
"""Runs the start-up hook of recording units (src/harness/recorders/start_up_hook.py, framework_questions.py, torch_*.py) in real interpreters, with
modules called torch, jax and tensorflow that are a few lines each. No framework is needed.

usage: hook_test.py HOOK DATA [PYTHON…]      DATA is data/framework_facts.json; without PYTHON this one runs
"""
import json
import os
import pathlib
import shutil
import sys
import textwrap
import unittest

from fake_frameworks import JAX, TENSORFLOW, TORCH
from hooked_program import WORK, Program, run_in_each, tells_of_forks

LISTED = {row["id"] for row in json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))["facts"]}
PYTHONS = sys.argv[3:] or [sys.executable]


class Hook(unittest.TestCase):
    python = PYTHONS[0]

    def tells_of_forks(self):
        return tells_of_forks(self.python)

    def test_a_program_without_a_framework_is_not_touched(self):
        program = Program(window=(0, 0.1))
        text = """
            import sys
            print(sys.path[1:], [f for f in sys.meta_path if hasattr(f, "awaited")] and "watching",
                  sys.modules["sitecustomize"].__name__)
            import json, threading
            print(threading.active_count())
        """
        plain = program.run(self.python, "import sys; print(sys.path[1:])", hooked=False).stdout
        hooked = program.run(self.python, text)
        self.assertEqual(hooked.stdout.split("watching")[0].strip("' "), plain.strip())
        self.assertEqual(hooked.stdout.splitlines()[-1], "1", "it started a thread")
        self.assertEqual(hooked.stderr, "")
        self.assertEqual(program.left(), [])

    def test_the_environments_own_sitecustomize_runs(self):
        program = Program()
        program.write("sitecustomize.py", "import builtins; builtins.own = 'ran'\n")
        self.assertEqual(program.run(self.python, "print(own)").stdout, "ran\n")

    def test_what_it_raises_is_said_as_ever(self):
        program = Program()
        program.write("sitecustomize.py", "import no_such_module_anywhere\n")
        plain = program.run(self.python, "print(1)", hooked=False, expect=None)
        hooked = program.run(self.python, "print(1)", expect=None)
        self.assertEqual(hooked.returncode, plain.returncode)
        self.assertEqual(hooked.stderr.strip().splitlines()[-1:], plain.stderr.strip().splitlines()[-1:])

    def test_what_torch_was_told_at_the_end(self):
        program = Program(TORCH)
        program.run(self.python, """
            import torch
            torch.set_float32_matmul_precision("high")
            torch._TorchCompileInductorWrapper("max-autotune", None, True)
        """)
        written = program.facts()
        facts = written["facts"]
        self.assertEqual(set(facts) - LISTED, set(), "ids that data/framework_facts.json does not list")
        self.assertEqual(facts["torch.matmul.precision"], "high")
        self.assertEqual(facts["torch.matmul.tf32"], True)
        self.assertEqual(facts["torch.cudnn.benchmark"], True)
        self.assertEqual(facts["torch.sdpa"], ["flash", "math"])
        self.assertEqual(facts["torch.threads"], 3)
        self.assertEqual(facts["torch.git"], "abcdef012345")
        self.assertEqual(facts["torch.cuda"], "none")
        self.assertEqual(facts["torch.config.blas"], "mkl")
        self.assertEqual(facts["torch.compile"], ["mode max-autotune, dynamic True"])
        self.assertNotIn("torch.deterministic", facts, "this version cannot say")
        self.assertFalse(written["own_profiler"])
        self.assertGreater(written["cpu_seconds"], -1)
        self.assertEqual(program.names(), ["facts"])

    def test_what_jax_and_tensorflow_were_told(self):
        program = Program(JAX, TENSORFLOW)
        program.run(self.python, "import jax, jaxlib, tensorflow")
        facts = program.facts()["facts"]
        self.assertEqual(set(facts) - LISTED, set())
        self.assertEqual(facts["jax.config.default_matmul_precision"], "none")
        self.assertEqual(facts["jax.jaxlib"], "0.9.1")
        self.assertNotIn("jax.backend", facts, "asking would start one")
        self.assertEqual(facts["tensorflow.build.cuda_version"], "12.5")
        self.assertEqual(facts["tensorflow.threads.intra_op"], 4)

    def test_jax_is_asked_before_it_takes_itself_apart(self):
        program = Program(dict(JAX, **{"jax/_src/__init__.py": "", "jax/_src/xla_bridge.py": """
            import atexit
            _backends = {"cpu": 1}
            atexit.register(_backends.clear)
        """}))
        program.write("jax/__init__.py", JAX["jax/__init__.py"] + """
        from jax._src import xla_bridge
        def default_backend(): return "cpu"
        """)
        program.run(self.python, "import jax")
        self.assertEqual(program.facts()["facts"]["jax.backend"], "cpu")

    def test_the_window_is_opened_where_torch_does_not_ask(self):
        program = Program(TORCH, window=(0.5, 0.3))
        done = program.run(self.python, WORK + "import torch\nwork(6)\nprint(torch.autograd.profiler.log)")
        self.assertEqual(done.stdout.strip(), "['prepare', 'enable', 'disable']")
        self.assertEqual(program.names(), ["facts", "hook", "opened"])
        facts = program.facts()["facts"]
        self.assertEqual(facts["torch.autocast.cpu"], True)
        self.assertEqual(facts["torch.autocast.dtype"], "torch.bfloat16")
        self.assertEqual(facts["torch.grad_enabled"], "sometimes")

    def test_it_is_not_where_torch_asks(self):
        program = Program(TORCH, window=(0.5, 0.3))
        done = program.run(self.python, WORK + """
import os, torch
open(%r + "/asked_%%d" %% os.getpid(), "w").close()
work(3)
print(torch.autograd.profiler.log)""" % str(program.out))
        self.assertEqual(done.stdout.strip(), "[]")
        self.assertEqual(program.names(), ["asked", "facts"])

    # The parts of `varve run`: that PyTorch asked, and the end of the window that it was given.
    ASKED = """
import os, time, torch
out, process = %r, os.getpid()
def note(what, text): open(out + "/%%s_%%d" %% (what, process), "w").write(text)
def trace(text): open(os.path.dirname(os.path.dirname(out)) + "/kineto_trace_%%d.json" %% process, "w").write(text)
note("window", "%%.3f" %% (time.monotonic() + 0.8))
note("asked", "")
"""

    def test_it_is_opened_where_torch_asks_and_nothing_comes_of_it(self):
        for begun in ("", "trace('{\"traceEvents\": []}')"):
            program = Program(TORCH, window=(0.5, 0.3))
            done = program.run(self.python, WORK + self.ASKED % str(program.out) + begun + """
work(5)
print(torch.autograd.profiler.log[:3])""")
            self.assertEqual(done.stdout.strip(), "['prepare', 'enable', 'disable']", begun)
            self.assertEqual(program.names(), ["asked", "facts", "hook", "instead", "opened", "window"])

    def test_a_trace_that_is_being_written_is_waited_for(self):
        program = Program(TORCH, window=(0.5, 0.3))
        done = program.run(self.python, WORK + self.ASKED % str(program.out) + """
trace('{"traceEvents": [')
work(4)
trace('{"traceEvents": [{"cat": "cpu_op", "dur": 1e6}]}')
work(1)
print(torch.autograd.profiler.log)""")
        self.assertEqual(done.stdout.strip(), "[]")
        self.assertEqual(program.names(), ["asked", "facts", "window"])

    # Where the machine has much else to do that takes long, and PyTorch crashes where it is taken apart meanwhile. By 2.15 it has
    # another name until it is whole.
    def test_the_end_waits_for_a_trace_that_was_begun(self):
        program = Program(TORCH, window=(60, 0.3))
        begun = program.monotonic()
        program.run(self.python, WORK + self.ASKED % str(program.out) + """
note("window", "%.3f %.3f" % (time.monotonic() - 4.5, time.monotonic() - 6))
open(os.path.dirname(os.path.dirname(out)) + "/kineto_trace_%d.json.tmp" % process, "w").close()
if os.fork() == 0:
    time.sleep(2.5)
    trace('{"traceEvents": []}')
    os._exit(0)""")
        self.assertGreater(program.monotonic() - begun, 2.5)

    # A window of so many seconds at most, one after the other, until the program has written a number.
    HELD = """
import os, time, torch
log = torch.autograd.profiler.log
def wait_for(there):
    while not there(): work(0.05)
"""

    def test_a_window_is_held_open_until_a_number_is_written(self):
        program = Program(TORCH, window=(0, 60, 0))
        metrics = program.folder / "metrics"
        metrics.write_text("")
        done = program.run(self.python, WORK + self.HELD + """
os.environ["VARVE_METRICS"] = %r
wait_for(lambda: "enable" in log)
work(0.3)
print(log)
open(%r, "w").write("a number")
wait_for(lambda: "disable" in log)
print(log)""" % (str(metrics), str(metrics)))
        self.assertEqual(done.stdout.splitlines(), ["['prepare', 'enable']", "['prepare', 'enable', 'disable']"])
        self.assertEqual(program.names(), ["facts", "hook", "opened"])

    def test_windows_follow_each_other_until_then(self):
        program = Program(TORCH, window=(0, 0.2, 0))
        metrics = program.folder / "metrics"
        metrics.write_text("")
        done = program.run(self.python, WORK + self.HELD + """
os.environ["VARVE_METRICS"] = %r
wait_for(lambda: log.count("enable") > 2)
open(%r, "w").write("a number")
wait_for(lambda: os.path.exists(%r + "/hook_%%d.json" %% os.getpid()))
before = len(log)
work(1)
print(len(log) - before, log.count("enable") - log.count("disable"))""" % (str(metrics), str(metrics), str(program.out)))
        self.assertEqual(done.stdout.strip(), "0 0", "no other one is opened behind it")

    def test_without_a_number_the_last_windows_are_kept_until_the_end(self):
        program = Program(TORCH, window=(0, 0.4, 0))
        done = program.run(self.python, WORK + self.HELD + """
class Result(torch.autograd.profiler.Result):
    now = '{"traceEvents": [{"before": 1, "and": "much more than what follows it in the program that is told"}]}'
    def __init__(self): self.text = Result.now
torch.autograd.profiler.Result = Result
wait_for(lambda: log.count("disable") > 1)
Result.now = '{"traceEvents": [{"cat": "cpu_op", "dur": 1e6}]}'
wait_for(lambda: log.count("disable") > 3)
Result.now = "{}"  # of a window that was open for a moment only
print(log.count("enable") > 3)""")
        self.assertEqual(done.stdout.strip(), "True")
        self.assertIn("cpu_op", program.read("hook"))

    def test_another_window_is_opened_where_nothing_ran_in_one(self):
        program = Program(TORCH, window=(0.2, 0.2))
        done = program.run(self.python, WORK + """
import torch
Result = torch.autograd.profiler.Result
something, Result.text = Result.text, '{"traceEvents": []}'
work(4)
Result.text = something
work(6)
print(torch.autograd.profiler.log.count("enable"))""")
        self.assertGreater(int(done.stdout), 1)
        self.assertLess(int(done.stdout), 8, "it went on where something had run")

    def test_the_programs_own_profiler_is_left_alone(self):
        program = Program(TORCH, window=(0.5, 1.5))
        trace = str(program.folder / "own.json")
        done = program.run(self.python, WORK + """
import torch.profiler
log = torch.autograd.profiler.log
work(2.2)  # in the window that the hook opened
with torch.profiler.profile() as own: work(0.1)
own.export_chrome_trace(%r)
work(1)
print(log)""" % trace)
        self.assertEqual(done.stdout.strip(), "['prepare', 'enable', 'disable', 'prepare', 'enable', 'disable']")
        written = program.facts()
        self.assertTrue(written["own_profiler"])
        self.assertEqual(written["own_traces"], [trace], "what the program called, not what that called")
        self.assertEqual(program.names(), ["facts", "opened", "own"])

    def test_a_program_that_uses_sigalrm_keeps_its_alarms(self):
        program = Program(TORCH, window=(0.5, 0.3))
        done = program.run(self.python, WORK + """
import signal, torch
ticks = 0
def tick(*_):
    global ticks
    ticks += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
work(6)
signal.setitimer(signal.ITIMER_REAL, 0)
print(ticks > 30, signal.getsignal(signal.SIGALRM) is tick)""")
        self.assertEqual(done.stdout.strip(), "True True")
        self.assertIn("hook", program.names())

    # It takes CUPTI before it opens anything that every profiler opens.
    def test_a_back_end_that_takes_cupti_itself_finds_it_free(self):
        program = Program(TORCH, window=(0, 2.0))
        done = program.run(self.python, WORK + """
import torch
log = torch.autograd.profiler.log
while "enable" not in log: work(0.01)  # the hook's window is open
with torch.profiler.profile("cuspy"): work(0.1)
print(log[log.index("cuspy takes CUPTI") - 1])
""")
        self.assertEqual(done.stdout, "disable\n")
        self.assertTrue(program.facts()["own_profiler"])

    def test_a_forked_child_has_a_window_of_its_own(self):
        program = Program(TORCH, window=(0.3, 0.3))
        program.run(self.python, WORK + """
import os, sys, torch
child = os.fork()
work(7)
if child == 0: os._exit(0)
sys.exit(os.waitpid(child, 0)[1])""")
        self.assertEqual(len(list(program.out.glob("hook_*.json"))), 2 if self.tells_of_forks() else 1)
        self.assertEqual(len(list(program.out.glob("facts_*.json"))), 1, "a child that ends by _exit says nothing")

    # PyTorch would say on stderr that what it had begun there was never ended.
    def test_a_child_that_is_forked_inside_its_parents_own_window_has_none(self):
        for begin, end, has_window in ((-1, 60, False), (50, 60, True), (-9, -8, True)):
            program = Program(TORCH, window=(0.3, 0.3))
            done = program.run(self.python, WORK + """
import os, sys, torch
open(%r + "/window_%%d" %% os.getpid(), "w").write("%%f %%f" %% (time.monotonic() + %d, time.monotonic() + %d))
child = os.fork()
if child == 0:
    work(4)
    os._exit(0)
print(child, os.waitpid(child, 0)[1])
os._exit(0)""" % (str(program.out), end, begin))
            child = done.stdout.split()[0]
            if self.tells_of_forks():
                self.assertEqual("hook_%s.json" % child in program.left(), has_window)
                self.assertEqual("failed_%s" % child in program.left(), not has_window)

    # PyTorch's own thread, which asks, is not there in a child, and what takes PyTorch apart waits for it.
    # PyTorch waits at its end for a thread that is not there (2.15), or aborts: 2.1, once it has had a window.
    def test_a_forked_child_ends_whatever_its_parent_left_to_do_at_the_end(self):
        for version, seconds, what in (("2.15.0", 0, "sleep"), ("2.1.2", 0.6, "abort"))[:2 * self.tells_of_forks()]:
            told = "__version__ = '%s'\n" % version + TORCH["torch/version.py"]
            program = Program(dict(TORCH, **{"torch/version.py": told}), window=(0, 0.2))
            done = program.run(self.python, WORK + """
import ctypes, os, sys, torch; c = ctypes.CDLL(None)
c.on_exit(ctypes.cast(c.WHAT, ctypes.c_void_p), None)
work(SECONDS)
child = os.fork()
if child == 0:
    c.printf(b"told ")
    sys.exit(100)
sys.stdout.write("%d" % (os.waitpid(child, 0)[1] / 256.))
sys.stdout.flush()
os._exit(0)""".replace("WHAT", what).replace("SECONDS", str(seconds)))
            self.assertEqual(done.stdout, "told 100", "its status, and what it wrote")

    def test_a_worker_that_ends_in_its_window_tells_what_it_saw(self):
        if sys.version_info < (3, 8):
            return
        for method in ("fork", "spawn"):
            program = Program(TORCH, window=(0.2, 60))
            done = program.run(self.python, WORK + """
import multiprocessing.util, torch
def task():
    end = time.time() + 60
    while "enable" not in torch.autograd.profiler.log and time.time() < end: work(0.1)
if __name__ == "__main__":
    worker = multiprocessing.get_context(%r).Process(target=task)
    worker.start()
    worker.join()
    print(worker.pid, worker.exitcode)""" % method)
            worker, code = done.stdout.split()
            self.assertEqual(code, "0")
            self.assertIn("hook_%s.json" % worker, program.left(), method)
            self.assertIn("facts_%s.json" % worker, program.left(), method)

    def test_pytorch_is_asked_for_nothing_in_a_worker_that_is_started_anew(self):
        if sys.version_info < (3, 8):
            return
        for method, held in (("spawn", True), ("forkserver", True), ("fork", False)):
            program = Program(TORCH, window=(0.2, 0.2))
            done = program.run(self.python, WORK + """
import ctypes, multiprocessing, os, sys, torch
open(%r + "/asked_%%d" %% os.getpid(), "w").close()
def asks(): return int(ctypes.CDLL(None).getenv(b"KINETO_USE_DAEMON") != 0)
def task():
    end = time.time() + (60 if %r else 0)
    while "enable" not in torch.autograd.profiler.log and time.time() < end: work(0.1)
    sys.exit(asks())
if __name__ == "__main__":
    worker = multiprocessing.get_context(%r).Process(target=task)
    worker.start()
    worker.join()
    print(worker.pid, worker.exitcode, asks())""" % (str(program.out), held, method))
            worker, worker_asks, main_asks = done.stdout.split()
            self.assertEqual((int(worker_asks), main_asks), (not held, "1"), method)
            self.assertEqual("hook_%s.json" % worker in program.left(), held, "its window is the hook's own")

    def test_pytorch_does_not_hear_of_a_daemon_that_it_would_not_ask(self):
        has_driver = os.path.exists("/proc/driver/nvidia/version")
        for version, wanted in (("2.1.2+cu121", has_driver), ("2.15.0", True)):
            program = Program(TORCH, window=(9, 0.2))
            program.write("torch/version.py", "__all__ = ['__version__']\n__version__ = '%s'\n" % version + TORCH["torch/version.py"])
            program.write("torch/__init__.py", "import ctypes\nasks = ctypes.CDLL(None).getenv(b'KINETO_USE_DAEMON') != 0\n"
                          + textwrap.dedent(TORCH["torch/__init__.py"]))
            done = program.run(self.python, "import torch\nprint(torch.asks)")
            self.assertEqual(done.stdout, "%s\n" % (wanted if sys.version_info >= (3, 6) else True), version)

    def test_a_program_does_not_wait_for_a_window_that_has_not_begun(self):
        for begin, waits in ((100, False), (-1, True)):
            program = Program(TORCH, window=(100, 1))
            began = program.monotonic()
            program.run(self.python, """
import os, time, torch
with open(%r + "/window_%%d" %% os.getpid(), "w") as file:
    file.write("%%.3f %%.3f" %% (time.monotonic() + %d, time.monotonic() + %d))
""" % (str(program.out), 102 if not waits else 1, begin))
            self.assertEqual(program.monotonic() - began > 5.9, waits)

    def test_a_window_is_closed_before_a_fork(self):
        program = Program(TORCH, window=(0.2, 5))
        done = program.run(self.python, WORK + """
import os, torch
work(3)
child = os.fork()
if child == 0:
    os.write(1, repr(torch.autograd.profiler.log[:3]).encode())
    os._exit(0)
os.waitpid(child, 0)
work(6)""")
        if "opened" in program.names() and self.tells_of_forks():
            self.assertEqual(done.stdout, "['prepare', 'enable', 'disable']")
            self.assertEqual(len(list(program.out.glob("hook_*.json"))), 1, "what was seen until then is kept")

    def test_a_process_stays_until_its_trace_is_written(self):
        program = Program(TORCH)
        done = program.run(self.python, """
import os, threading, time, torch
open(%r + "/window_%%d" %% os.getpid(), "w").write(str(time.monotonic() + 1))
def write():
    time.sleep(1.5)
    with open(%r + "/kineto_trace_%%d.json" %% os.getpid(), "w") as file: file.write("{}")
threading.Thread(target=write, daemon=True).start()""" % (str(program.out), str(program.folder)))
        self.assertEqual(len(list(program.folder.glob("kineto_trace_*"))), 1)

    def test_a_broken_framework_is_not_our_business(self):
        program = Program({"torch/__init__.py": "raise ImportError('no libcudart')\n"}, window=(0, 1))
        done = program.run(self.python, """
            try:
                import torch
            except ImportError as error:
                print(error)
        """)
        self.assertEqual(done.stdout, "no libcudart\n")
        self.assertEqual(done.stderr, "")

    def test_isolated_interpreters_do_not_see_it(self):
        program = Program(TORCH)
        for flag in ("-I", "-S", "-E"):
            with self.subTest(flag):
                program.run(self.python, "import sys; sys.path.append(%r); import torch" % str(program.modules), flag)
        self.assertEqual(program.left(), [])

    def test_a_folder_that_cannot_be_written_disturbs_nobody(self):
        program = Program(TORCH)
        shutil.rmtree(program.out)
        done = program.run(self.python, "import torch; print(torch.__spec__.loader.__class__.__name__)")
        self.assertEqual((done.stdout, done.stderr), ("SourceFileLoader\n", ""))


if __name__ == "__main__":
    sys.exit(run_in_each(Hook, PYTHONS))
