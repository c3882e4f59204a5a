// Environment variables that make a run slower or other than the default.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/situation/gpu_class.h"
#include "rules/speed/speed_rules.h"

namespace varve {

namespace {
constexpr const char* kCudaVariables = "CUDA C++ Programming Guide, CUDA Environment Variables";

// What a variable decides: a rule for each.
enum class Topic { waiting, precision, allocator, loading, deterministic, cache, path };

// When a value counts.
enum class When {
  on,        // 1, true, yes, on
  off,       // 0, false, no, off
  set,       // anything but nothing
  contains,  // has `word` in it
};

struct SettingRow {
  Topic topic;
  const char* name;
  When when;
  const char* word;  // for `contains`
  const char* effect;
  Severity severity = Severity::note;
};

// Several GPUs of data centres copy to each other over NVLink or PCIe; between GeForce it is often not there at all.
bool loses_peer_copies(const Analysis& analysis, const SettingRow& row) {
  const auto& gpus = analysis.gpus;
  return std::string_view(row.name) == "NCCL_P2P_DISABLE" && gpus.size() > 1 &&
         std::all_of(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu_class(gpu) == GpuClass::data_center; });
}

// Sources: CUDA C++ Programming Guide, Environment Variables; PyTorch, CUDA semantics and CUDA environment variables;
// cuBLAS, Results reproducibility; TensorFlow's and JAX's documentation; NCCL, Environment Variables.
constexpr SettingRow kRows[] = {
    {Topic::waiting, "CUDA_LAUNCH_BLOCKING", When::on, "", "every kernel launch waits for its end", Severity::warning},
    {Topic::waiting, "HIP_LAUNCH_BLOCKING", When::on, "", "every kernel launch waits for its end", Severity::warning},
    {Topic::waiting, "TORCH_NCCL_BLOCKING_WAIT", When::on, "", "every collective blocks the CPU until it is done"},
    {Topic::waiting, "NCCL_BLOCKING_WAIT", When::on, "", "every collective blocks the CPU until it is done"},
    {Topic::precision, "NVIDIA_TF32_OVERRIDE", When::off, "",
     "TF32 is off in all of NVIDIA's libraries whatever the framework asks for: float32 matrix products and "
     "convolutions run without tensor cores",
     Severity::warning},
    {Topic::precision, "NVIDIA_TF32_OVERRIDE", When::on, "", "TF32 is allowed as the program asks for it"},
    {Topic::precision, "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", When::on, "",
     "float32 matrix products use TF32: faster, with 10 bits of mantissa"},
    {Topic::precision, "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", When::off, "", "float32 matrix products do not use TF32"},
    {Topic::precision, "CUPY_TF32", When::on, "", "CuPy's float32 matrix products use TF32"},
    {Topic::precision, "JAX_DEFAULT_MATMUL_PRECISION", When::set, "",
     "it decides how exact and how fast JAX's matrix products are"},
    {Topic::precision, "JAX_ENABLE_X64", When::on, "", "JAX computes in float64 by default"},
    {Topic::precision, "TF_ENABLE_CUBLAS_TENSOR_OP_MATH", When::off, "",
     "TensorFlow's matrix products leave tensor cores alone"},
    {Topic::precision, "TF_ENABLE_CUDNN_TENSOR_OP_MATH", When::off, "",
     "TensorFlow's convolutions leave tensor cores alone"},
    {Topic::allocator, "PYTORCH_NO_CUDA_MEMORY_CACHING", When::on, "",
     "every tensor asks the driver for memory, and waits for it", Severity::warning},
    {Topic::allocator, "PYTORCH_CUDA_ALLOC_CONF", When::set, "", "it changes how PyTorch takes GPU memory"},
    {Topic::allocator, "PYTORCH_ALLOC_CONF", When::set, "", "it changes how PyTorch takes GPU memory"},
    {Topic::allocator, "XLA_PYTHON_CLIENT_ALLOCATOR", When::contains, "platform",
     "JAX takes and returns GPU memory for every array, which is slow", Severity::warning},
    {Topic::allocator, "XLA_PYTHON_CLIENT_PREALLOCATE", When::off, "", "JAX takes GPU memory as it goes"},
    {Topic::allocator, "TF_FORCE_GPU_ALLOW_GROWTH", When::on, "", "TensorFlow takes GPU memory as it goes"},
    {Topic::allocator, "TF_GPU_ALLOCATOR", When::set, "", "it changes how TensorFlow takes GPU memory"},
    {Topic::loading, "CUDA_MODULE_LOADING", When::contains, "EAGER",
     "all GPU code is loaded at start: a longer start and more memory, no delay at first calls"},
    {Topic::loading, "CUDA_MODULE_LOADING", When::contains, "LAZY",
     "GPU code is loaded at its first call: that call is slow, and what is measured first has it in it"},
    {Topic::deterministic, "CUBLAS_WORKSPACE_CONFIG", When::set, "",
     "cuBLAS is held to this workspace: the same results every time, and fewer kernels to choose from"},
    {Topic::deterministic, "TF_DETERMINISTIC_OPS", When::on, "",
     "TensorFlow takes deterministic kernels, which are slower"},
    {Topic::deterministic, "TF_CUDNN_DETERMINISTIC", When::on, "",
     "TensorFlow takes deterministic convolutions, which are slower"},
    {Topic::deterministic, "XLA_FLAGS", When::contains, "xla_gpu_deterministic_ops=true",
     "XLA takes deterministic kernels, which are slower"},
    {Topic::deterministic, "FLASH_ATTENTION_DETERMINISTIC", When::on, "",
     "attention takes a deterministic backward pass, which is slower"},
    {Topic::deterministic, "NCCL_ALGO", When::set, "", "collectives are held to this algorithm"},
    {Topic::deterministic, "NCCL_PROTO", When::set, "", "collectives are held to this protocol"},
    {Topic::cache, "CUDA_CACHE_DISABLE", When::on, "",
     "what the driver compiles is not kept: every start compiles PTX again", Severity::warning},
    {Topic::cache, "TORCHINDUCTOR_FORCE_DISABLE_CACHES", When::on, "", "compiled graphs are not kept"},
    {Topic::cache, "TRITON_ALWAYS_COMPILE", When::on, "", "every kernel is compiled again"},
    {Topic::path, "TRITON_INTERPRET", When::on, "", "Triton's kernels are interpreted on the CPU", Severity::warning},
    {Topic::path, "JAX_DISABLE_JIT", When::on, "", "nothing is compiled", Severity::warning},
    {Topic::path, "PYTORCH_JIT", When::off, "", "TorchScript is interpreted"},
    {Topic::path, "TORCHDYNAMO_DISABLE", When::on, "", "torch.compile does nothing"},
    {Topic::path, "TORCH_COMPILE_DISABLE", When::on, "", "torch.compile does nothing"},
    {Topic::path, "TORCH_CUDNN_V8_API_DISABLED", When::on, "", "convolutions are chosen by cuDNN's older interface"},
    {Topic::path, "TORCH_CUDNN_SDPA_ENABLED", When::off, "", "cuDNN's attention is not taken"},
    {Topic::path, "TORCH_BLAS_PREFER_CUBLASLT", When::set, "", "it decides which library does matrix products"},
    {Topic::path, "DISABLE_ADDMM_CUDA_LT", When::on, "", "matrix products with a bias do not go through cuBLASLt"},
    {Topic::path, "TF_CUDNN_USE_AUTOTUNE", When::off, "", "TensorFlow does not try out convolutions"},
    {Topic::path, "JAX_PLATFORMS", When::contains, "cpu", "JAX runs on the CPU, or may"},
    {Topic::path, "NCCL_P2P_DISABLE", When::on, "", "GPUs do not copy to each other directly"},
    {Topic::path, "NCCL_SHM_DISABLE", When::on, "", "ranks of one machine do not share memory"},
    {Topic::path, "NCCL_IB_DISABLE", When::on, "", "collectives between machines do not use InfiniBand"},
    {Topic::path, "ATEN_CPU_CAPABILITY", When::set, "", "PyTorch's CPU kernels are held to this instruction set"},
    {Topic::path, "ONEDNN_MAX_CPU_ISA", When::set, "", "oneDNN's kernels are held to this instruction set"},
    {Topic::path, "MKL_DEBUG_CPU_TYPE", When::set, "", "oneMKL is told to take this processor for another"},
};

bool is_one_of(const std::string& value, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (value == word) return true;
  }
  return false;
}

