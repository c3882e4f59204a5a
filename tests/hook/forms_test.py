#!/usr/bin/env python3
"""Programs in the many forms that Python programs have, each by itself and under `varve run --kernels torch`: what a program
writes and how it ends must be the same, and the run must say what was seen, or why nothing was. Their torch is a module of a
few lines that writes a trace; no framework is needed.

usage: forms_test.py VARVE [FORM…]
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipapp

# Runs a command as its child and writes down what it wrote and how it ended: a file for every execution.
WRAPPER = r"""
import os, subprocess, sys, tempfile
done = subprocess.run(sys.argv[2:], capture_output=True, stdin=subprocess.DEVNULL)
name = tempfile.mkstemp(dir=sys.argv[1], prefix="%020d-" % __import__("time").monotonic_ns())[1]
open(name, "wb").write(b"%d\n" % done.returncode + done.stdout + b"----\n" + done.stderr)
"""

# Where the hook is, `work` ends when a window of this process has opened, or not before one has closed: when that is planned
# hangs on how long the unit without it took, and so on what else the machine did then.
WORK = """
import os, sys, time
def work(seconds, until="closed"):
    profiler = sys.modules.get("torch.autograd.profiler")
    hooked = until and profiler is not None and any(type(getattr(f, "hook", None)).__name__ == "_Hook" for f in sys.meta_path)
    begun = time.monotonic()
    def is_done():
        took = time.monotonic() - begun
        if not hooked or took > 60: return took > seconds
        return until in profiler.windows and (until == "opened" or took > seconds)
    while not is_done(): time.sleep(0.005)
"""
TORCH = """
import sys
__version__ = "2.1.0"  # which cannot ask for a window without a GPU
from . import autograd, cuda
def is_grad_enabled(): return True
def is_inference_mode_enabled(): return False
def is_autocast_cpu_enabled(): return False
def is_autocast_enabled(): return False
def get_num_threads(): return 1
"""
PROFILER = """
import os, sys
TRACE = '{"schemaVersion": 1, "traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1, ' \\
        '"ts": 0.0, "dur": 9e5, "args": {"External id": 1, "Input Dims": [[8, 8], [8, 8]]}}], "traceName": "x"}'
class Result:
    def save(self, path): open(path, "w").write(TRACE)
windows = []
def _prepare_profiler(*a, **k): pass
def _enable_profiler(*a):
    windows.append("opened")
    level = int(os.environ.get("KINETO_LOG_LEVEL", 3))
    if level < 4: sys.stderr.write("STAGE: Completed Stage: Warm Up\\n")  # as 2.1 does
    if level < 6: sys.stderr.write("USDT: profiler_start\\n")  # as 2.15 does
def _disable_profiler():
    windows.append("closed")
    return Result()
class profile:
    def __init__(self, enabled, use_kineto=False, record_shapes=False, use_device=None): self.kineto_activities = {1}
    def config(self, create_trace_id=False): return ""
    def _prepare_trace(self): _prepare_profiler()
    def __enter__(self):
        self._prepare_trace()
        _enable_profiler()
        return self
    def __exit__(self, *a): self.result = _disable_profiler()
    def export_chrome_trace(self, path): self.result.save(path)
