# The traces of a process that the start-up hook (start_up_hook.py) knows: the one that PyTorch writes where it was asked for a
# window, and the hook's own.
import os


class Traces(object):
    time_to_begin = 1.5  # after the end of a window in which its trace was begun, or never will be
    time_to_write = 30   # a trace that was begun, on a machine that has much else to do

    def __init__(self, hook):
        self.hook = hook

    def asked(self, process=None):
        return os.path.join(os.path.dirname(self.hook.folder), "kineto_trace_%d.json" % (process or os.getpid()))

    def own(self):
        return os.path.join(self.hook.out, "hook_%d.json" % os.getpid())

    # "end begin" by Varve, on the monotonic clock: of the window, and of getting ready for it. None: PyTorch was asked for none.
    def asked_window(self, which, process=None):
        try:
            with open(os.path.join(self.hook.out, "window_%d" % (process or os.getpid()))) as file:
                return float(file.read().split()[which == "begin"])
        except Exception:
            return None

    # Whether this process was forked while PyTorch had its window in its parent, or got ready for it. That is half-way here, with
    # nobody to end it, and PyTorch says so on stderr when another one is opened (2.15).
    def is_forked_in_asked(self):
        import time
        parent, now = os.getppid(), time.monotonic()
        begin, end = self.asked_window("begin", parent), self.asked_window("end", parent)
        return begin is not None and begin <= now < end + 5 and not self.is_written(self.asked(parent))

    # Whether PyTorch had its window and there is no trace of it (it was refused for want of time), or one in which hardly
    # anything ran (the program was compiling, or loading data), so that ours may take its place sooner than PyTorch asks
    # again. A trace that is being written is waited for.
    def came_to_nothing(self, seconds, is_over):
        import time
        asked = self.asked()
        while not is_over():
            end = self.asked_window("end")
            if end is None or time.monotonic() > end + 60:
                return False
            if time.monotonic() > end + self.time_to_begin and not self.is_begun(asked):
                return True
            if self.is_written(asked):
                return self.is_idle(asked, seconds)
            time.sleep(0.1)
        return False

    # PyTorch crashes where it is taken apart inside a window that it was asked for, or while it writes the trace.
    def wait_for_asked(self):
        import time
        begin, end, trace = self.asked_window("begin"), self.asked_window("end"), self.asked()
        if begin is not None and time.monotonic() < begin:
            return
        while end is not None and not self.is_written(trace):
            has_begun = self.is_begun(trace)
            if time.monotonic() > end + (self.time_to_write if has_begun else 5):
                return
            if self.hook.is_noted("instead") and not has_begun:
                return  # it never will
            time.sleep(0.05)

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
