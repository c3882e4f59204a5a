#include "rules/speed/speed_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "rules/consumer/gpu_class.h"
#include "rules/software/library_facts.h"

namespace varve {

namespace {
// When a value counts.
enum class When {
  on,        // 1, true, yes, on
  off,       // 0, false, no, off
  set,       // anything but nothing
  contains,  // has `word` in it
};

struct SettingRow {
  const char* topic;
  const char* name;
  When when;
  const char* word;  // for `contains`
  const char* effect;
  Severity severity = Severity::note;
};

// Several GPUs of data centres copy to each other over NVLink or PCIe; between GeForce it is often not there at all.
bool loses_peer_copies(const Situation& situation, const SettingRow& row) {
  const auto& gpus = situation.gpus;
  return std::string_view(row.name) == "NCCL_P2P_DISABLE" && gpus.size() > 1 &&
         std::all_of(gpus.begin(), gpus.end(),
                     [](const GpuView& gpu) { return gpu_class(gpu) == GpuClass::data_center; });
}

// Sources: CUDA C++ Programming Guide, Environment Variables; PyTorch, CUDA semantics and CUDA environment variables;
// cuBLAS, Results reproducibility; TensorFlow's and JAX's documentation; NCCL, Environment Variables.
constexpr SettingRow kRows[] = {
    {"waiting", "CUDA_LAUNCH_BLOCKING", When::on, "", "every kernel launch waits for its end", Severity::warning},
    {"waiting", "HIP_LAUNCH_BLOCKING", When::on, "", "every kernel launch waits for its end", Severity::warning},
    {"waiting", "TORCH_NCCL_BLOCKING_WAIT", When::on, "", "every collective blocks the CPU until it is done"},
    {"waiting", "NCCL_BLOCKING_WAIT", When::on, "", "every collective blocks the CPU until it is done"},
    {"precision", "NVIDIA_TF32_OVERRIDE", When::off, "",
     "TF32 is off in all of NVIDIA's libraries whatever the framework asks for: float32 matrix products and "
     "convolutions run without tensor cores",
     Severity::warning},
    {"precision", "NVIDIA_TF32_OVERRIDE", When::on, "", "TF32 is allowed as the program asks for it"},
    {"precision", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", When::on, "",
     "float32 matrix products use TF32: faster, with 10 bits of mantissa"},
    {"precision", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", When::off, "", "float32 matrix products do not use TF32"},
    {"precision", "CUPY_TF32", When::on, "", "CuPy's float32 matrix products use TF32"},
    {"precision", "JAX_DEFAULT_MATMUL_PRECISION", When::set, "",
     "it decides how exact and how fast JAX's matrix products are"},
    {"precision", "JAX_ENABLE_X64", When::on, "", "JAX computes in float64 by default"},
    {"precision", "TF_ENABLE_CUBLAS_TENSOR_OP_MATH", When::off, "",
     "TensorFlow's matrix products leave tensor cores alone"},
    {"precision", "TF_ENABLE_CUDNN_TENSOR_OP_MATH", When::off, "",
     "TensorFlow's convolutions leave tensor cores alone"},
    {"allocator", "PYTORCH_NO_CUDA_MEMORY_CACHING", When::on, "",
     "every tensor asks the driver for memory, and waits for it", Severity::warning},
    {"allocator", "PYTORCH_CUDA_ALLOC_CONF", When::set, "", "it changes how PyTorch takes GPU memory"},
    {"allocator", "PYTORCH_ALLOC_CONF", When::set, "", "it changes how PyTorch takes GPU memory"},
    {"allocator", "XLA_PYTHON_CLIENT_ALLOCATOR", When::contains, "platform",
     "JAX takes and returns GPU memory for every array, which is slow", Severity::warning},
    {"allocator", "XLA_PYTHON_CLIENT_PREALLOCATE", When::off, "", "JAX takes GPU memory as it goes"},
    {"allocator", "TF_FORCE_GPU_ALLOW_GROWTH", When::on, "", "TensorFlow takes GPU memory as it goes"},
    {"allocator", "TF_GPU_ALLOCATOR", When::set, "", "it changes how TensorFlow takes GPU memory"},
    {"loading", "CUDA_MODULE_LOADING", When::contains, "EAGER",
     "all GPU code is loaded at start: a longer start and more memory, no delay at first calls"},
    {"loading", "CUDA_MODULE_LOADING", When::contains, "LAZY",
     "GPU code is loaded at its first call: that call is slow, and what is measured first has it in it"},
    {"deterministic", "CUBLAS_WORKSPACE_CONFIG", When::set, "",
     "cuBLAS is held to this workspace: the same results every time, and fewer kernels to choose from"},
    {"deterministic", "TF_DETERMINISTIC_OPS", When::on, "", "TensorFlow takes deterministic kernels, which are slower"},
    {"deterministic", "TF_CUDNN_DETERMINISTIC", When::on, "",
     "TensorFlow takes deterministic convolutions, which are slower"},
    {"deterministic", "XLA_FLAGS", When::contains, "xla_gpu_deterministic_ops=true",
     "XLA takes deterministic kernels, which are slower"},
    {"deterministic", "FLASH_ATTENTION_DETERMINISTIC", When::on, "",
     "attention takes a deterministic backward pass, which is slower"},
    {"deterministic", "NCCL_ALGO", When::set, "", "collectives are held to this algorithm"},
    {"deterministic", "NCCL_PROTO", When::set, "", "collectives are held to this protocol"},
    {"cache", "CUDA_CACHE_DISABLE", When::on, "",
     "what the driver compiles is not kept: every start compiles PTX again", Severity::warning},
    {"cache", "TORCHINDUCTOR_FORCE_DISABLE_CACHES", When::on, "", "compiled graphs are not kept"},
    {"cache", "TRITON_ALWAYS_COMPILE", When::on, "", "every kernel is compiled again"},
    {"path", "TRITON_INTERPRET", When::on, "", "Triton's kernels are interpreted on the CPU", Severity::warning},
    {"path", "JAX_DISABLE_JIT", When::on, "", "nothing is compiled", Severity::warning},
    {"path", "PYTORCH_JIT", When::off, "", "TorchScript is interpreted"},
    {"path", "TORCHDYNAMO_DISABLE", When::on, "", "torch.compile does nothing"},
    {"path", "TORCH_COMPILE_DISABLE", When::on, "", "torch.compile does nothing"},
    {"path", "TORCH_CUDNN_V8_API_DISABLED", When::on, "", "convolutions are chosen by cuDNN's older interface"},
    {"path", "TORCH_CUDNN_SDPA_ENABLED", When::off, "", "cuDNN's attention is not taken"},
    {"path", "TORCH_BLAS_PREFER_CUBLASLT", When::set, "", "it decides which library does matrix products"},
    {"path", "DISABLE_ADDMM_CUDA_LT", When::on, "", "matrix products with a bias do not go through cuBLASLt"},
    {"path", "TF_CUDNN_USE_AUTOTUNE", When::off, "", "TensorFlow does not try out convolutions"},
    {"path", "JAX_PLATFORMS", When::contains, "cpu", "JAX runs on the CPU, or may"},
    {"path", "NCCL_P2P_DISABLE", When::on, "", "GPUs do not copy to each other directly"},
    {"path", "NCCL_SHM_DISABLE", When::on, "", "ranks of one machine do not share memory"},
    {"path", "NCCL_IB_DISABLE", When::on, "", "collectives between machines do not use InfiniBand"},
    {"path", "ATEN_CPU_CAPABILITY", When::set, "", "PyTorch's CPU kernels are held to this instruction set"},
    {"path", "ONEDNN_MAX_CPU_ISA", When::set, "", "oneDNN's kernels are held to this instruction set"},
    {"path", "MKL_DEBUG_CPU_TYPE", When::set, "", "oneMKL is told to take this processor for another"},
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
}  // namespace

std::vector<Found> settings_of_topic(const Situation& situation, std::string_view topic) {
  std::vector<Found> found;
  for (const SettingRow& row : kRows) {
    if (row.topic != topic) continue;
    const std::optional<std::string> value = setting_of(situation, row.name);
    if (!value || !counts(row, *value)) continue;
    found.push_back(
        {.evidence = fmt::format("{}={}: {}", row.name, *value, row.effect),
         .severity = loses_peer_copies(situation, row) ? Severity::warning : with_gpu(situation, row.severity)});
  }
  return found;
}

}  // namespace varve
