# The window of PyTorch's profiler that the start-up hook (start_up_hook.py) opens, on a thread of its own, where PyTorch does
# not ask for one by itself (Kineto on demand), or asks and nothing comes of it.
import os
import sys
import threading
import time


class Window(object):
    time_to_ask = 1.5  # seconds after the import in which PyTorch asks by itself, where it does
    most_windows = 8   # of ours: another one where nothing ran in the last

    def __init__(self, program, torch, profiler, plan):
        self.program, self.hook, self.traces = program, program.hook, program.traces
        self.torch, self.profiler, self.plan = torch, profiler, plan
        self.every_thread = self.option_for_every_thread(torch)
        self.has_opened = False  # we one, in this process or in one that it was forked from
        self.forget()

    def forget(self):
        self.starting = None      # the thread that opens it
        self.profile = None       # while it is open
        self.results = []         # of it, once it is closed
        self.others_before = {}   # what other threads had used when it was opened
        self.met = {}             # facts of the window: every value that was met, by the fact
        self.saving = threading.Lock()  # the window's thread and the program's end both may
        self.changing = threading.RLock()

    def watch(self):
        watcher = threading.Thread(target=self.hook.quietly, args=(self.keep,))
        watcher.daemon = True
        watcher.start()

    # By it PyTorch profiles what all threads run, whichever opens the window (2.15). None: only the thread that opens it.
    @staticmethod
    def option_for_every_thread(torch):
        try:
            return torch._C._profiler._ExperimentalConfig(profile_all_threads=True)
        except Exception:
            return None

    # ---- forks: nobody could close a window that a child takes along ----

    def before_fork(self):
        if self.every_thread is not None:
            self.changing.acquire(timeout=10)  # so that no other one is opened until then
        self.close_now(self.results)

    def after_fork(self):
        if self.every_thread is not None:
            self.changing.release()

    # ---- when it is open ----

    def is_over(self):
        return self.program.own_profiler or self.hook.said

    def keep(self):
        self.watcher = threading.current_thread()
        if len(self.plan) == 3:
            return self.hold_windows(*self.plan)
        start, length = self.plan
        asked_by = time.monotonic() + (self.time_to_ask if self.program.can_ask else 0)
        time.sleep(max(start - time.monotonic(), 0))
        while time.monotonic() < asked_by:  # PyTorch's own window may have begun, and the program end in it
            self.in_main_thread(1, self.look_around)
            time.sleep(max(min(asked_by - time.monotonic(), length / 10), 0))
        if self.program.can_ask and self.hook.is_noted("asked"):  # by Varve: PyTorch asks, and its answer is the window
            was_compiling = self.look_for(length)
            if not self.traces.came_to_nothing(length, self.is_over) and not was_compiling:
                return
            self.hook.note("instead")
        for windows in range(self.most_windows):
            self.wait_for_compiler()
            if self.program.own_profiler or self.profiler is None or not self.watch_window(length):
                return
            time.sleep(windows)

    # What is measured is short, and Kineto counts in seconds: one window after the other is open until the program has written
    # its number. The last is kept, or the one before it.
    def hold_windows(self, start, length, after):
        time.sleep(max(start - time.monotonic(), 0))
        for _ in range(100):
            self.wait_for_compiler()
            if self.is_over() or self.profiler is None or (self.has_number() and not self.results):
                return
            opened = time.monotonic()
            if not self.change(self.open):
                return
            while time.monotonic() < opened + length and not (self.is_over() or self.has_number()):
                self.in_main_thread(1, self.look_around)
                time.sleep(0.02)
            time.sleep(after if self.has_number() else 0)
            is_short = time.monotonic() - opened < length / 8
            if self.program.own_profiler or not self.change(self.close, self.results):
                return
            if self.has_number():
                self.results[:] = self.results[:1] if is_short else self.results[-1:]
                return self.save()
            del self.results[:-1]

    @staticmethod
    def has_number():
        try:
            return os.path.getsize(os.environ["VARVE_METRICS"]) > 0
        except Exception:
            return False

    # Opens it for a while. True: hardly anything ran in it, or the compiler did.
    def watch_window(self, seconds):
        if not self.change(self.open):
            return False
        was_compiling = self.look_for(seconds)
        if self.program.own_profiler or not self.change(self.close, self.results):
            return False
        return self.save() and (was_compiling or self.traces.is_idle(self.traces.own(), seconds))

    # True: most of the time torch.compile was at work.
    def look_for(self, seconds):
        end, looks, compiling = time.monotonic() + seconds, 0, 0
        while time.monotonic() < end:  # autocast and the like hold for a block: one look may fall beside it
            looks += 1
            compiling += self.is_compiling()
            self.in_main_thread(1, self.look_around)
            time.sleep(seconds / 10)
        return 2 * compiling > looks

    def wait_for_compiler(self):
        end = time.monotonic() + 300
        while self.is_compiling() and time.monotonic() < end and not self.hook.said:
            time.sleep(0.1)

    # Whether the main thread is in torch.compile's compiler: what runs there is not what the program is about.
    @staticmethod
    def is_compiling():
        frame = sys._current_frames().get(threading.main_thread().ident)
        while frame is not None:
            if frame.f_code.co_filename.endswith(("torch/_dynamo/convert_frame.py", "torch/_inductor/graph.py")):
                return True
            frame = frame.f_back
        return False

    # ---- opening and closing ----

    # Which thread may do it hangs on PyTorch: any, or only the main one. False: it did not come round.
    def change(self, call, *arguments):
        if self.every_thread is not None:
            self.hook.quietly(call, *arguments)
        elif not self.in_main_thread(30, call, *arguments):
            if call == self.open:
                self.hook.note("failed", "the main thread did not come round to open the window")
            return False
        return True

    # At once, by whoever the program has do something that the window must not see.
    def close_now(self, results):
        is_main = threading.current_thread() is threading.main_thread()
        if self.profile is not None and self.every_thread is None and not is_main:
            self.in_main_thread(2, self.close, results)
        else:
            self.close(results)

    # The interpreter calls it between two of the main thread's instructions, as it does handlers of signals. What comes
    # too late is not done any more, but closing is.
    def in_main_thread(self, seconds, call, *arguments):
        import ctypes
        done, late = threading.Event(), []

        def pending(_):
            try:
                if self.hook.said:
                    pass  # the interpreter is being taken apart
                elif not late or call == self.close:
                    self.hook.quietly(call, *arguments)
            finally:
                done.set()
            return 0
        callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(pending)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))  # it may be called however late
        if not self.hook.said:
            ctypes.pythonapi.Py_AddPendingCall(callback, None)
        if not done.wait(seconds):
            late.append(True)
        return not late

    # Flags that belong to a thread: the main one's.
    def look_around(self):
        torch = self.torch

        def met(name, value):
            self.met.setdefault("torch." + name, set()).add(value)
        met("grad_enabled", torch.is_grad_enabled())
        met("inference_mode", torch.is_inference_mode_enabled())
        met("autocast.cpu", torch.is_autocast_cpu_enabled())
        met("autocast.cuda", torch.is_autocast_enabled())
        if torch.is_autocast_cpu_enabled():
            met("autocast.dtype", str(torch.get_autocast_cpu_dtype()))
        elif torch.is_autocast_enabled():
            met("autocast.dtype", str(torch.get_autocast_gpu_dtype()))

    def is_starting(self):
        return self.starting == threading.current_thread().ident

    # Kineto says on stderr where another thread starts it than the one that imported PyTorch, whose moment this is. PyTorch
    # has done so itself where it is to ask a daemon.
    def start_kineto(self):
        if self.every_thread is not None and "KINETO_USE_DAEMON" not in os.environ:
            with self.changing:
                self.enable()
                self.profiler._disable_profiler()

    def open(self):
        with self.changing:
            if self.is_over():
                return
            self.others_before = self.used_by_others()
            self.profile = self.enable()
            self.hook.note("opened", "main thread" if self.every_thread is None else "every thread")

    def enable(self):
        self.starting = threading.current_thread().ident
        try:
            profile = self.prepared_profile()
            # Not by _start_trace(): in some versions it imports the compiler.
            try:
                configuration = profile.config(create_trace_id=False)
            except TypeError:
                configuration = profile.config()
            self.profiler._enable_profiler(configuration, profile.kineto_activities)
            self.has_opened = True
            return profile
        finally:
            self.starting = None

    def prepared_profile(self):
        arguments = {"record_shapes": True}
        if self.every_thread is not None:
            arguments["experimental_config"] = self.every_thread
        if self.torch.cuda.is_initialized():
            arguments["use_device"] = "cuda"
        try:
            profile = self.profiler.profile(True, use_kineto=True, **arguments)
        except TypeError:
            arguments["use_cuda"] = arguments.pop("use_device", None) is not None
            profile = self.profiler.profile(True, use_kineto=True, **arguments)
        profile._prepare_trace()
        return profile

    # Not for ever: in a forked child whoever changes it may wait for what a thread of its parent had.
    def close(self, results):
        if not self.changing.acquire(timeout=10):
            return
        try:
            profile, self.profile = self.profile, None
            if profile is None:
                return
            result = self.profiler._disable_profiler()
            if results is not None:
                results.append(result)
            if self.every_thread is None:
                self.tell_of_others()
        finally:
            self.changing.release()

    # The window shows the main thread alone. What the program's other threads did meanwhile is not known, but how much it was.
    def tell_of_others(self):
        before = self.others_before
        used = [ticks - before.get(thread, 0) for thread, ticks in self.used_by_others().items()]
        seconds = sum(used) / float(os.sysconf("SC_CLK_TCK"))
        if seconds >= 0.05:
            self.hook.note("others", "%.2f" % seconds)

    # CPU time of each thread that the program started, in clock ticks.
    def used_by_others(self):
        used = {}
        for thread in threading.enumerate() if self.every_thread is None else []:
            number = getattr(thread, "native_id", None)  # Python 3.8
            if number is None or thread in (threading.main_thread(), self.watcher):
                continue
            try:
                with open("/proc/self/task/%d/stat" % number) as file:
                    used[number] = sum(int(word) for word in file.read().rpartition(")")[2].split()[11:13])
            except Exception:
                pass
        return used

    # Once: at the window's end, or at the program's, where that comes first or while it is being written.
    def save(self):
        with self.saving:
            if not self.results:
                return False
            path = self.traces.own()
            while self.results:  # of several windows that of which there is most to tell
                self.results.pop(0).save(path + ".part")
                if not os.path.exists(path) or os.path.getsize(path + ".part") >= os.path.getsize(path):
                    os.rename(path + ".part", path)
            return True
