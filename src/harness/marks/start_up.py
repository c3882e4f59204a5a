# Put on PYTHONPATH by `varve run` as sitecustomize.py, in a folder of its own, for units that something in the interpreter
# is to be seen of. Python imports it before the program. It starts the hook that lies beside it (varve_hook.py), tells it of
# the modules that it awaits, and lets the environment's own sitecustomize run. It must never disturb the program: whatever
# fails here is swallowed. Python 2.7 and all later ones read it.
import os
import sys


# Finds nothing by itself: the hook hears when a module that it awaits is about to be imported, and when it is there.
class _Watch(object):
    def __init__(self, hook):
        self.hook = hook
        self.awaited = set(hook.awaited)

    def find_spec(self, name, path=None, target=None):
        if name not in self.awaited or path is not None:
            return None
        try:
            self.awaited.remove(name)
            if not self.awaited:
                sys.meta_path.remove(self)
            import importlib.util
            spec = importlib.util.find_spec(name)
            self.hook.is_coming(name, spec)
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                try:
                    del spec.loader.exec_module
                except Exception:
                    pass
                self.hook.is_there(name, module)

            spec.loader.exec_module = exec_module
            return spec
        except Exception:
            return None


def _start():
    folder = os.path.dirname(os.path.abspath(__file__))
    try:
        import varve_hook
    finally:  # the program's imports are as they would be without us
        sys.modules.pop("varve_hook", None)
        sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != folder]
    hook = varve_hook.start()
    hook.modules = varve_hook, sys.modules[__name__]  # Python 2 takes the names out of a module that nobody holds
    if sys.version_info >= (3, 6):  # what came before asks importers in another way
        sys.meta_path.insert(0, _Watch(hook))


# The environment's own sitecustomize, which stands behind ours. What it raises is raised.
def _chain():
    own = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize
    except ImportError:
        if "sitecustomize" not in str(sys.exc_info()[1]):
            raise
    finally:
        if own is not None:
            sys.modules.setdefault("sitecustomize", own)


try:
    _start()
except Exception:
    pass
_chain()
