// The driver against the runtimes that consumers load, forward compatibility, and GPU code against the GPUs.
#include "rules/consumer/runtime_findings.h"

namespace varve {

namespace {
namespace find = runtime_findings;

constexpr const char* kCompatibility = "NVIDIA, CUDA Compatibility (docs.nvidia.com/deploy/cuda-compatibility)";
constexpr const char* kApplication =
    "NVIDIA, CUDA C++ Programming Guide, binary and PTX compatibility; the architecture compatibility guides";

std::vector<Rule> driver_rows() {
  return {
      {"VRV-RUNTIME-NO-DRIVER",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {},
       "The driver that was supposed has a libcuda.",
       "Every program that uses CUDA says that there is no driver: error 35 with driver version 0, or 303",
       "Install a driver; another framework or toolkit does not help",
       kCompatibility,
       find::no_driver},
      {"VRV-RUNTIME-DRIVER-TOO-OLD",
       Layer::bundled_runtime,
       Severity::error,
       Mender::platform,
       "driver_ceiling",
       {"driver.api_level"},
       "Each runtime is served in one of three ways: backward (the driver is as new or newer), minor-version (a newer "
       "runtime of the same major version, from CUDA 11 on, over a driver at or above the floor of that version), or "
       "forward (a newer libcuda of cuda-compat on data-centre GPUs). A runtime newer than the driver is not always an "
       "error.",
       "The first call to CUDA fails: error 35, \"CUDA driver version is insufficient for CUDA runtime version\", or "
       "\"The NVIDIA driver on your system is too old\", whose number is the API level and not the driver's version",
       "Install a newer driver, or builds for the CUDA that this driver serves",
       kCompatibility,
       find::driver_too_old},
      {"VRV-RUNTIME-MINOR-VERSION",
       Layer::bundled_runtime,
       Severity::note,
       Mender::platform,
       "driver_ceiling",
       {"driver.api_level"},
       "The driver is as new as the runtime, or what minor-version compatibility leaves out is known.",
       "Machine code runs. PTX newer than the driver's compiler takes is refused (error 222), and calls that came with "
       "the newer release answer error 36",
       "Nothing, as long as all of it is machine code; else a driver of the runtime's own release",
       kCompatibility,
       find::minor_version},
      {"VRV-RUNTIME-SECOND-RUNTIME",
       Layer::bundled_runtime,
       Severity::warning,
       Mender::framework,
       "driver_ceiling",
       {"driver.api_level"},
       "The runtimes inside the libraries that a program loads are served by the driver too.",
       "The program starts, and fails where it first uses that library",
       "Install the build of that library for the CUDA that the driver serves, or a newer driver",
       kCompatibility,
       find::second_runtime},
      {"VRV-RUNTIME-NEWER-THAN-DATA",
       Layer::user_driver,
       Severity::note,
       Mender::application,
       "driver_ceiling",
       {},
       "Driver, GPU and runtimes are not newer than the tables.",
       "What rests on the tables alone cannot be told for it",
       "Take a newer Varve, or newer tables by --data",
       "the dates of the tables in data/",
       find::newer_than_data},
      {"VRV-RUNTIME-BRANCH-END-OF-LIFE",
       Layer::kernel_driver,
       Severity::note,
       Mender::platform,
       "driver_ceiling",
       {"driver.kernel_mode.version"},
       "The branch of the driver still gets fixes.",
       "It gets no more security fixes and no support for newer runtimes",
       "Move to a branch that is still served when you can",
       "data/driver_branches.json, with a source a row",
       find::branch_end_of_life},
      {"VRV-RUNTIME-GPU-UNKNOWN",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "driver_ceiling",
       {"gpu.models", "driver.kernel_mode.version"},
       "The driver knows the GPU, whatever CUDA it offers.",
       "The GPU is not listed, or nothing compiles for it; minor-version compatibility does not change that",
       "Install a driver branch that knows the GPU",
       "data/gpu_architectures.json, with a source a row; the driver's compiler",
       find::gpu_unknown},
      {"VRV-RUNTIME-GPU-DROPPED",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "driver_ceiling",
       {"gpu.models", "driver.kernel_mode.version"},
       "The driver still serves the GPU.",
       "The GPU is not listed, and error 100, no device, follows",
       "Install the last branch that serves the GPU",
       "data/gpu_architectures.json, with a source a row; the driver's compiler",
       find::gpu_dropped},
  };
}

std::vector<Rule> forward_rows() {
  return {
      {"VRV-FORWARD-GPU-CLASS",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "driver_ceiling",
       {"driver.kernel_mode.version", "driver.user_mode.version"},
       "A cuda-compat libcuda is taken only on GPUs that may use forward compatibility: data-centre ones, some "
       "professional "
       "ones, Jetson.",
       "Every program fails with error 804, \"forward compatibility was attempted on non supported HW\", also those "
       "that "
       "the driver itself would serve",
       "Take the compat folder out of LD_LIBRARY_PATH and of ld.so.conf.d (in an image: remove or mask "
       "/usr/local/cuda/compat and run ldconfig), and install a newer driver if one is needed. NVIDIA_DISABLE_REQUIRE "
       "only skips the check at the start",
       kCompatibility,
       find::forward_class},
      {"VRV-FORWARD-BRANCH",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "driver_ceiling",
       {"driver.kernel_mode.version", "driver.user_mode.version"},
       "A cuda-compat libcuda stands over a kernel driver of a branch that its package is made for.",
       "Programs fail with error 803, \"system has unsupported display driver / cuda driver combination\"",
       "Install the compat package of a release that is made for this branch, or a driver of one of the branches",
       "data/compat_packages.json, by the NVIDIA_REQUIRE_CUDA lists of NVIDIA's images, which can be narrower than "
       "what works",
       find::forward_branch},
      {"VRV-FORWARD-OLDER",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {"driver.kernel_mode.version", "driver.user_mode.version"},
       "A cuda-compat libcuda is not older than the kernel driver.",
       "Programs fail with error 803, \"system has unsupported display driver / cuda driver combination\", though the "
       "driver "
       "itself would serve them",
       "Take the compat folder out of LD_LIBRARY_PATH and of ld.so.conf.d: a newer driver needs no compat package",
       kCompatibility,
       find::forward_older},
      {"VRV-FORWARD-IN-USE",
       Layer::user_driver,
       Severity::note,
       Mender::platform,
       "driver_ceiling",
       {"driver.kernel_mode.version", "driver.user_mode.version"},
       "The libcuda that is found first is the driver's own, or a compat one that may stand over it.",
       "The newer runtime is served through the compat libcuda; OpenGL and Vulkan are not",
       "Nothing; keep the kernel driver within the branches of the package when you update",
       kCompatibility,
       find::forward_in_use},
      {"VRV-FORWARD-NOT-FIRST",
       Layer::user_driver,
       Severity::warning,
       Mender::platform,
       "driver_ceiling",
       {"driver.kernel_mode.version", "driver.user_mode.version"},
       "Where a compat libcuda is needed and may be used, it is found first.",
       "The driver's own libcuda is taken, and it is too old for the runtime",
       "Put the compat folder first on LD_LIBRARY_PATH",
       kCompatibility,
       find::forward_not_first},
      {"VRV-FORWARD-IMAGE",
       Layer::container,
       Severity::warning,
       Mender::platform,
       "driver_ceiling",
       {"driver.kernel_mode.version"},
       "The compat libcuda that an image brings may stand over the host's driver.",
       "A container runtime that puts the image's compat libraries first makes every program fail with 803 or 804, "
       "also "
       "where the host's driver would do",
       "Use an image for a CUDA release that the host's driver offers itself, or start it without its compat folder",
       kCompatibility,
       find::forward_of_image},
  };
}

std::vector<Rule> code_rows() {
  return {
      {"VRV-CODE-NO-KERNEL-IMAGE",
       Layer::framework,
       Severity::error,
       Mender::framework,
       "kernel_coverage",
       {"gpu.models"},
       "A consumer's own GPU code holds machine code for the GPU, or PTX that the driver compiles for it.",
       "The first kernel fails: error 209, \"no kernel image is available for execution on the device\"",
       "Install a build that was made for this GPU, or build it from source for it. Another host toolkit or nvcc does "
       "not "
       "help, though that is often advised: a wheel carries its own code",
       kApplication,
       find::no_kernel_image},
      {"VRV-CODE-PTX-TOO-NEW",
       Layer::framework,
       Severity::error,
       Mender::platform,
       "kernel_coverage",
       {"gpu.models", "driver.api_level"},
       "Where only PTX serves the GPU, the driver's compiler takes its version: the limit of minor-version "
       "compatibility.",
       "Loading fails: error 222, \"the provided PTX was compiled with an unsupported toolchain\"",
       "Install a driver as new as the toolkit that made the PTX, or a build with machine code for this GPU. Another "
       "host "
       "toolkit does not help a wheel",
       kApplication,
       find::ptx_too_new},
      {"VRV-CODE-JIT-AT-START",
       Layer::framework,
       Severity::warning,
       Mender::framework,
       "silent_slowdown",
       {"gpu.models", "driver.api_level"},
       "A consumer's own GPU code is machine code for the GPU.",
       "It runs; the driver compiles it at the first start, which can take minutes, and again when its cache "
       "(CUDA_CACHE_PATH, CUDA_CACHE_MAXSIZE) is lost",
       "Install a build with machine code for this GPU, or keep the cache; --prove-jit measures how long it takes",
       kApplication,
       find::jit_at_start},
      {"VRV-CODE-IN-PART",
       Layer::framework,
       Severity::note,
       Mender::framework,
       "kernel_coverage",
       {"gpu.models"},
       "All of a consumer's own GPU code serves the GPU.",
       "It runs; parts of it take a general path where other GPUs have code of their own, or are not there at all",
       "Install a build that was made for this GPU, where those parts matter",
       kApplication,
       find::code_in_part},
      {"VRV-CODE-JIT-DISABLED",
       Layer::settings,
       Severity::error,
       Mender::application,
       "kernel_coverage",
       {"gpu.models"},
       "CUDA_DISABLE_PTX_JIT is not set where PTX is needed.",
       "Kernels that are there as PTX only are not loaded",
       "Unset CUDA_DISABLE_PTX_JIT",
       "NVIDIA, CUDA C++ Programming Guide, environment variables",
       find::jit_disabled},
      {"VRV-CODE-JIT-FORCED",
       Layer::settings,
       Severity::warning,
       Mender::application,
       "silent_slowdown",
       {},
       "CUDA_FORCE_PTX_JIT is not set.",
       "Machine code is ignored: everything is compiled from PTX at the start, and what has no PTX fails",
       "Unset CUDA_FORCE_PTX_JIT",
       "NVIDIA, CUDA C++ Programming Guide, environment variables",
       find::jit_forced},
      {"VRV-CODE-COMPILER-GPU",
       Layer::framework,
       Severity::warning,
       Mender::framework,
       "kernel_coverage",
       {"gpu.models"},
       "The compilers that a consumer uses at run time (ptxas of Triton and XLA, NVRTC) know the GPU.",
       "What is compiled at run time fails (\"invalid value for --gpu-architecture\", \"Value 'sm_…' is not "
       "defined\"), "
       "while code that was made before runs",
       "Install the release of the framework whose compiler knows this GPU, or name a newer ptxas (TRITON_PTXAS_PATH)",
       "data/gpu_architectures.json, with a source a row",
       find::compiler_without_gpu},
      {"VRV-CODE-COMPRESSION",
       Layer::framework,
       Severity::warning,
       Mender::platform,
       "driver_ceiling",
       {"driver.user_mode.version"},
       "The driver can decompress the GPU code.",
       "The code is there and cannot be loaded: \"no kernel image\" or \"invalid image\"",
       "Install a driver of at least 550.54.14, or a build with the older compression",
       "RAPIDS, rapids-cmake, rapids_cuda_enable_fatbin_compression: zstd needs driver 550.54.14, LZ4 525.60.13",
       find::compression},
  };
}
}  // namespace

const std::vector<Rule>& runtime_rules() {
  static const std::vector<Rule> rules = [] {
    std::vector<Rule> all = driver_rows();
    for (const auto& more : {forward_rows(), code_rows()}) all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return rules;
}

}  // namespace varve