bool counts(const SettingRow& row, const std::string& value) {
  const std::string lower = to_lower(trim(value));
  if (row.when == When::on) return is_one_of(lower, {"1", "true", "yes", "on", "y"});
  if (row.when == When::off) return is_one_of(lower, {"0", "false", "no", "off", "n"});
  if (row.when == When::contains) return lower.find(to_lower(row.word)) != std::string::npos;
  return !lower.empty();
}
// One finding a variable.
template <Topic topic>
std::vector<Found> find_settings(const Analysis& analysis) {
  std::vector<Found> found;
  for (const SettingRow& row : kRows) {
    if (row.topic != topic) continue;
    const std::optional<std::string> value = setting_of(analysis, row.name);
    if (!value || !counts(row, *value)) continue;
    found.push_back(
        {.evidence = fmt::format("{}={}: {}", row.name, *value, row.effect),
         .severity = loses_peer_copies(analysis, row) ? Severity::warning : with_gpu(analysis, row.severity),
         .about = {{About::setting, row.name}}});
  }
  return found;
}
}  // namespace

const std::vector<Rule>& speed_setting_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-SPEED-WAITING",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "No variable for finding faults makes launches wait",
       .consequence = "CPU and GPU no longer work at the same time",
       .fix = "Unset it for anything but finding a fault",
       .source = kCudaVariables,
       .judge = find_settings<Topic::waiting>},
      {.id = "VRV-SPEED-PRECISION",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "The precision of matrix products is the framework's default",
       .consequence = "Speed and rounding of float32 work differ from a run without it",
       .fix = "State it beside the number, or unset it",
       .source = "cuBLAS documentation, NVIDIA_TF32_OVERRIDE; PyTorch documentation, CUDA semantics",
       .judge = find_settings<Topic::precision>},
      {.id = "VRV-SPEED-ALLOCATOR",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "GPU memory is taken in the framework's usual way",
       .consequence = "Time for taking memory, and how much of it fits, differ",
       .fix = "State it beside the number, or unset it",
       .source = "PyTorch documentation, Memory management; JAX documentation, GPU memory allocation",
       .judge = find_settings<Topic::allocator>},
      {.id = "VRV-SPEED-LOADING",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "GPU code is loaded as the driver does by default",
       .consequence = "Start and first calls take another time",
       .fix = "Warm up before measuring; unset it to compare with others",
       .source = kCudaVariables,
       .judge = find_settings<Topic::loading>},
      {.id = "VRV-SPEED-DETERMINISTIC",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "Kernels are chosen for speed",
       .consequence = "Fewer kernels may be chosen; what is left is often slower",
       .fix = "Keep it where results must repeat, and state it",
       .source = "cuBLAS documentation, Results reproducibility; TensorFlow release notes; NCCL documentation",
       .judge = find_settings<Topic::deterministic>},
      {.id = "VRV-SPEED-CACHE",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "What was compiled once is kept",
       .consequence = "Every start pays for compiling again",
       .fix = "Unset it, or point the cache at a folder that lasts",
       .source = kCudaVariables,
       .judge = find_settings<Topic::cache>},
      {.id = "VRV-SPEED-PATH",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "No variable switches a faster way off",
       .consequence = "Other, mostly slower, code runs",
       .fix = "Unset it unless it mends a fault",
       .source = "documentation of the framework or library that reads it",
       .judge = find_settings<Topic::path>},
  };
  return rules;
}

}  // namespace varve
