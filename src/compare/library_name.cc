#include "compare/library_name.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace varve {

namespace {
// Prefixes of file names. Libraries that bring their own kernels for dense mathematics, convolution and communication,
// and the OpenMP runtimes that spread them over threads.
constexpr std::array kComputeLibraries{
    "libopenblas",   "libmkl",         "libblis",    "libblas",     "liblapack",  "libcblas", "libatlas",
    "libflexiblas",  "libdnnl",        "libmkldnn",  "libonednn",   "libcublas",  "libcudnn", "libcufft",
    "libcusparse",   "libcusolver",    "libcurand",  "libcutensor", "libnccl",    "librccl",  "libtorch",
    "libc10",        "librocblas",     "libhipblas", "libMIOpen",   "libgomp",    "libiomp",  "libomp",
    "libtensorflow", "libonnxruntime", "libggml",    "libllama",    "libnvinfer", "libfftw",  "libarm_compute",
    "libxnnpack",    "libtbb",         "libsleef",   "libtriton",   "libflash",
};

bool starts_with_any(std::string_view name, const auto& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return name.starts_with(p); });
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// "-r0…", "-3…" or "-0cf96a72": what follows the dash is a release, a version or the digest that auditwheel adds.
bool begins_version(std::string_view after_dash) {
  if (after_dash.empty()) return false;
  if (is_digit(after_dash[0])) return true;
  if (after_dash[0] == 'r' && after_dash.size() > 1 && is_digit(after_dash[1])) return true;
  const auto digits = after_dash.substr(0, 8);
  return digits.size() == 8 && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
}  // namespace

std::string library_stem(std::string_view path) {
  const std::string name = file_name(path);
  std::string_view stem(name);
  stem = stem.substr(0, stem.find(".so"));
  for (std::size_t dash = stem.find('-'); dash != std::string_view::npos && dash > 0; dash = stem.find('-', dash + 1)) {
    if (begins_version(stem.substr(dash + 1))) {
      stem = stem.substr(0, dash);
      break;
    }
  }
  return stem.empty() ? name : std::string(stem);
}

bool is_gpu_driver_library(std::string_view path) {
  const std::string name = file_name(path);
  return name.starts_with("libcuda.so") || name.starts_with("libamdhip64");
}

bool is_gpu_runtime_library(std::string_view path) {
  const std::string name = file_name(path);
  return name.starts_with("libcudart") || name.starts_with("libamdhip64");
}

Layer library_layer(std::string_view path) {
  const std::string name = file_name(path);
  if (name.starts_with("libcuda.so")) return Layer::user_driver;
  if (is_gpu_runtime_library(name) || name.starts_with("libnvrtc") || name.starts_with("libnvJitLink")) {
    return Layer::bundled_runtime;
  }
  if (starts_with_any(name, kComputeLibraries)) return Layer::kernel_library;
  const bool python_package =
      path.find("/site-packages/") != std::string_view::npos || path.find("/dist-packages/") != std::string_view::npos;
  return python_package ? Layer::framework : Layer::os;
}

}  // namespace varve
