# What frameworks are asked at the end of a process: run by start_up_hook.py, beside which it lies. Imports nothing that
# the program has not imported, and starts nothing: no back end, no GPU.
import os
import sys


# Sets facts[id] to what `question` gives; what a version does not have is left out.
def set_fact(facts, name, question):
    try:
        value = question()
    except Exception:
        return
    if value is not None:
        facts[name] = value if isinstance(value, (bool, int, float, list)) else str(value)


def about_torch(torch, facts):
    backends = torch.backends

    def ask(name, question):
        set_fact(facts, "torch." + name, question)
    ask("version", lambda: torch.__version__)
    ask("git", lambda: torch.version.git_version[:12])
    ask("cuda", lambda: torch.version.cuda or "none")
    ask("hip", lambda: torch.version.hip)
    ask("cpu_capability", lambda: backends.cpu.get_cpu_capability())
    ask("matmul.precision", lambda: torch.get_float32_matmul_precision())
    for name, switch in (("tf32", "allow_tf32"), ("fp16_reduced", "allow_fp16_reduced_precision_reduction"),
                         ("bf16_reduced", "allow_bf16_reduced_precision_reduction"),
                         ("fp16_accumulation", "allow_fp16_accumulation")):
        ask("matmul." + name, lambda: getattr(backends.cuda.matmul, switch))
    for name, switch in (("enabled", "enabled"), ("benchmark", "benchmark"), ("deterministic", "deterministic"),
                         ("tf32", "allow_tf32")):
        ask("cudnn." + name, lambda: getattr(backends.cudnn, switch))
    ask("cudnn.version", lambda: backends.cudnn.version() if is_mapped("libcudnn") else None)
    ask("deterministic", lambda: torch.are_deterministic_algorithms_enabled())
    ask("sdpa", lambda: sdpa(backends.cuda))
    ask("mkldnn.enabled", lambda: backends.mkldnn.enabled)
    ask("dtype", lambda: torch.get_default_dtype())
    ask("threads", lambda: torch.get_num_threads())
    ask("interop_threads", lambda: torch.get_num_interop_threads())
    for name, value in configuration(torch):
        ask("config." + name, lambda: value)
    if "torch._dynamo.utils" in sys.modules:
        about_dynamo(sys.modules["torch._dynamo.utils"].counters, ask)


def sdpa(cuda):
    names = ("flash", "mem_efficient", "math", "cudnn")
    return [name for name in names if getattr(cuda, name + "_sdp_enabled", lambda: False)()]


# "  - Build settings: BLAS_INFO=mkl, USE_OPENMP=ON, ..." and the lines before it: what decides which kernels there are.
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


def about_dynamo(counters, ask):
    ask("dynamo.graphs", lambda: int(counters["stats"].get("unique_graphs", 0)))
    ask("dynamo.graph_breaks", lambda: int(sum(counters["graph_break"].values())))
    ask("dynamo.frames", lambda: int(counters["frames"].get("ok", 0)))
    ask("dynamo.recompilations", lambda: recompilations())


def recompilations():
    counts = sys.modules["torch._dynamo.convert_frame"].FRAME_COMPILE_COUNTER
    return int(sum(max(0, count - 1) for count in counts.values()))


def is_mapped(name):
    with open("/proc/self/maps") as file:
        return any(name in line for line in file)


def about_jax(jax, facts):
    def ask(name, question):
        set_fact(facts, "jax." + name, question)
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


def about_tensorflow(tf, facts):
    def ask(name, question):
        set_fact(facts, "tensorflow." + name, question)
    ask("version", lambda: tf.__version__)
    for name in ("cuda_version", "cudnn_version", "is_cuda_build", "is_rocm_build"):
        ask("build." + name, lambda: tf.sysconfig.get_build_info()[name])
    ask("threads.inter_op", lambda: tf.config.threading.get_inter_op_parallelism_threads())
    ask("threads.intra_op", lambda: tf.config.threading.get_intra_op_parallelism_threads())
    ask("jit", lambda: tf.config.optimizer.get_jit() or "off")
    ask("tf32", lambda: tf.config.experimental.tensor_float_32_execution_enabled())
    ask("deterministic", lambda: sys.modules["tensorflow.python.framework.config"].is_op_determinism_enabled())
    ask("onednn", lambda: os.environ.get("TF_ENABLE_ONEDNN_OPTS", "not set"))
