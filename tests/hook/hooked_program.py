"""A program with the start-up hook of recording units in it, as `varve run` lays it. The first argument of the test is the hook."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

HOOK = pathlib.Path(sys.argv[1])
START = HOOK.parent.parent / "marks" / "start_up.py"


class Program:
    """A folder with the hook in it, as `varve run` lays it, and the modules of a program."""

    def __init__(self, *trees, window=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-hook-"))
        self.out = self.folder / "hook" / "out"
        self.out.mkdir(parents=True)
        shutil.copy(START, self.folder / "hook" / "sitecustomize.py")
        shutil.copy(HOOK, self.folder / "hook" / "varve_hook.py")
        for part in ("framework_questions.py", "torch_hook.py", "torch_traces.py", "torch_window.py"):
            shutil.copy(HOOK.parent / part, self.folder / "hook")
        self.modules = self.folder / "modules"
        self.modules.mkdir()
        for tree in trees:
            for name, text in tree.items():
                self.write(name, text)
        if window:
            text = " ".join("%.3f" % each for each in (self.monotonic() + window[0],) + window[1:]) + "\n"
            (self.folder / "hook" / "window").write_text(text)

    @staticmethod
    def monotonic():
        import time
        return time.clock_gettime(time.CLOCK_MONOTONIC)

    def write(self, name, text):
        path = self.modules / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def run(self, python, text, *flags, hooked=True, expect=0):
        (self.folder / "program.py").write_text(textwrap.dedent(text))
        paths = ([str(self.folder / "hook")] if hooked else []) + [str(self.modules)]
        environment = dict(os.environ, PYTHONPATH=":".join(paths), PYTHONDONTWRITEBYTECODE="1", KINETO_USE_DAEMON="1")
        environment.pop("PYTHONWARNINGS", None)
        done = subprocess.run([python, *flags, str(self.folder / "program.py")], capture_output=True, text=True,
                              env=environment, timeout=120)
        if expect is not None and done.returncode != expect:
            raise AssertionError("ended with %d: %s" % (done.returncode, done.stderr))
        return done

    def left(self):
        return sorted(path.name for path in self.out.iterdir())

    def names(self):
        return sorted({name.rsplit("_", 1)[0] for name in self.left()})

    def facts(self):
        found = [path for path in self.out.glob("facts_*.json")]
        if len(found) != 1:
            raise AssertionError("facts of %d processes: %s" % (len(found), self.left()))
        return json.loads(found[0].read_text())

    def read(self, what):
        return "".join(path.read_text() for path in sorted(self.out.glob(what + "_*")))


# Works for a while in the main thread, as a program does.
WORK = """
import time
def work(seconds):
    end = time.time() + seconds
    while time.time() < end: sum(range(100))
"""


def tells_of_forks(python):  # Python 3.7
    ask = "import os; print(hasattr(os, 'register_at_fork'))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout == "True\n"


def run_in_each(kind, pythons):
    """Runs the tests of a class with each interpreter; gives an exit status."""
    suite = unittest.TestSuite()
    for each in pythons:
        named = type("%s_%s" % (kind.__name__, pathlib.Path(each).resolve().parts[-3].replace(".", "_")), (kind,), {"python": each})
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(named))
    return 0 if unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful() else 1