"""
SEEN = "opened by the start-up hook"
CUT = "the start-up hook opened PyTorch's profiler, and it (had ended|did not end well)"
NO_WORD = "the start-up hook left no word"

# name, the program behind WORK and `import torch`, the command ({python} and {program} stand for themselves), what the run
# says.
FORMS = [
    ("a script", "work(2.5); print('done')", "{python} {program}", SEEN),
    ("python -c", None, "{python} -c {text}", SEEN),
    ("standard input", "work(2.5); print('done')", "sh -c '{python} - x <{program}'", SEEN),
    ("python -m", "work(2.5); print(__name__)", "{python} -m program", SEEN),
    ("a zipapp", "work(2.5); print('done')", "{python} {zip}", SEEN),
    ("a shebang, as pipx writes it", "work(2.5); print('done')", "{script}", SEEN),
    ("python -I", "work(2.5); print('done')", "{python} -I {isolated}", NO_WORD),
    ("python -E", "work(2.5); print('done')", "{python} -E {isolated}", NO_WORD),
    ("python -S", "work(2.5); print('done')", "{python} -S {program}", NO_WORD),
    ("PYTHONSAFEPATH", "work(2.5); print(sys.path[:1])", "env PYTHONSAFEPATH=1 {python} {program}", None),
    ("sys.exit in the window", "work(1.2, until='opened'); sys.exit(3)", "{python} {program}", SEEN),
    ("os._exit in the window", "work(1.2, until='opened'); os._exit(4)", "{python} {program}", CUT),
    ("an exception", "work(1.2, until='opened'); raise ValueError('no')", "{python} {program}", SEEN),
    ("KeyboardInterrupt", "work(1.2, until='opened'); import signal; os.kill(os.getpid(), signal.SIGINT); work(1)",
     "{python} {program}", SEEN),
    ("SIGTERM", "work(1.2, until='opened'); import signal; os.kill(os.getpid(), signal.SIGTERM); work(1)",
     "{python} {program}", CUT),
    ("SIGSEGV", "work(1.2, until='opened'); import signal; os.kill(os.getpid(), signal.SIGSEGV)", "{python} {program}", CUT),
    ("SIGKILL", "work(1.2, until='opened'); import signal; os.kill(os.getpid(), signal.SIGKILL)", "{python} {program}", CUT),
    ("a Pool by fork", """
import multiprocessing as m
def f(i): work(0.6); return i * i
if __name__ == "__main__":
    with m.get_context("fork").Pool(2) as pool: print(pool.map(f, range(8)))""", "{python} {program}", SEEN),
    ("a Pool by spawn", """
import multiprocessing as m
def f(i): work(0.6); return i * i
if __name__ == "__main__":
    with m.get_context("spawn").Pool(2) as pool: print(pool.map(f, range(8)))""", "{python} {program}", SEEN),
    ("workers anew for each epoch", """
import multiprocessing as m
def f(q, i): work(1.2); q.put(i)
if __name__ == "__main__":
    context = m.get_context("spawn")
    for epoch in range(3):
        q = context.SimpleQueue()
        workers = [context.Process(target=f, args=(q, i)) for i in range(2)]
        for each in workers: each.start()
        got = sorted(q.get() for _ in workers)
        for each in workers: each.join()
        print(epoch, got, [each.exitcode for each in workers])""", "{python} {program}", SEEN),
    ("exec in the middle", """
if len(sys.argv) == 1:
    work(0.6, until=None)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, __file__, "again"])
work(2); print("done")""", "{python} {program}", SEEN),
    ("a daemon", """
sys.stdout.flush()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: work(6)
    os._exit(0)
work(2.5); print("done")""", "{python} {program}", SEEN),
    ("work on another thread", """
import threading
t = threading.Thread(target=work, args=(2.5, None)); t.start(); t.join(); print("done")""", "{python} {program}", None),
    ("closed files", "os.closerange(3, 256); work(2.5); print('done')", "{python} {program}", SEEN),
    ("no PYTHONPATH for children", """
import subprocess
work(2.5)
print(subprocess.run([sys.executable, "-c", "import os; print(os.environ.get('X'))"], env={"X": "1"}, capture_output=True))
""", "{python} {program}", SEEN),
    ("an own profiler later", """
