# What `varve run` puts beside start_up.py for a recording unit. In a program that imports none of torch, jax and tensorflow
# it does nothing but look, at the end, whether one of them is there. Otherwise it
#   - opens torch.profiler for a window, where PyTorch does not ask for one by itself (Kineto on demand), or asks and
#     nothing comes of it,
#   - notices a profiler that the program opens itself, and leaves it alone,
#   - writes at the end what only the process knows: what the framework was told.
# Everything it writes goes to the folder "out" beside it. It must never disturb the program: whatever fails here is
# swallowed. Python 2.7 and all later ones read it.
import os
import sys


class _Hook(object):
    time_to_ask = 1.5    # seconds after the import in which PyTorch asks by itself, where it does
    time_to_begin = 1.5  # after the end of a window in which its trace was begun, or never will be
    time_to_write = 30   # a trace that was begun, on a machine that has much else to do
    most_windows = 8     # of ours: another one where nothing ran in the last

    def __init__(self):
        self.folder = os.path.dirname(os.path.abspath(__file__))
        self.out = os.path.join(self.folder, "out")
        self.awaited = ("torch", "jax", "tensorflow")
        self.said = False         # its facts, in this process
        self.in_window = {}       # facts of the window: every value that was met, by the fact
        self.compiled = []        # how torch.compile was called
        self.own_profiler = False  # the program opened one
        self.own_traces = []       # and wrote these files
        self.exporting = 0
        self.starting = False      # ours
        self.profile = None        # ours, while it is open
        self.results = []          # of it, once it is closed
        self.saving = None         # a lock: the window's thread and the program's end both may save them
        self.can_ask = True        # PyTorch, for a window
        self.has_opened = False    # we one, in this process or in one that it was forked from

    # ---- a framework is about to be imported ----

    # Where PyTorch's own window is not wanted, or will not come, it does not get to know of a daemon: the thread by which it asks
    # may be at work still when the process is taken apart, and crashes (2.1.2).
    def is_coming(self, name, spec):
        plan = self.plan()
        if name == "torch" and plan and (len(plan) == 3 or self.is_spawned_worker() or not self.may_ask(spec)):
            self.can_ask = False
            os.environ.pop("KINETO_USE_DAEMON", None)

    def is_there(self, name, module):
        self.quietly(self.watch_framework, name, module)

    def watch_framework(self, name, module):
        import atexit
        atexit.register(self.quietly, self.at_exit)  # handlers run backwards: before the framework takes itself apart
        self.quietly(self.end_with_workers)
        if name == "torch":
            self.torch_is_there(module)

    # A process that multiprocessing has started anew and that still gets ready. Workers end whenever their work does, and PyTorch
    # crashes where that falls into a window that it was asked for.
    @staticmethod
    def is_spawned_worker():
        process = sys.modules.get("multiprocessing.process")
        return process is not None and getattr(process.current_process(), "_inheriting", False)

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

    def torch_is_there(self, torch):
        profiler = sys.modules.get("torch.autograd.profiler")
        if profiler is not None:
            self.watch_own_profiler(profiler)
        if hasattr(torch, "_TorchCompileInductorWrapper"):
            self.watch_compile(torch)
        plan = self.plan()
        if plan is None:
            return
        self.watch(torch, profiler, plan)
        # A forked child has neither our thread nor the one by which PyTorch asks.
        if hasattr(os, "register_at_fork"):  # Python 3.7
            # And nobody could close a window that it takes along.
            os.register_at_fork(before=lambda: self.quietly(self.close_window, self.results),
                                after_in_child=lambda: self.quietly(self.in_child, torch, profiler, plan))

    def in_child(self, torch, profiler, plan):
        self.profile = None
        self.in_window, self.results = {}, []
        self.said = False
        if self.can_ask or self.has_opened:
            self.can_ask = False
            self.quietly(self.end_without_kineto)
        self.watch(torch, profiler, plan)

    # Kineto has a thread by which it asks, and since its first window where nobody is asked, too. In a child there is no such
    # thread, and what takes PyTorch apart waits for it for ever (2.15), or aborts (2.1). So a child ends like those of
    # multiprocessing: behind what it registered itself, and not by what its parent did.
    def end_without_kineto(self):
        import ctypes
        c = ctypes.CDLL(None)
        c.on_exit(ctypes.cast(c._exit, ctypes.c_void_p), None)  # which is handed the status
        getattr(c, "__cxa_atexit")(ctypes.cast(c.fflush, ctypes.c_void_p), None, None)  # runs before it

    def watch(self, torch, profiler, plan):
        import threading
        self.saving = threading.Lock()
        watcher = threading.Thread(target=self.quietly, args=(self.keep_window, torch, profiler, plan))
        watcher.daemon = True
        watcher.start()

    # "start length" of the window in seconds, the start on the monotonic clock. "start length after": it is to be held open
    # until the program has written a number, and for so long after it. None: no window is wanted.
    def plan(self):
        try:
            with open(os.path.join(self.folder, "window")) as file:
                return tuple(float(word) for word in file.read().split())
        except Exception:
            return None

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
            if not self.starting:
                self.own_profiler = True
                self.note("own")
                self.quietly(self.make_room)
            return start(*arguments, **keywords)
        return call

    # Two do not profile at one time, and ours belongs to the main thread.
    def make_room(self):
        import threading
        if self.profile is not None and threading.current_thread() is not threading.main_thread():
            self.in_main_thread(2, self.close_window, None)
        else:
            self.close_window(None)

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
                    self.quietly(self.own_traces.append, os.path.abspath(path))
        kind.export_chrome_trace = export_chrome_trace

    def watch_compile(self, torch):
        kind = torch._TorchCompileInductorWrapper
        make = kind.__init__

        def __init__(wrapper, mode, options, dynamic, *arguments, **keywords):
            self.compiled.append((str(mode or "default"), str(dynamic)))
            make(wrapper, mode, options, dynamic, *arguments, **keywords)
        kind.__init__ = __init__

    # ---- the window, on a thread of its own ----

    def keep_window(self, torch, profiler, plan):
        if len(plan) == 3:
            return self.hold_windows(torch, profiler, *plan)
        import time
        asked_by = time.monotonic() + (self.time_to_ask if self.can_ask else 0)
        time.sleep(max(plan[0] - time.monotonic(), 0))
        while time.monotonic() < asked_by:  # PyTorch's own window may have begun, and the program end in it
            self.in_main_thread(1, self.look_around, torch)
            time.sleep(max(min(asked_by - time.monotonic(), plan[1] / 10), 0))
        if self.can_ask and self.is_noted("asked"):  # written by Varve: PyTorch asks, and its answer is the window
            was_compiling = self.look_for(torch, plan[1])
            if not self.came_to_nothing(plan[1]) and not was_compiling:
                return
            self.note("instead")
        for windows in range(self.most_windows):
            self.wait_for_compiler()
            if self.own_profiler or profiler is None or not self.watch_window(torch, profiler, plan[1]):
                return
            time.sleep(windows)

    # What is measured is short, and Kineto counts in seconds: one window after the other is open until the program has written
    # its number. The last is kept, or the one before it.
    def hold_windows(self, torch, profiler, start, length, after):
        import time
        time.sleep(max(start - time.monotonic(), 0))
        for _ in range(100):
            self.wait_for_compiler()
            if self.own_profiler or profiler is None or self.said or (self.has_number() and not self.results):
                return
            opened = time.monotonic()
            if not self.in_main_thread(30, self.open_window, torch, profiler):
                return self.note("failed", "the main thread did not come round to open the window")
            while time.monotonic() < opened + length and not (self.said or self.own_profiler or self.has_number()):
                self.in_main_thread(1, self.look_around, torch)
                time.sleep(0.02)
            time.sleep(after if self.has_number() else 0)
            is_short = time.monotonic() - opened < length / 8
            if self.own_profiler or not self.in_main_thread(30, self.close_window, self.results):
                return
            if self.has_number():
                self.results[:] = self.results[:1] if is_short else self.results[-1:]
                return self.save_window()
            del self.results[:-1]

    @staticmethod
    def has_number():
        try:
            return os.path.getsize(os.environ["VARVE_METRICS"]) > 0
        except Exception:
            return False

    # Opens it for a while. True: hardly anything ran in it, or the compiler did.
    def watch_window(self, torch, profiler, seconds):
        if not self.in_main_thread(30, self.open_window, torch, profiler):
            return self.note("failed", "the main thread did not come round to open the window")
        was_compiling = self.look_for(torch, seconds)
        if self.own_profiler or not self.in_main_thread(30, self.close_window, self.results):
            return False
        return self.save_window() and (was_compiling or self.is_idle(self.own_trace(), seconds))

    # True: most of the time torch.compile was at work.
    def look_for(self, torch, seconds):
        import time
        end, looks, compiling = time.monotonic() + seconds, 0, 0
        while time.monotonic() < end:  # autocast and the like hold for a block: one look may fall beside it
            looks += 1
            compiling += self.is_compiling()
            self.in_main_thread(1, self.look_around, torch)
            time.sleep(seconds / 10)
        return 2 * compiling > looks

    def wait_for_compiler(self):
        import time
        end = time.monotonic() + 300
        while self.is_compiling() and time.monotonic() < end and not self.said:
            time.sleep(0.1)

    # Whether the main thread is in torch.compile's compiler: what runs there is not what the program is about.
    @staticmethod
    def is_compiling():
        import threading
        frame = sys._current_frames().get(threading.main_thread().ident)
        while frame is not None:
            if frame.f_code.co_filename.endswith(("torch/_dynamo/convert_frame.py", "torch/_inductor/graph.py")):
                return True
            frame = frame.f_back
        return False

    # Whether PyTorch had its window and there is no trace of it (it was refused for want of time), or one in which hardly
    # anything ran (the program was compiling, or loading data), so that ours may take its place sooner than PyTorch asks
    # again. A trace that is being written is waited for.
    def came_to_nothing(self, seconds):
        import time
        asked = self.asked_trace()
        while not self.own_profiler and not self.said:
            end = self.asked_window("end")
            if end is None or time.monotonic() > end + 60:
                return False
            if time.monotonic() > end + self.time_to_begin and not self.is_begun(asked):
                return True
            if self.is_written(asked):
                return self.is_idle(asked, seconds)
            time.sleep(0.1)
        return False

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

    # Once: at the window's end, or at the program's, where that comes first or while it is being written.
    def save_window(self):
        if self.saving is None:
            return False
        with self.saving:
            if not self.results:
                return False
            path = self.own_trace()
            while self.results:  # of several windows that of which there is most to tell
                self.results.pop(0).save(path + ".part")
                if not os.path.exists(path) or os.path.getsize(path + ".part") >= os.path.getsize(path):
                    os.rename(path + ".part", path)
            return True

    # The interpreter calls it between two of the main thread's instructions, as it does handlers of signals. What comes
    # too late is not done any more, but closing is.
    def in_main_thread(self, seconds, call, *arguments):
        import ctypes
        import threading
        done, late = threading.Event(), []

        def pending(_):
            try:
                if self.said:
                    pass  # the interpreter is being taken apart
                elif not late or call == self.close_window:
                    self.quietly(call, *arguments)
            finally:
                done.set()
            return 0
        callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(pending)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))  # it may be called however late
        if not self.said:
            ctypes.pythonapi.Py_AddPendingCall(callback, None)
        if not done.wait(seconds):
            late.append(True)
        return not late

    def look_around(self, torch):
        def met(name, value):
            self.in_window.setdefault("torch." + name, set()).add(value)
        met("grad_enabled", torch.is_grad_enabled())
        met("inference_mode", torch.is_inference_mode_enabled())
        met("autocast.cpu", torch.is_autocast_cpu_enabled())
        met("autocast.cuda", torch.is_autocast_enabled())
        if torch.is_autocast_cpu_enabled():
            met("autocast.dtype", str(torch.get_autocast_cpu_dtype()))
        elif torch.is_autocast_enabled():
            met("autocast.dtype", str(torch.get_autocast_gpu_dtype()))

    def open_window(self, torch, profiler):
        if self.own_profiler:
            return
        self.starting = True
        try:
            arguments = {"record_shapes": True}
            if torch.cuda.is_initialized():
                arguments["use_device"] = "cuda"
            try:
                profile = profiler.profile(True, use_kineto=True, **arguments)
            except TypeError:
                arguments["use_cuda"] = arguments.pop("use_device", None) is not None
                profile = profiler.profile(True, use_kineto=True, **arguments)
            profile._prepare_trace()
            # Not by _start_trace(): in some versions it imports the compiler.
            try:
                configuration = profile.config(create_trace_id=False)
            except TypeError:
                configuration = profile.config()
            profiler._enable_profiler(configuration, profile.kineto_activities)
            self.profile, self.has_opened = profile, True
            self.note("opened")
        finally:
            self.starting = False

    def close_window(self, results):
        profile, self.profile = self.profile, None
        if profile is None:
            return
        result = sys.modules["torch.autograd.profiler"]._disable_profiler()
        if results is not None:
            results.append(result)

    # ---- the end ----

    def at_exit(self):
        if self.said or not any(name in sys.modules for name in ("torch", "jax", "tensorflow")):
            return
        self.said = True
        self.quietly(self.close_window, self.results)
        self.quietly(self.save_window)
        facts, ask = {}, {}
        with open(os.path.join(self.folder, "framework_questions.py")) as file:
            exec(compile(file.read(), file.name, "exec"), ask)
        for name in ("torch", "jax", "tensorflow"):
            if name in sys.modules:
                self.quietly(ask["about_" + name], sys.modules[name], facts)
        if self.compiled:
            facts["torch.compile"] = sorted(set("mode %s, dynamic %s" % each for each in self.compiled))
        for name, values in list(self.in_window.items()):  # the other thread may still add to it
            values = list(values)
            mixed = "sometimes" if set(values) == {True, False} else ", ".join(sorted(str(value) for value in values))
            facts[name] = values[0] if len(values) == 1 else mixed
        import json
        text = json.dumps({"process": os.getpid(), "cpu_seconds": sum(os.times()[:2]), "facts": facts,
                           "own_profiler": self.own_profiler, "own_traces": self.own_traces[-64:]})
        path = os.path.join(self.out, "facts_%d.json" % os.getpid())
        with open(path + ".part", "w") as file:
            file.write(text)
        os.rename(path + ".part", path)
        self.quietly(self.wait_for_trace)

    # PyTorch crashes where it is taken apart inside a window that it was asked for, or while it writes the trace.
    def wait_for_trace(self):
        import time
        begin, end, trace = self.asked_window("begin"), self.asked_window("end"), self.asked_trace()
        if begin is not None and time.monotonic() < begin:
            return
        while end is not None and not self.is_written(trace):
            has_begun = self.is_begun(trace)
            if time.monotonic() > end + (self.time_to_write if has_begun else 5):
                return
            if self.is_noted("instead") and not has_begun:
                return  # it never will
            time.sleep(0.05)

    # "end begin" by Varve, on the monotonic clock: of the window, and of getting ready for it. None: PyTorch was asked for none.
    def asked_window(self, which):
        try:
            with open(os.path.join(self.out, "window_%d" % os.getpid())) as file:
                return float(file.read().split()[which == "begin"])
        except Exception:
            return None

    def asked_trace(self):
        return os.path.join(os.path.dirname(self.folder), "kineto_trace_%d.json" % os.getpid())

    def own_trace(self):
        return os.path.join(self.out, "hook_%d.json" % os.getpid())

    @staticmethod
    def is_begun(path):
        return os.path.exists(path) or os.path.exists(path + ".tmp")  # by 2.15 it is renamed when it is whole

    @staticmethod
    def is_written(path):
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.path.getsize(path) - 16))
                return file.read().strip().endswith(b"}")
        except Exception:
            return False

    # Whether operators and kernels took less than a tenth of a window. Such a trace is small.
    @staticmethod
    def is_idle(path, seconds):
        with open(path, "rb") as file:
            text = file.read(1 << 16)
        if len(text) == 1 << 16:
            return False
        import json
        events = json.loads(text.decode("utf-8", "replace")).get("traceEvents", [])
        ran = sum(float(each.get("dur", 0)) for each in events if each.get("cat") in ("cpu_op", "kernel"))
        return ran < seconds * 1e6 / 10


def start():
    hook = _Hook()
    import atexit
    atexit.register(hook.quietly, hook.at_exit)
    return hook
