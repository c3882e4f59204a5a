# What the start-up hook (start_up_hook.py) watches in a program that imports PyTorch: a profiler that the program opens itself,
# which is left alone, torch.compile, forks. Loaded when the import begins.
import os
import sys


class TorchHook(object):
    def __init__(self, hook):
        self.hook = hook
        self.can_ask = True        # PyTorch, for a window
        self.own_profiler = False  # the program opened one
        self.own_traces = []       # and wrote these files
        self.exporting = 0
        self.compiled = []         # how torch.compile was called
        self.traces = hook.part("torch_traces")["Traces"](hook)
        self.window = None

    # Where PyTorch's own window is not wanted, or will not come, it does not get to know of a daemon: the thread by which it asks
    # may be at work still when the process is taken apart, and crashes (2.1.2).
    def is_coming(self, spec):
        plan = self.plan()
        if plan and (len(plan) == 3 or self.is_spawned_worker() or not self.may_ask(spec)):
            self.can_ask = False
            os.environ.pop("KINETO_USE_DAEMON", None)

    # "start length" of the window in seconds, the start on the monotonic clock. "start length after": it is to be held open
    # until the program has written a number, and for so long after it. None: no window is wanted.
    def plan(self):
        try:
            with open(os.path.join(self.hook.folder, "window")) as file:
                return tuple(float(word) for word in file.read().split())
        except Exception:
            return None

    # A process that multiprocessing has started anew and that still gets ready. Workers end whenever their work does, and PyTorch
    # crashes where that falls into a window that it was asked for.
    @staticmethod
    def is_spawned_worker():
        process = sys.modules.get("multiprocessing.process")
        return process is not None and getattr(process.current_process(), "_inheriting", False)

    # Up to 2.1 PyTorch asks only after CUPTI has started: on a machine without a GPU there is nothing to wait for.
    @staticmethod
    def may_ask(spec):
        try:
            with open(os.path.join(os.path.dirname(spec.origin), "version.py")) as file:
                line = [line for line in file if line.startswith("__version__")][0]
            version = tuple(int(part) for part in line.split("=")[-1].strip(" '\"\n").split(".")[:2])
        except Exception:
            return True
        if version > (2, 1):
            return True
        try:
            os.close(os.open("/dev/nvidiactl", os.O_RDWR))  # a node may be there without a driver
            return True
        except Exception:
            return False

    def is_there(self, torch):
        profiler = sys.modules.get("torch.autograd.profiler")
        if profiler is not None:
            self.watch_own_profiler(profiler)
        if hasattr(torch, "_TorchCompileInductorWrapper"):
            self.watch_compile(torch)
        plan = self.plan()
        if plan is None:
            return
        self.window = self.hook.part("torch_window")["Window"](self, torch, profiler, plan)
        if profiler is not None:
            self.hook.quietly(self.window.start_kineto)
        self.window.watch()
        # A forked child has neither our thread nor the one by which PyTorch asks.
        if hasattr(os, "register_at_fork"):  # Python 3.7
            quietly = self.hook.quietly
            os.register_at_fork(before=lambda: quietly(self.window.before_fork),
                                after_in_parent=lambda: quietly(self.window.after_fork),
                                after_in_child=lambda: quietly(self.in_child))

    def in_child(self):
        self.hook.said = False
        if self.can_ask or self.window.has_opened:
            self.can_ask = False
            self.hook.quietly(self.end_without_kineto)
        self.window.forget()
        if self.hook.quietly(self.traces.is_forked_in_asked):
            return self.hook.note("failed", "could not see: a process that was forked inside the window of its parent")
        self.window.watch()

    # Kineto has a thread by which it asks, and since its first window where nobody is asked, too. In a child there is no such
    # thread, and what takes PyTorch apart waits for it for ever (2.15), or aborts (2.1). So a child ends like those of
    # multiprocessing: behind what it registered itself, and not by what its parent did.
    @staticmethod
    def end_without_kineto():
        import ctypes
        c = ctypes.CDLL(None)
        c.on_exit(ctypes.cast(c._exit, ctypes.c_void_p), None)  # which is handed the status
        getattr(c, "__cxa_atexit")(ctypes.cast(c.fflush, ctypes.c_void_p), None, None)  # runs before it

    # ---- the program's own profiler ----

    def watch_own_profiler(self, profiler):
        for name in ("_prepare_profiler", "_enable_profiler"):
            start = getattr(profiler, name, None)
            if start is not None:
                setattr(profiler, name, self.noticed(start))
        self.watch_export(profiler.profile)
        newer = sys.modules.get("torch.profiler.profiler")
        for name in ("_KinetoProfile", "profile"):
            shown = getattr(newer, name, None)
            if shown is not None and "export_chrome_trace" in vars(shown):
                self.watch_export(shown)
            # A back end that takes CUPTI itself ("cuspy", 2.15) does so before anything above is called.
            if shown is not None and "prepare_trace" in vars(shown):
                shown.prepare_trace = self.noticed(shown.prepare_trace)

    def noticed(self, start):
        def call(*arguments, **keywords):
            if self.window is None or not self.window.is_starting():
                self.own_profiler = True
                self.hook.note("own")
                if self.window is not None:  # two do not profile at one time
                    self.hook.quietly(self.window.close_now, None)
            return start(*arguments, **keywords)
        return call

    def watch_export(self, kind):
        export = kind.export_chrome_trace

        # One writes its trace through another: only what the program itself calls counts.
        def export_chrome_trace(profile, path, *arguments, **keywords):
            self.exporting += 1
            try:
                return export(profile, path, *arguments, **keywords)
            finally:
                self.exporting -= 1
                if self.exporting == 0:
                    self.hook.quietly(self.own_traces.append, os.path.abspath(path))
        kind.export_chrome_trace = export_chrome_trace

    def watch_compile(self, torch):
        kind = torch._TorchCompileInductorWrapper
        make = kind.__init__

        def __init__(wrapper, mode, options, dynamic, *arguments, **keywords):
            self.compiled.append((str(mode or "default"), str(dynamic)))
            make(wrapper, mode, options, dynamic, *arguments, **keywords)
        kind.__init__ = __init__

    # ---- the end ----

    def is_ending(self):
        if self.window is not None:
            self.hook.quietly(self.window.close_now, self.window.results)
            self.window.save()

    def add_facts(self, facts):
        if self.compiled:
            facts["torch.compile"] = sorted(set("mode %s, dynamic %s" % each for each in self.compiled))
        met = list(self.window.met.items()) if self.window is not None else []  # the other thread may still add to it
        for name, values in met:
            values = list(values)
            mixed = "sometimes" if set(values) == {True, False} else ", ".join(sorted(str(value) for value in values))
            facts[name] = values[0] if len(values) == 1 else mixed