import torch.autograd.profiler as p
work(2)
with p.profile(True) as mine: work(0.3)
mine.export_chrome_trace(os.path.dirname(__file__) + "/own.json"); print(os.path.getsize(os.path.dirname(__file__) + "/own.json"))
""", "env KINETO_LOG_LEVEL=9 {python} {program}", "the program's own profiler"),
    ("a sitecustomize of its own", "work(2.5); print(own)", "{python} {program}", SEEN),
    ("a usercustomize", "work(2.5); print(mine)", "env PYTHONUSERBASE={user} {python} {program}", SEEN),
    ("no torch", "work(0.3); print(sys.path[1:], [type(f).__name__ for f in sys.meta_path if type(f).__name__ != '_Watch'])",
     "{python} {program}", NO_WORD),
    ("no torch, but JAX", "import jax; work(0.3); print(jax.__version__)", "{python} {program}", "hook heard of imported PyTorch"),
]


class Ground:
    def __init__(self, varve, folder):
        self.varve, self.folder = varve, pathlib.Path(folder)
        self.modules = self.folder / "modules"
        for name, text in (("torch/__init__.py", TORCH), ("torch/cuda.py", "def is_initialized(): return False\n"),
                           ("torch/autograd/__init__.py", "from . import profiler\n"),
                           ("torch/autograd/profiler.py", PROFILER), ("jax/__init__.py", "__version__ = '0.9'\n")):
            path = self.modules / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.folder / "wrapper.py").write_text(WRAPPER)
        self.user = self.folder / "user"

    def command(self, name, text, line):
        body = WORK + ("" if name.startswith("no torch") else "import torch\n") + textwrap.dedent(text or "work(2.5); print('done')")
        program = self.modules / "program.py"
        program.write_text(body)
        isolated = self.folder / "isolated.py"
        isolated.write_text("import sys\nsys.path.insert(0, %r)\n%s" % (str(self.modules), body))
        script = self.folder / "script"
        script.write_text("#!%s\n%s" % (sys.executable, body))
        script.chmod(0o755)
        tree = self.folder / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        (tree / "__main__.py").write_text(body)
        zipapp.create_archive(tree, self.folder / "app.pyz")
        own = self.modules / "sitecustomize.py"
        own.unlink(missing_ok=True)
        if "sitecustomize" in name:
            own.write_text("import builtins; builtins.own = 'ran'\n")
        if "usercustomize" in name:
            packages = self.user / "lib" / ("python%d.%d" % sys.version_info[:2]) / "site-packages"
            packages.mkdir(parents=True, exist_ok=True)
            (packages / "usercustomize.py").write_text("import builtins; builtins.mine = 'ran too'\n")
        values = {"python": sys.executable, "program": str(program), "isolated": str(isolated), "script": str(script),
                  "zip": str(self.folder / "app.pyz"), "user": str(self.user)}
        if line.startswith("sh -c "):
            return ["sh", "-c", line[len("sh -c '"):-1].format(**values)]
        return [body if word == "{text}" else word.format(**values) for word in line.split()]

    def run(self, command):
        """What an execution alone left, and those of the run; and the recorded unit."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(self.modules),
                       "PYTHONDONTWRITEBYTECODE": "1"}
        left = self.folder / "left"
        shutil.rmtree(left, ignore_errors=True)
        left.mkdir()
        wrapped = [sys.executable, "-I", str(self.folder / "wrapper.py"), str(left), *command]
        subprocess.run(wrapped, env=environment, check=True, timeout=200)
        done = subprocess.run([self.varve, "run", "--json", "--quiet", "--units", "1", "--warmup", "0", "--kernels", "torch",
                               "--", *wrapped], env=environment, capture_output=True, text=True, timeout=400, check=False)
        if done.returncode != 0:
            raise RuntimeError("varve ended with %d: %s" % (done.returncode, done.stderr[-500:]))
        texts = [re.sub(rb"0x[0-9a-f]+", b"0x", path.read_bytes()) for path in sorted(left.iterdir())]
        units = json.loads(done.stdout)["units"]
        return texts, units


def faults_of(varve, form):
    """What is told of one form, and what of it is wrong."""
    name, text, line, said = form
    with tempfile.TemporaryDirectory(prefix="varve-forms-") as folder:
        ground = Ground(varve, folder)
        texts, units = ground.run(ground.command(name, text, line))
    recorded = [unit["recording"] for unit in units if "recording" in unit]
    told = recorded[0].get("way") or "no evidence: " + recorded[0].get("no_evidence", "(no reason)") if recorded else "-"
    print("%-30s ended with %s; %s" % (name, texts[0].split(b"\n")[0].decode(), told), flush=True)
    if len(texts) != 3:
        yield "%s: %d executions" % (name, len(texts))
    for each in texts[1:]:
        if each != texts[0]:
            yield "%s: alone %r, under Varve %r" % (name, texts[0][-300:], each[-300:])
    if said is not None and not re.search(said, told):
        yield "%s: it is said \"%s\"" % (name, told)
    if "no kernels" in told or told == "-":
        yield "%s: %s" % (name, told)


def main():
    varve, wanted = sys.argv[1], sys.argv[2:]
    forms = [form for form in FORMS if not wanted or form[0] in wanted]
    with concurrent.futures.ThreadPoolExecutor(4) as at_once:  # most of their time is waiting for a window
        failures = [fault for faults in at_once.map(lambda form: list(faults_of(varve, form)), forms) for fault in faults]
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
