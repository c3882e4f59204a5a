# What `varve run` puts beside start_up.py for a recording unit. In a program that imports none of torch, jax and tensorflow
# it does nothing but look, at the end, whether one of them is there. Otherwise it
#   - has torch_hook.py, torch_window.py and torch_traces.py beside it open a window of PyTorch's profiler,
#   - writes at the end what only the process knows: what the framework was told (framework_questions.py).
# Everything it writes goes to the folder "out" beside it. It must never disturb the program: whatever fails here is
# swallowed. Python 2.7 and all later ones read it.
import os
import sys


class _Hook(object):
    def __init__(self):
        self.folder = os.path.dirname(os.path.abspath(__file__))
        self.out = os.path.join(self.folder, "out")
        self.awaited = ("torch", "jax", "tensorflow")
        self.said = False  # its facts, in this process
        self.torch = None  # torch_hook.py's, where PyTorch is imported

    # A file beside this one that not every program needs: its names.
    def part(self, name):
        names = {}
        with open(os.path.join(self.folder, name + ".py")) as file:
            exec(compile(file.read(), file.name, "exec"), names)
        return names

    # ---- a framework is about to be imported ----

    def is_coming(self, name, spec):
        if name == "torch":
            self.quietly(self.torch_is_coming, spec)

    def torch_is_coming(self, spec):
        self.torch = self.part("torch_hook")["TorchHook"](self)
        self.torch.is_coming(spec)

    def is_there(self, name, module):
        self.quietly(self.watch_framework, name, module)

    def watch_framework(self, name, module):
        import atexit
        atexit.register(self.quietly, self.at_exit)  # handlers run backwards: before the framework takes itself apart
        self.quietly(self.end_with_workers)
        if name == "torch" and self.torch is not None:
            self.torch.is_there(module)

    # Processes of multiprocessing (data loaders) end by _exit, behind a list of their own that begins empty. PyTorch imports it.
    def end_with_workers(self):
        util, process = sys.modules.get("multiprocessing.util"), sys.modules.get("multiprocessing.process")
        if util is None or process is None:
            return

        def in_worker(hook):
            util.Finalize(None, hook.quietly, args=(hook.at_exit,), exitpriority=1000)  # before all others
        util.register_after_fork(self, in_worker)
        if hasattr(process, "parent_process") and process.parent_process() is not None:  # Python 3.8
            in_worker(self)

    # ---- what is written ----

    def quietly(self, call, *arguments):
        try:
            return call(*arguments)
        except Exception:
            self.note("failed", "%s: %s" % (getattr(call, "__name__", "?"), sys.exc_info()[1]))

    # A file whose name is the message: "opened_4711".
    def note(self, what, text=""):
        try:
            with open(os.path.join(self.out, "%s_%d" % (what, os.getpid())), "w") as file:
                file.write(text[:4096])
        except Exception:
            pass

    def is_noted(self, what):
        return os.path.exists(os.path.join(self.out, "%s_%d" % (what, os.getpid())))

    # ---- the end ----

    def at_exit(self):
        if self.said or not any(name in sys.modules for name in self.awaited):
            return
        self.said = True
        if self.torch is not None:
            self.quietly(self.torch.is_ending)
        facts, ask = {}, self.part("framework_questions")
        for name in self.awaited:
            if name in sys.modules:
                self.quietly(ask["about_" + name], sys.modules[name], facts)
        own_profiler, own_traces = False, []
        if self.torch is not None:
            self.quietly(self.torch.add_facts, facts)
            own_profiler, own_traces = self.torch.own_profiler, self.torch.own_traces
        import json
        text = json.dumps({"process": os.getpid(), "cpu_seconds": sum(os.times()[:2]), "facts": facts,
                           "own_profiler": own_profiler, "own_traces": own_traces[-64:]})
        path = os.path.join(self.out, "facts_%d.json" % os.getpid())
        with open(path + ".part", "w") as file:
            file.write(text)
        os.rename(path + ".part", path)
        if self.torch is not None:
            self.quietly(self.torch.traces.wait_for_asked)


def start():
    hook = _Hook()
    import atexit
    atexit.register(hook.quietly, hook.at_exit)
    return hook
