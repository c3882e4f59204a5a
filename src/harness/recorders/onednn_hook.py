# What `varve run` puts beside start_up.py for the unit in which oneDNN says what it computes. oneDNN writes to descriptor 1,
# whatever that is: a file of results, the pipe of a parent. So it is asked to only in processes whose descriptor 1 is the pipe
# that Varve reads ($VARVE_OUTPUT), and where a process sends it elsewhere later (os.dup2) it falls silent. PyTorch is told by a
# function of its own, which reaches no process that this one starts; TensorFlow, and a PyTorch without that function, by a variable
# that they read at their first computation. What fails here is swallowed. Python 2.7 and all later ones read it.
import os
import sys


class _Hook(object):
    awaited = ("torch", "tensorflow")

    def __init__(self):
        self.pipe = os.environ.get("VARVE_OUTPUT")
        self.is_asked = False

    def is_coming(self, name, spec):
        if name == "tensorflow":
            self.begin()

    def is_there(self, name, module):
        if name == "torch":
            self.begin()

    def begin(self):
        if os.dup2 is not self.dup2:
            self.plain_dup2, os.dup2 = os.dup2, self.dup2
        self.ask(self.is_read(1))

    def is_read(self, descriptor):
        try:
            status = os.fstat(descriptor)
            return "%d:%d" % (status.st_dev, status.st_ino) == self.pipe
        except Exception:
            return False

    # Silent before descriptor 1 becomes another one, and asked only behind that.
    def dup2(self, fd, fd2, *arguments, **keywords):
        if fd2 == 1 and not self.is_read(fd):
            self.ask(False)
        try:
            return self.plain_dup2(fd, fd2, *arguments, **keywords)
        finally:
            if fd2 == 1:
                self.ask(self.is_read(1))

    def ask(self, wanted):
        if wanted == self.is_asked:
            return
        self.is_asked = wanted
        try:
            sys.modules["torch"]._C._verbose.mkldnn_set_verbose(int(wanted))
            if "tensorflow" not in sys.modules:
                return
        except Exception:
            pass
        try:  # not by os.environ, which the program may look at
            for name in ("ONEDNN_VERBOSE", "DNNL_VERBOSE"):
                if wanted:
                    os.putenv(name, "1")
                else:
                    os.unsetenv(name)
        except Exception:
            pass


def start():
    hook = _Hook()
    hook.dup2 = hook.dup2  # one bound method, so that it can be told from others
    return hook
