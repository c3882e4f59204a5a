"""Modules called torch, jax and tensorflow that are a few lines each: texts by the path of their file."""

# A framework of one file a module: the names that the hook asks, and a profiler that says what was done to it.
TORCH = {
    "torch/__init__.py": """
        import sys
        from . import version, backends, cuda, autograd, profiler
        __version__ = "9.9"
        float32_precision = "highest"
        threads = 3
        def get_float32_matmul_precision(): return float32_precision
        def set_float32_matmul_precision(value):
            global float32_precision
            float32_precision = value
        def get_num_threads(): return threads
        def get_default_dtype(): return "torch.float32"
        looks = 0
        def is_grad_enabled():
            global looks
            looks += 1
            return looks % 2 == 0
        def is_inference_mode_enabled(): return False
        def is_autocast_cpu_enabled(): return True
        def is_autocast_enabled(): return False
        def get_autocast_cpu_dtype(): return "torch.bfloat16"
        def are_deterministic_algorithms_enabled(): raise RuntimeError("not in this version")
        class _TorchCompileInductorWrapper:
            def __init__(self, mode, options, dynamic): self.mode = mode
        class __config__:
            @staticmethod
            def show(): return "PyTorch built with:\\n  - Intel(R) MKL-DNN v3.1\\n  - Build settings: BLAS_INFO=mkl, USE_OPENMP=ON, "
    """,
    "torch/version.py": "git_version = 'abcdef0123456789'\ncuda = None\nhip = None\n",
    "torch/backends.py": """
        class cpu:
            @staticmethod
            def get_cpu_capability(): return "AVX2"
        class cuda:
            class matmul:
                allow_tf32 = True
            @staticmethod
            def flash_sdp_enabled(): return True
            @staticmethod
            def math_sdp_enabled(): return True
        class cudnn:
            benchmark = True
    """,
    "torch/cuda.py": "def is_initialized(): return False\n",
    "torch/autograd/__init__.py": "from . import profiler\n",
    "torch/autograd/profiler.py": """
        log = []
        class Result:
            text = '{"traceEvents": [{"cat": "cpu_op", "dur": 1e6}]}'
            def save(self, path): open(path, "w").write(self.text)
        def _prepare_profiler(*a, **k): log.append("prepare")
        def _enable_profiler(*a): log.append("enable")
        def _disable_profiler():
            log.append("disable")
            return Result()
        class profile:
            def __init__(self, enabled, use_kineto=False, record_shapes=False, use_device=None, **k):
                self.kineto_activities = {1}
            def config(self, create_trace_id=False): return "config"
            def _prepare_trace(self): _prepare_profiler(self.config())
            def __enter__(self):
                self._prepare_trace()
                return self._start_trace()
            def _start_trace(self):
                _enable_profiler(self.config(), self.kineto_activities)
                return self
            def __exit__(self, *a): self.result = _disable_profiler()
            def export_chrome_trace(self, path): self.result.save(path)
    """,
    "torch/profiler/__init__.py": "from .profiler import profile\n",
    "torch/profiler/profiler.py": """
        from torch.autograd import profiler as prof
        class _KinetoProfile:
            def __init__(self, backend=""): self.backend = backend
            def prepare_trace(self):
                if self.backend: prof.log.append(self.backend + " takes CUPTI")
                self.profiler = prof.profile(True)
                self.profiler._prepare_trace()
            def __enter__(self):
                self.prepare_trace()
                self.profiler._start_trace()
                return self
            def __exit__(self, *a): self.profiler.__exit__()
            def export_chrome_trace(self, path): self.profiler.export_chrome_trace(path + ".part"); open(path, "w").write("{}")
        class profile(_KinetoProfile): pass
    """,
}
# One whose profiler shows what every thread runs, whichever opens it (2.15).
TORCH_OF_EVERY_THREAD = dict(TORCH, **{
    "torch/__init__.py": TORCH["torch/__init__.py"].replace("from . import ", "from . import _C, "),
    "torch/_C.py": """
        class _profiler:
            class _ExperimentalConfig:
                def __init__(self, profile_all_threads=False): pass
    """,
})
JAX = {
    "jax/__init__.py": """
        __version__ = "0.9"
        class config:
            values = {"jax_enable_x64": False, "jax_default_matmul_precision": None}
    """,
    "jaxlib/__init__.py": "__version__ = '0.9.1'\n",
}
TENSORFLOW = {
    "tensorflow/__init__.py": """
        __version__ = "2.99"
        class sysconfig:
            @staticmethod
            def get_build_info(): return {"cuda_version": "12.5", "is_cuda_build": True}
        class config:
            class threading:
                @staticmethod
                def get_inter_op_parallelism_threads(): return 0
                @staticmethod
                def get_intra_op_parallelism_threads(): return 4
    """,
}
