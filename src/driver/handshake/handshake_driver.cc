#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "driver/handshake/cuda_functions.h"
#include "driver/handshake/handshake_steps.h"
#include "driver/probe_library.h"

extern char** environ;

namespace varve {

namespace {
using Handle = CudaHandle;
using DevicePointer = CudaPointer;
constexpr int kNoFunction = 500;  // CUDA_ERROR_NOT_FOUND
constexpr int kJitErrors[] = {221, 222, 223};

// Writes 7 * index + seed. Code for sm_30 in the language of CUDA 9 is translated by every driver since.
constexpr const char* kPtx = R"(.version 6.0
.target sm_30
.address_size 64
.visible .entry varve_handshake(.param .u64 out, .param .u32 seed)
{
  .reg .b32 %r<7>;
  .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [seed];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ntid.x;
  mov.u32 %r4, %tid.x;
  mad.lo.u32 %r5, %r2, %r3, %r4;
  mul.wide.u32 %rd3, %r5, 4;
  add.u64 %rd4, %rd2, %rd3;
  mad.lo.u32 %r6, %r5, 7, %r1;
  st.global.u32 [%rd4], %r6;
  ret;
}
)";
constexpr unsigned kBlocks = 4, kThreads = 64;
constexpr std::uint32_t kSeed = 20240229;

// The first call that failed, if one did.
struct Failure {
  int code = 0;
  const char* call = nullptr;
  std::string wrong;  // the result was not as it should be
};

Failure run_loaded(const CudaFunctions& driver, Handle module) {
  Handle function = nullptr;
  if (const int code = driver.get_function(&function, module, "varve_handshake"))
    return {code, "cuModuleGetFunction", {}};
  std::array<std::uint32_t, kBlocks * kThreads> result{};
  DevicePointer memory = 0;
  if (const int code = driver.allocate(&memory, sizeof result)) return {code, "cuMemAlloc", {}};
  std::uint32_t seed = kSeed;
  void* parameters[] = {&memory, &seed};
  if (const int code = driver.launch(function, kBlocks, 1, 1, kThreads, 1, 1, 0, nullptr, parameters, nullptr)) {
    return {code, "cuLaunchKernel", {}};
  }
  if (const int code = driver.synchronize()) return {code, "cuCtxSynchronize", {}};
  if (const int code = driver.copy_to_host(result.data(), memory, sizeof result)) return {code, "cuMemcpyDtoH", {}};
  driver.free_memory(memory);
  for (std::uint32_t i = 0; i < result.size(); ++i) {
    if (result[i] == 7 * i + kSeed) continue;
    return {0, "kernel", fmt::format("wrong result: element {} is {}, not {}", i, result[i], 7 * i + kSeed)};
  }
  return {};
}

Failure run_image(const CudaFunctions& driver, const std::string& image) {
  Handle module = nullptr;
  if (const int code = driver.load_module(&module, image.c_str())) return {code, "cuModuleLoadData", {}};
  const Failure failure = run_loaded(driver, module);
  driver.unload_module(module);
  return failure;
}

void report_failure(const CudaFunctions& driver, const Failure& failure, StepWriter& steps) {
  if (failure.call == nullptr) return steps.pass(fmt::format("{} threads, result checked", kBlocks * kThreads));
  if (!failure.wrong.empty()) return steps.fail({}, failure.wrong);
  steps.fail(failure.code, driver.error_name(failure.code) + " in " + failure.call);
}

void kernel_from_ptx(const CudaFunctions& driver, const std::string& gpu, StepWriter& steps) {
  steps.begin("kernel from PTX", gpu);
  const Failure failure = run_image(driver, kPtx);
  const bool no_jit = std::find(std::begin(kJitErrors), std::end(kJitErrors), failure.code) != std::end(kJitErrors);
  if (!no_jit) return report_failure(driver, failure, steps);
  const char* why = failure.code == 221   ? "the driver's JIT compiler (libnvidia-ptxjitcompiler) is missing"
                    : failure.code == 222 ? "the driver's JIT compiler is older than the driver expects"
                                          : "the JIT is switched off (CUDA_DISABLE_PTX_JIT)";
  steps.skip(failure.code, driver.error_name(failure.code) + ": " + why + "; this says nothing against the GPU");
}

// The file's bytes, none when it cannot be read.
std::string file_bytes(const std::string& path, std::size_t cap) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(cap, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(cap));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return bytes;
}

