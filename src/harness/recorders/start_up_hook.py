# Put on PYTHONPATH by `varve run` for a recording unit, as sitecustomize.py in a folder of its own. Python imports it
# before the program. In a program that imports none of torch, jax and tensorflow it does nothing but look, at the end,
# whether one of them is there. Otherwise it
#   - opens torch.profiler for a window, where PyTorch does not ask for one by itself (Kineto on demand),
#   - notices a profiler that the program opens itself, and leaves it alone,
#   - writes at the end what only the process knows: what the framework was told.
# Everything it writes goes to the folder "out" beside it. It must never disturb the program: whatever fails here is
# swallowed. Python 2.7 and all later ones read it.
import os
import sys


class _Hook(object):
    time_to_ask = 1.5  # seconds after the import in which PyTorch asks by itself, where it does

    def __init__(self):
        self.folder = os.path.dirname(os.path.abspath(__file__))
        self.out = os.path.join(self.folder, "out")
        self.awaited = {"torch", "jax", "tensorflow"}
        self.said = False         # its facts, in this process
        self.in_window = {}       # facts of the window: every value that was met, by the fact
        self.compiled = []        # how torch.compile was called
        self.own_profiler = False  # the program opened one
        self.own_traces = []       # and wrote these files
        self.exporting = 0
        self.profile = None        # ours, while it is open
        self.callbacks = []        # called by the interpreter: must outlive the call

    # ---- a framework is about to be imported ----

    def find_spec(self, name, path=None, target=None):
        if name not in self.awaited or path is not None:
            return None
        try:
            self.awaited.remove(name)
            if not self.awaited:
                sys.meta_path.remove(self)
            import importlib.util
            spec = importlib.util.find_spec(name)
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                try:
                    del spec.loader.exec_module
                except Exception:
                    pass
                self.quietly(self.is_there, name, module)

            spec.loader.exec_module = exec_module
            return spec
        except Exception:
            return None

    def is_there(self, name, module):
        import atexit
        atexit.register(self.quietly, self.at_exit)  # handlers run backwards: before the framework takes itself apart
        if name == "torch":
            self.torch_is_there(module)

    def quietly(self, call, *arguments):
        try:
            return call(*arguments)
        except Exception:
            self.note("failed", "%s: %s" % (getattr(call, "__name__", "?"), sys.exc_info()[1]))
            return None

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
        self.watch_compile(torch)
        plan = self.plan()
        if plan is None:
            return
        self.watch(torch, profiler, plan)
        # A forked child has neither our thread nor the one by which PyTorch asks.
        if hasattr(os, "register_at_fork"):  # Python 3.7
            os.register_at_fork(after_in_child=lambda: self.quietly(self.in_child, torch, profiler, plan))

    def in_child(self, torch, profiler, plan):
        self.profile = None
        self.in_window = {}
        self.callbacks = []
        self.said = False
        self.watch(torch, profiler, plan)

    def watch(self, torch, profiler, plan):
        import threading
        watcher = threading.Thread(target=self.quietly, args=(self.keep_window, torch, profiler, plan))
        watcher.daemon = True
        watcher.start()

    # "start length" of the window in seconds, the start on the monotonic clock; None: no window is wanted.
    def plan(self):
        try:
            with open(os.path.join(self.folder, "window")) as file:
                start, length = file.read().split()
            return float(start), float(length)
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

    def noticed(self, start):
        def call(*arguments, **keywords):
            if not getattr(self, "starting", False):
                self.own_profiler = True
                self.note("own")
                self.quietly(self.close_window, None)
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
                    self.quietly(self.own_traces.append, os.path.abspath(path))
        kind.export_chrome_trace = export_chrome_trace

    def watch_compile(self, torch):
        kind = getattr(torch, "_TorchCompileInductorWrapper", None)
        if kind is None:
            return
        make = kind.__init__

        def __init__(wrapper, mode, options, dynamic, *arguments, **keywords):
            self.compiled.append((str(mode or "default"), str(dynamic)))
            make(wrapper, mode, options, dynamic, *arguments, **keywords)
        kind.__init__ = __init__

    # ---- the window, on a thread of its own ----

    def keep_window(self, torch, profiler, plan):
        import time
        time.sleep(max(plan[0] - time.monotonic(), self.time_to_ask))
        asks = self.is_noted("asked")  # written by Varve: PyTorch asks by itself, so its answer is the window
        opens = not asks and not self.own_profiler and profiler is not None
        if opens and not self.in_main_thread(self.open_window, torch, profiler):
            return self.note("failed", "the main thread did not come round to open the window")
        for _ in range(10):  # autocast and the like hold for a block of the program: one look may fall beside it
            self.in_main_thread(self.look_around, torch)
            time.sleep(plan[1] / 10)
        results = []
        if opens and self.in_main_thread(self.close_window, results) and results:
            results[0].save(os.path.join(self.out, "hook_%d.json" % os.getpid()))

    # The interpreter calls it between two of the main thread's instructions, as it does handlers of signals.
    def in_main_thread(self, call, *arguments):
        import ctypes
        import threading
        done = threading.Event()

        def pending(_):
            try:
                self.quietly(call, *arguments)
            finally:
                done.set()
            return 0
        callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(pending)
        self.callbacks.append(callback)
        ctypes.pythonapi.Py_AddPendingCall(callback, None)
        return done.wait(30)

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
            self.profile = profile
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
        self.quietly(self.close_window, None)
        facts = {}
        for name, collect in (("torch", self.about_torch), ("jax", self.about_jax), ("tensorflow", self.about_tf)):
            module = sys.modules.get(name)
            if module is not None:
                self.quietly(collect, module, facts)
        for name, values in list(self.in_window.items()):  # the other thread may still add to it
            values = list(values)
            mixed = "sometimes" if set(values) == {True, False} else ", ".join(sorted(str(value) for value in values))
            facts[name] = values[0] if len(values) == 1 else mixed
        import json
        import time
        used = getattr(time, "process_time", getattr(time, "clock", lambda: 0))()
        text = json.dumps({"process": os.getpid(), "cpu_seconds": used, "facts": facts,
                           "own_profiler": self.own_profiler, "own_traces": self.own_traces[-64:]})
        path = os.path.join(self.out, "facts_%d.json" % os.getpid())
        with open(path + ".part", "w") as file:
            file.write(text)
        os.rename(path + ".part", path)

    # Sets facts[id] to what `ask` gives; what a version does not have is left out.
    @staticmethod
    def ask(facts, name, ask):
        try:
            value = ask()
        except Exception:
            return
        if value is not None:
            facts[name] = value if isinstance(value, (bool, int, float, list)) else str(value)

    def about_torch(self, torch, facts):
        backends = torch.backends

        def ask(name, question):
            self.ask(facts, "torch." + name, question)
        ask("version", lambda: torch.__version__)
        ask("git", lambda: torch.version.git_version[:12])
        ask("cuda", lambda: torch.version.cuda or "none")
        ask("hip", lambda: torch.version.hip)
        ask("cpu_capability", lambda: backends.cpu.get_cpu_capability())
        ask("matmul.precision", lambda: torch.get_float32_matmul_precision())
        ask("matmul.tf32", lambda: backends.cuda.matmul.allow_tf32)
        ask("matmul.fp16_reduced", lambda: backends.cuda.matmul.allow_fp16_reduced_precision_reduction)
        ask("matmul.bf16_reduced", lambda: backends.cuda.matmul.allow_bf16_reduced_precision_reduction)
        ask("matmul.fp16_accumulation", lambda: backends.cuda.matmul.allow_fp16_accumulation)
        ask("cudnn.enabled", lambda: backends.cudnn.enabled)
        ask("cudnn.benchmark", lambda: backends.cudnn.benchmark)
        ask("cudnn.deterministic", lambda: backends.cudnn.deterministic)
        ask("cudnn.tf32", lambda: backends.cudnn.allow_tf32)
        ask("cudnn.version", lambda: backends.cudnn.version() if self.is_mapped("libcudnn") else None)
        ask("deterministic", lambda: torch.are_deterministic_algorithms_enabled())
        ask("sdpa", lambda: self.sdpa(backends.cuda))
        ask("mkldnn.enabled", lambda: backends.mkldnn.enabled)
        ask("dtype", lambda: torch.get_default_dtype())
        ask("threads", lambda: torch.get_num_threads())
        ask("interop_threads", lambda: torch.get_num_interop_threads())
        for name, value in self.configuration(torch):
            ask("config." + name, lambda value=value: value)
        ask("compile", lambda: sorted(set("mode %s, dynamic %s" % each for each in self.compiled)) or None)
        if "torch._dynamo.utils" in sys.modules:
            self.about_dynamo(sys.modules["torch._dynamo.utils"].counters, ask)

    @staticmethod
    def sdpa(cuda):
        names = ("flash", "mem_efficient", "math", "cudnn")
        return [name for name in names if getattr(cuda, name + "_sdp_enabled", lambda: False)()]

    # "  - Build settings: BLAS_INFO=mkl, USE_OPENMP=ON, ..." and the lines before it: what decides which kernels there are.
    @staticmethod
    def configuration(torch):
        kept = []
        text = torch.__config__.show()
        for name, start in (("mkl", "oneAPI Math Kernel"), ("mkl", "Intel(R) Math Kernel"),
                            ("onednn", "Intel(R) MKL-DNN"), ("onednn", "oneDNN"), ("cudnn", "CuDNN"), ("magma", "Magma")):
            for line in text.split("\n"):
                line = line.strip(" -")
                if line.startswith(start):
                    kept.append((name, line[:160]))
                    break
        for name, key in (("blas", "BLAS_INFO"), ("lapack", "LAPACK_INFO"), ("openmp", "USE_OPENMP"),
                          ("use_mkl", "USE_MKL"), ("use_mkldnn", "USE_MKLDNN"), ("use_cudnn", "USE_CUDNN")):
            at = text.find(key + "=")
            if at >= 0:
                kept.append((name, text[at + len(key) + 1:].split(",")[0].strip()[:32]))
        return kept

    def about_dynamo(self, counters, ask):
        ask("dynamo.graphs", lambda: int(counters["stats"].get("unique_graphs", 0)))
        ask("dynamo.graph_breaks", lambda: int(sum(counters["graph_break"].values())))
        ask("dynamo.frames", lambda: int(counters["frames"].get("ok", 0)))
        ask("dynamo.recompilations", lambda: self.recompilations())

    @staticmethod
    def recompilations():
        counts = sys.modules["torch._dynamo.convert_frame"].FRAME_COMPILE_COUNTER
        return int(sum(max(0, count - 1) for count in counts.values()))

    @staticmethod
    def is_mapped(name):
        with open("/proc/self/maps") as file:
            return any(name in line for line in file)

    def about_jax(self, jax, facts):
        def ask(name, question):
            self.ask(facts, "jax." + name, question)
        ask("version", lambda: jax.__version__)
        ask("jaxlib", lambda: sys.modules["jaxlib"].__version__)
        values = jax.config.values
        for name in ("jax_enable_x64", "jax_default_matmul_precision", "jax_platforms", "jax_default_dtype_bits",
                     "jax_disable_jit", "jax_numpy_dtype_promotion", "jax_threefry_partitionable",
                     "jax_cpu_collectives_implementation", "jax_debug_nans"):
            ask("config." + name[4:], lambda: values[name] if values[name] is not None else "none")
        ask("xla_flags", lambda: os.environ.get("XLA_FLAGS", "none"))
        bridge = sys.modules.get("jax._src.xla_bridge")
        if bridge is None or not getattr(bridge, "_backends", None):
            return  # no back end was used, and asking would start one
        ask("backend", lambda: jax.default_backend())
        ask("devices", lambda: jax.device_count())
        ask("platform_version", lambda: jax.devices()[0].client.platform_version)

    def about_tf(self, tf, facts):
        def ask(name, question):
            self.ask(facts, "tensorflow." + name, question)
        ask("version", lambda: tf.__version__)
        for name in ("cuda_version", "cudnn_version", "is_cuda_build", "is_rocm_build"):
            ask("build." + name, lambda: tf.sysconfig.get_build_info()[name])
        ask("threads.inter_op", lambda: tf.config.threading.get_inter_op_parallelism_threads())
        ask("threads.intra_op", lambda: tf.config.threading.get_intra_op_parallelism_threads())
        ask("jit", lambda: tf.config.optimizer.get_jit() or "off")
        ask("tf32", lambda: tf.config.experimental.tensor_float_32_execution_enabled())
        ask("deterministic", lambda: sys.modules["tensorflow.python.framework.config"].is_op_determinism_enabled())
        ask("onednn", lambda: os.environ.get("TF_ENABLE_ONEDNN_OPTS", "not set"))


def _install():
    hook = _Hook()
    # The program's imports are as they would be without us.
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != hook.folder]
    import atexit
    atexit.register(hook.quietly, hook.at_exit)
    if sys.version_info >= (3, 6):  # what came before asks importers in another way
        sys.meta_path.insert(0, hook)


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
    _install()
except Exception:
    pass
_chain()
