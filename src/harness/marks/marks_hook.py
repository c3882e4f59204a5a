# What `varve run` puts beside start_up.py for a unit of a program that uses PyTorch (of the warm-up; and timing units, where the
# warm-up showed that it costs them next to nothing): ranges of record_function whose
# names count steps ("step_3", "iter 7"; "train_step") are added up into a file as src/inject/marks/marks.h lays it out, mapped:
# whatever ends the process leaves it. A program that imports no torch is not touched. PyTorch takes no listener for them
# where no profiler is on, so two methods of the class are called through ours, which say that they are the ones they stand
# for (TorchScript compiles those). A step costs two looks at the clock, any other range one at its name. What fails here
# is swallowed.
import os
import sys

_HEADER, _ROW, _MOST_ROWS, _NAME = 32, 104, 256, 64
_MOST_OTHERS = 1024  # names that mark no step and need to be read once only


class _Marks(object):
    awaited = ("torch",)

    def __init__(self):
        self.hook = os.path.dirname(os.path.abspath(__file__))
        self.folder = os.path.dirname(self.hook)
        self.passed = [0]  # ranges of any name

    def is_coming(self, name, spec):
        pass

    def is_there(self, name, module):
        try:
            self.watch(sys.modules["torch.autograd.profiler"].record_function)
            self.keep_compiled()
        except Exception:
            pass

    # For the units that follow, also where PYTHONDONTWRITEBYTECODE is set: compiling it takes 2 ms of an interpreter's start.
    def keep_compiled(self):
        import importlib.util
        import py_compile
        for name in ("sitecustomize.py", "varve_hook.py"):
            path = os.path.join(self.hook, name)
            compiled = importlib.util.cache_from_source(path)
            if compiled.startswith(self.hook) and not os.path.exists(compiled):
                py_compile.compile(path, compiled)

    def watch(self, kind):
        import functools
        import re
        import time
        import types
        self.is_word = re.compile(br"(?:(?:train_|training_)?step|iteration)\Z", re.I).match
        self.counted = [re.compile(word + br"[ #_:=-]*[0-9]", re.I).search for word in (b"step", b"iteration", b"iter")]
        self.begin_process()
        os.register_at_fork(after_in_child=self.begin_process)
        clock, others, passed = time.monotonic_ns, {}, self.passed

        def begin(marked):
            name = marked.name
            step = self.step_name(name)
            row = step and self.row_of(*step)
            if row:
                marked.varve_step = row, clock()
            elif not step and len(others) < _MOST_OTHERS:
                others[name] = None

        enter, leave = kind.__enter__, kind.__exit__

        def __enter__(self):
            try:
                passed[0] += 1
                if self.name not in others:
                    begin(self)
            except Exception:
                pass
            return enter(self)

        def __exit__(marked, *exception):
            if "varve_step" in marked.__dict__:
                try:
                    self.add(clock(), *marked.__dict__.pop("varve_step"))
                except Exception:
                    pass
            return leave(marked, *exception)

        for ours, theirs in ((__enter__, enter), (__exit__, leave)):
            alike = types.FunctionType(ours.__code__, theirs.__globals__, ours.__name__, None, ours.__closure__)
            setattr(kind, ours.__name__, functools.update_wrapper(alike, theirs))

    # A file for each process. Ranges that a fork took along are its parent's.
    def begin_process(self):
        import threading
        self.lock, self.this_thread = threading.Lock(), threading.get_ident
        self.rows, self.threads, self.file, self.has_no_file = {}, {}, None, False
        self.passed[:] = [0]

    # As step_name_size() of src/inject/marks/marks.cc: what stands in front of the number, and whether there is one. None: it marks no
    # step.
    def step_name(self, name):
        name = name.encode("utf-8", "replace")[:256]
        if self.is_word(name):
            return name, 0
        for counted in self.counted:
            found = counted(name)
            if found:
                return name[:found.end() - 1], 1
        return None

    # [the file, its place there, first, last, total, count]; None: there is no room for it.
    def row_of(self, name, has_number):
        key = self.this_thread(), name
        row = self.rows.get(key)
        if row is None and len(name) < _NAME and len(self.rows) < _MOST_ROWS:
            with self.lock:
                if self.map_file() and len(self.rows) < _MOST_ROWS:
                    row = self.rows[key] = self.make_row(key[0], name, has_number)
        return row

    def make_row(self, thread, name, has_number):
        import struct
        at = _HEADER + len(self.rows) * _ROW
        number = self.threads.setdefault(thread, len(self.threads) + 1)
        struct.pack_into("=II64s", self.file, at + 32, number, has_number, name)
        struct.pack_into("=I", self.file, 20, len(self.rows) + 1)
        self.pack, self.pack_passed = struct.Struct("=4Q").pack_into, struct.Struct("=I").pack_into
        return [self.file, at, 0, 0, 0, 0]

    # Once, whether it can be made or not. Where exec has left one of that name, the next.
    def map_file(self):
        if self.file is None and not self.has_no_file:
            self.has_no_file = True
            import mmap
            import struct
            size, number = _HEADER + _MOST_ROWS * _ROW, 1
            while self.file is None:
                path = "%s/marks-%d%s" % (self.folder, os.getpid(), "-%d" % number if number > 1 else "")
                try:
                    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                except FileExistsError:
                    number += 1
                    continue
                try:
                    os.posix_fallocate(file, 0, size)  # a full disk shows here, not as SIGBUS later
                    self.file = mmap.mmap(file, size)
                finally:
                    os.close(file)
            struct.pack_into("=16sI", self.file, 0, b"varve-marks 1", os.getpid())
        return self.file

    def add(self, now, row, start):
        file, at, first, last, total, count = row
        if file is self.file:
            row[2:] = min(first or start, start), max(last, now), total + now - start, count + 1
            self.pack(file, at, *row[2:])
            self.pack_passed(file, 28, min(self.passed[0], 0xffffffff))


def start():
    return _Marks()