// Empty when ptxas made FOLDER/out.cubin; else a reason in words. It belongs to our process group, ends with it and
// keeps our limits.
std::string run_ptxas(const std::string& ptxas, const std::string& architecture, const std::string& folder) {
  const std::string input = folder + "/in.ptx", output = folder + "/out.cubin", log = folder + "/log";
  std::ofstream(input, std::ios::binary) << kPtx;
  std::string option = "-arch=" + architecture, name = "ptxas", out_option = "-o", in = input, out = output;
  char* arguments[] = {name.data(), option.data(), out_option.data(), out.data(), in.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, 2, 1);
  pid_t process = 0;
  const int error = posix_spawn(&process, ptxas.c_str(), &files, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return fmt::format("{} cannot be started: {}", ptxas, std::strerror(error));
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string said = clean_utf8(trim(file_bytes(log, 512)), 256);
  return fmt::format("ptxas made no machine code for {}: {}", architecture, said.empty() ? "it said nothing" : said);
}

void kernel_from_sass(const CudaFunctions& driver, const std::string& gpu, const std::string& architecture,
                      const std::string& ptxas, const std::string& folder, StepWriter& steps) {
  steps.begin("kernel from SASS", gpu);
  if (ptxas.empty()) return steps.skip({}, "no ptxas is known that would make machine code");
  if (folder.empty()) return steps.skip({}, "no directory to write machine code to");
  if (architecture.empty()) return steps.skip({}, "the GPU did not state its compute capability");
  const std::string problem = run_ptxas(ptxas, architecture, folder);
  if (!problem.empty()) return steps.skip({}, problem);
  constexpr std::size_t kMostCubin = std::size_t{1} << 20;
  report_failure(driver, run_image(driver, file_bytes(folder + "/out.cubin", kMostCubin)), steps);
}

void shake_hands_with_gpu(const CudaFunctions& driver, int index, const std::string& ptxas, const std::string& folder,
                          StepWriter& steps) {
  const std::string gpu = fmt::format("GPU {}", index);
  steps.begin("cuDeviceGet", gpu);
  int device = 0;
  if (const int code = driver.get_device(&device, index)) return steps.fail(code, driver.error_name(code));
  char name[256] = {};
  int major = 0, minor = 0;
  driver.get_name(name, sizeof name - 1, device);
  const bool stated = driver.get_attribute(&major, kCudaCapabilityMajor, device) == 0 &&
                      driver.get_attribute(&minor, kCudaCapabilityMinor, device) == 0;
  steps.pass(stated ? fmt::format("{}, compute capability {}.{}", name, major, minor) : name);

  steps.begin("context", gpu);
  Handle context = nullptr;
  if (const int code = driver.retain_context(&context, device)) {
    return steps.fail(code, driver.error_name(code) + " in cuDevicePrimaryCtxRetain");
  }
  if (const int code = driver.set_current(context)) {
    return steps.fail(code, driver.error_name(code) + " in cuCtxSetCurrent");
  }
  steps.pass();
  kernel_from_ptx(driver, gpu, steps);
  kernel_from_sass(driver, gpu, stated ? fmt::format("sm_{}{}", major, minor) : "", ptxas, folder, steps);
  driver.release_context(device);
}
}  // namespace

std::string handshake_ptx() { return kPtx; }

void shake_hands_with_driver(const std::string& libcuda, const std::string& ptxas, const std::string& folder,
                             StepWriter& steps) {
  // So that the JIT does its work, and writes nothing into the user's home.
  ::setenv("CUDA_CACHE_DISABLE", "1", 1);
  steps.begin("open libcuda");
  const ProbeLibrary library = ProbeLibrary::open(libcuda);
  if (!library) return steps.fail({}, library.problem());
  const CudaFunctions driver(library);
  if (driver.lacking != nullptr) return steps.fail(kNoFunction, fmt::format("it has no {}", driver.lacking));
  steps.pass(libcuda);
  steps.begin("cuInit");
  if (const int code = driver.init(0)) return steps.fail(code, driver.error_name(code));
  steps.pass();
  steps.begin("cuDeviceGetCount");
  int count = 0;
  if (const int code = driver.get_count(&count)) return steps.fail(code, driver.error_name(code));
  if (count <= 0) return steps.fail({}, "no GPU");
  steps.pass(fmt::format("{} GPU{}", count, count == 1 ? "" : "s"));
  for (int index = 0; index < count; ++index) shake_hands_with_gpu(driver, index, ptxas, folder, steps);
}

}  // namespace varve
