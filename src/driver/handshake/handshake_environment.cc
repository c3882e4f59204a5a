#include <fmt/format.h>
#include <stdlib.h>

#include <cstddef>

#include "binary/version/static_runtime.h"
#include "driver/driver_api.h"
#include "driver/handshake/handshake.h"
#include "driver/handshake/handshake_steps.h"
#include "driver/probe_library.h"

namespace varve {

namespace {
// cublasStatus_t, "cuBLAS Data types reference"; libraries before CUDA 11.4 cannot name their own.
std::string cublas_status_name(int status) {
  switch (status) {
    case 1:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 3:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case 7:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case 8:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case 11:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case 13:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case 15:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case 16:
      return "CUBLAS_STATUS_LICENSE_ERROR";
    default:
      return fmt::format("cuBLAS status {}", status);
  }
}

// The library's own name for its code, where it has a function for that.
std::string own_name(const ProbeLibrary& library, const char* function_name, int code, const std::string& otherwise) {
  const auto function = library.function<const char* (*)(int)>(function_name);
  const char* name = function == nullptr ? nullptr : function(code);
  return name == nullptr ? otherwise : name;
}

bool open_step(const std::string& path, const char* step, ProbeLibrary& library, StepWriter& steps) {
  steps.begin(step);
  library = ProbeLibrary::open(path, true);
  if (!library) {
    steps.fail({}, library.problem());
    return false;
  }
  steps.pass();
  return true;
}

// A call that yields one number. False: it failed.
template <class Call>
bool runtime_step(const ProbeLibrary& cudart, const char* name, Call call, StepWriter& steps) {
  steps.begin(name);
  std::string detail;
  const int code = call(detail);
  if (code != 0) {
    steps.fail(code, own_name(cudart, "cudaGetErrorName", code, cuda_error_name(code)));
    return false;
  }
  steps.pass(detail);
  return true;
}

// Why no device can be used afterwards; empty: it can.
std::string try_cudart(const std::string& path, const std::string& no_device, StepWriter& steps) {
  constexpr int kNoCudartFunction = 500;
  ProbeLibrary cudart;
  if (!open_step(path, "open libcudart", cudart, steps)) return "libcudart cannot be opened";
  runtime_step(
      cudart, "cudaRuntimeGetVersion",
      [&](std::string& detail) {
        const auto get = cudart.function<int (*)(int*)>("cudaRuntimeGetVersion");
        int version = 0;
        const int code = get == nullptr ? kNoCudartFunction : get(&version);
        detail = cuda_version_text(static_cast<int>(version));
        return code;
      },
      steps);
  if (!no_device.empty()) return no_device;
  const auto get_count = cudart.function<int (*)(int*)>("cudaGetDeviceCount");
  const bool counted = runtime_step(
      cudart, "cudaGetDeviceCount",
      [&](std::string& detail) {
        int count = 0;
        const int code = get_count == nullptr ? kNoCudartFunction : get_count(&count);
        detail = fmt::format("{} GPU{}", count, count == 1 ? "" : "s");
        return code;
      },
      steps);
  if (!counted) return "cudaGetDeviceCount failed";
  const auto release = cudart.function<int (*)(void*)>("cudaFree");  // of nothing: makes the context
  const bool made = runtime_step(
      cudart, "cudaFree", [&](std::string&) { return release == nullptr ? kNoCudartFunction : release(nullptr); },
      steps);
  return made ? "" : "cudaFree failed";
}

struct HandleMaker {
  const char *step, *open_step, *create, *name_function;
};

// A library that is used through a handle.
void try_library(const std::string& path, const HandleMaker& maker, const std::string& no_device, StepWriter& steps) {
  if (path.empty()) return;
  ProbeLibrary library;
  if (!open_step(path, maker.open_step, library, steps)) return;
  steps.begin(maker.step);
  if (!no_device.empty()) return steps.skip({}, no_device);
  const auto create = library.function<int (*)(void**)>(maker.create);
  if (create == nullptr) return steps.fail({}, fmt::format("it has no {}", maker.create));
  void* handle = nullptr;
  const int code = create(&handle);
  if (code == 0) return steps.pass();
  const bool is_cublas = std::string_view(maker.create).starts_with("cublas");
  const std::string otherwise = is_cublas ? cublas_status_name(code) : fmt::format("status {}", code);
  steps.fail(code, own_name(library, maker.name_function, code, otherwise) + " in " + maker.create);
}
}  // namespace

void shake_hands_with_environment(const EnvironmentLibraries& libraries, const std::string& libcuda,
                                  const std::string& no_device, StepWriter& steps) {
  ::setenv("CUDA_CACHE_DISABLE", "1", 1);
  // The runtime asks the loader for libcuda.so.1: what was opened before under that SONAME is what it gets.
  if (libcuda.find('/') != std::string::npos && no_device.empty()) ProbeLibrary::open(libcuda, true);
  std::string reason = no_device;
  if (!libraries.cudart.empty()) reason = try_cudart(libraries.cudart, no_device, steps);
  try_library(libraries.cublas, {"cuBLAS", "open libcublas", "cublasCreate_v2", "cublasGetStatusName"}, reason, steps);
  try_library(libraries.cudnn, {"cuDNN", "open libcudnn", "cudnnCreate", "cudnnGetErrorString"}, reason, steps);
}

}  // namespace varve
