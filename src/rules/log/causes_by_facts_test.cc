// Causes that a fact decides, of messages of installers, containers and communication libraries.
#include <gtest/gtest.h>

#include "rules/analysis/made_stack_testing.h"
#include "rules/check_stack.h"
#include "rules/judgement.h"
#include "rules/log/log_reader.h"
#include "rules/log/log_stack.h"

namespace varve {
namespace {

using test::MadeStack;

MadeStack machine() {
  static const Knowledge knowledge = *load_knowledge();
  MadeStack made(knowledge);
  made.stack().environments.clear();
  return made;
}

std::vector<ExplainedError> all_explained(MadeStack made, std::string_view text) {
  static const Knowledge knowledge = *load_knowledge();
  static const ErrorPatterns patterns = *load_error_patterns(knowledge);
  const LogReading log = read_log_text(text, patterns);
  const std::vector<std::string> others = complete_stack(made.stack(), log);
  const Analysis analysis = made.analysis();
  Check check = check_analysis(analysis);
  add_log(analysis, patterns, log, others, check);
  return check.errors;
}

ExplainedError explained(MadeStack made, std::string_view text) {
  const std::vector<ExplainedError> errors = all_explained(std::move(made), text);
  EXPECT_EQ(errors.size(), 1u) << text;
  return errors.empty() ? ExplainedError{} : errors.front();
}

// The first of several errors of a log.
ExplainedError first_explained(MadeStack made, std::string_view text) {
  const std::vector<ExplainedError> errors = all_explained(std::move(made), text);
  EXPECT_FALSE(errors.empty()) << text;
  return errors.empty() ? ExplainedError{} : errors.front();
}

bool says(const ExplainedError& error, std::string_view words) { return error.cause.find(words) != std::string::npos; }

TEST(CausesByFacts, AnOldCLibraryIsLikelyWherePipFindsNothing) {
  constexpr const char* kNone =
      "ERROR: Could not find a version that satisfies the requirement open3d (from versions: none)\n";
  const ExplainedError old = explained(machine().fact("os.libc", std::string("glibc 2.17")), kNone);
  EXPECT_EQ(old.standing, CauseStanding::supported);
  EXPECT_TRUE(says(old, "C library of this system is older")) << old.cause;
  const ExplainedError current = explained(machine().fact("os.libc", std::string("glibc 2.39")), kNone);
  EXPECT_FALSE(says(current, "C library")) << current.cause;
  const ExplainedError musl = explained(machine().fact("os.libc", std::string("musl 1.2.4")), kNone);
  EXPECT_NE(musl.standing, CauseStanding::supported) << "the versions of musl are counted otherwise";
}

TEST(CausesByFacts, Int8OfBitsandbytesIsTheGpuBelowSevenFive) {
  constexpr const char* kInt8 = "ERROR: Your GPU does not support Int8 Matmul!\n";
  const ExplainedError pascal = explained(machine().gpu("Tesla P40", "6.1"), kInt8);
  EXPECT_EQ(pascal.standing, CauseStanding::confirmed);
  EXPECT_TRUE(says(pascal, "no int8 matrix units"));
  const ExplainedError ampere = explained(machine().gpu("NVIDIA A100-SXM4-80GB", "8.0"), kInt8);
  EXPECT_EQ(ampere.standing, CauseStanding::supported);
  EXPECT_TRUE(says(ampere, "without cuBLASLt")) << ampere.cause;
}

TEST(CausesByFacts, UnderWslThereIsNoModuleToReload) {
  constexpr const char* kUnknown =
      "RuntimeError: CUDA unknown error - this may be due to an incorrectly set up environment\n";
  const ExplainedError wsl =
      explained(machine().fact("os.kernel.release", std::string("5.15.90.1-microsoft-standard-WSL2")), kUnknown);
  EXPECT_TRUE(says(wsl, "Windows does not give this GPU to WSL")) << wsl.cause;
  EXPECT_EQ(wsl.fix.find("modprobe"), std::string::npos) << wsl.fix;
  const ExplainedError linux_host =
      explained(machine().fact("os.kernel.release", std::string("6.8.0-45-generic")), kUnknown);
  EXPECT_NE(linux_host.fix.find("modprobe"), std::string::npos) << linux_host.fix;
  EXPECT_EQ(linux_host.standing, CauseStanding::stated);
}

TEST(CausesByFacts, SharedMemoryThatNothingAsksForConfirms) {
  constexpr const char* kBus = "RuntimeError: DataLoader worker (pid 41) is killed by signal: Bus error.\n";
  const auto with = [&](const char* log) {
    return explained(machine().fact("container.shared_memory", std::string("the engine's default, 64 MiB")), log);
  };
  EXPECT_EQ(with(kBus).standing, CauseStanding::confirmed);
  EXPECT_EQ(explained(machine(), kBus).standing, CauseStanding::stated);
  const ExplainedError nccl = with("unhandled system error (run with NCCL_DEBUG=INFO for details)\n");
  EXPECT_EQ(nccl.standing, CauseStanding::supported);
  EXPECT_TRUE(says(nccl, "/dev/shm is too small")) << nccl.cause;
}

TEST(CausesByFacts, RanksOnPartsOfOneGpu) {
  constexpr const char* kTwice = "Duplicate GPU detected : rank 0 and rank 1 both on CUDA device 1a000\n";
  MadeStack parts = machine().gpu("NVIDIA A100-SXM4-80GB", "8.0");
  parts.fact("gpu.mig.instances", std::vector<std::string>{"gpu0/gi1", "gpu0/gi2"});
  EXPECT_TRUE(says(explained(parts, kTwice), "parts of one GPU (MIG)"));
  EXPECT_TRUE(says(explained(machine(), kTwice), "Two ranks use one GPU"));
  EXPECT_TRUE(says(explained(parts, "CUDA error: invalid device ordinal\n"), "a process sees one part only"));
}

TEST(CausesByFacts, CommandBuffersOfXlaAskForADriver) {
  constexpr const char* kCapture =
      "UNIMPLEMENTED: StreamBeginCaptureToGraph is not implemented for CUDA below version 12.3. Therefore\n";
  EXPECT_EQ(explained(machine().driver("535.183.01", "12.2"), kCapture).standing, CauseStanding::confirmed);
  EXPECT_EQ(explained(machine().driver("550.54.15", "12.4"), kCapture).standing, CauseStanding::refuted);
}

TEST(CausesByFacts, WhatAVirtualGpuLacks) {
  constexpr const char* kLacks = "RuntimeError: CUDA error: operation not supported\n";
  const ExplainedError of_grid = explained(machine().gpu("GRID A100-40C", "8.0"), kLacks);
  EXPECT_EQ(of_grid.standing, CauseStanding::supported);
  EXPECT_TRUE(says(of_grid, "virtual one (vGPU)")) << of_grid.cause;
  EXPECT_TRUE(says(explained(machine().gpu("NVIDIA A40-12Q", "8.6"), kLacks), "virtual one"));
  EXPECT_FALSE(says(explained(machine(), kLacks), "virtual one")) << "nothing speaks for it";
  for (const char* name : {"NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe", "NVIDIA H100 80GB HBM3"}) {
    EXPECT_FALSE(says(explained(machine().gpu(name, "8.0"), kLacks), "virtual one")) << name;
  }
}

TEST(CausesByFacts, AFabricManagerThatFindsNoNvswitch) {
  constexpr const char* kNothing =
      "nv-fabricmanager[41]: request to query NVSwitch device information from NVSwitch driver failed with "
      "error:WARNING Nothing to do [NV_WARN_NOTHING_TO_DO]\n";
  const ExplainedError without = explained(machine().gpu("NVIDIA A40", "8.6"), kNothing);
  EXPECT_EQ(without.standing, CauseStanding::confirmed);
  EXPECT_TRUE(says(without, "It is not needed")) << without.cause;
  const ExplainedError blackwell = explained(machine().gpu("NVIDIA B200", "10.0"), kNothing);
  EXPECT_TRUE(says(blackwell, "nvlsm")) << blackwell.cause;
  EXPECT_NE(blackwell.standing, CauseStanding::confirmed);
  EXPECT_EQ(explained(machine().gpu("NVIDIA H100 80GB HBM3", "9.0"), kNothing).standing, CauseStanding::undecided)
      << "an H100 is built with NVSwitches and without";
}

TEST(CausesByFacts, WslOneGivesNoGpu) {
  constexpr const char* kNone =
      "nvidia-container-cli: initialization error: WSL environment detected but no adapters were found: unknown\n";
  const auto on = [&](const char* kernel) {
    return explained(machine().fact("os.kernel.release", std::string(kernel)), kNone);
  };
  EXPECT_TRUE(says(on("4.4.0-19041-Microsoft"), "WSL 1"));
  const ExplainedError second = on("5.15.153.1-microsoft-standard-WSL2");
  EXPECT_FALSE(says(second, "WSL 1")) << second.cause;
  EXPECT_TRUE(says(second, "Windows does not give this GPU to WSL")) << second.cause;
}

TEST(CausesByFacts, UnderWslLibcudaIsThatOfWindows) {
  constexpr const char* kMissing = "ImportError: libcuda.so.1: cannot open shared object file: No such file\n";
  const ExplainedError wsl =
      explained(machine().fact("os.kernel.release", std::string("5.15.153.1-microsoft-standard-WSL2")), kMissing);
  EXPECT_TRUE(says(wsl, "/usr/lib/wsl/lib")) << wsl.cause;
  const ExplainedError host = explained(machine().fact("os.kernel.release", std::string("6.8.0-45-generic")), kMissing);
  EXPECT_FALSE(says(host, "/usr/lib/wsl/lib")) << host.cause;
}

TEST(CausesByFacts, ShapesThatDoNotFitAreTheProgram) {
  constexpr const char* kInvalid = "RuntimeError: CUDA error: CUBLAS_STATUS_INVALID_VALUE when calling `cublasSgemm(\n";
  const ExplainedError alone = explained(machine(), kInvalid);
  EXPECT_EQ(alone.standing, CauseStanding::undecided) << alone.cause;
  const ExplainedError both =
      first_explained(machine(), std::string(kInvalid) +
                                     "RuntimeError: mat1 and mat2 shapes cannot be multiplied (16x127 and 128x64)\n");
  EXPECT_EQ(both.category, FaultCategory::none);
  EXPECT_TRUE(says(both, "no fault of the stack")) << both.cause;
}

TEST(CausesByFacts, WhatEndsAModulesBuildIsToldBeforeThatItEnded) {
  const ExplainedError compiler =
      first_explained(machine(),
                      "Error! Bad return status for module build on kernel: 5.2.8-818.native (x86_64)\n"
                      "*** Failed CC version check. Bailing out! ***\n");
  EXPECT_TRUE(says(compiler, "another release than the one that the kernel was built with")) << compiler.cause;
  const ExplainedError source = first_explained(
      machine(),
      "/var/lib/dkms/nvidia/470.94/build/nvidia/nv-procfs.c:73:60: error: passing argument 4 of 'proc_create_data'\n"
      "Error! Bad return status for module build on kernel: 6.14.4 (x86_64)\n");
  EXPECT_TRUE(says(source, "do not compile against this kernel")) << source.cause;
}

TEST(CausesByFacts, ThatMigIsOnMayBeSaid) {
  constexpr const char* kAssert = "RuntimeError: device >= 0 && device < num_gpus INTERNAL ASSERT FAILED\n";
  EXPECT_EQ(explained(machine(), kAssert).standing, CauseStanding::undecided);
  const ExplainedError said = first_explained(machine(), std::string("It is an A100 with MIG enabled.\n") + kAssert);
  EXPECT_EQ(said.standing, CauseStanding::supported);
  EXPECT_TRUE(says(said, "MIG")) << said.cause;
}

TEST(CausesByFacts, AnArchitectureThatNvccDoesNotKnowIsToldAsThat) {
  const ExplainedError error =
      explained(machine(), "nvcc fatal   : Value 'compute_86' is not defined for option 'gpu-architecture'\n");
  EXPECT_TRUE(says(error, "does not know it")) << error.cause;
}

TEST(CausesByFacts, AFunctionOfTheExtensionItselfIsNoFunctionOfTorch) {
  const ExplainedError own = explained(machine(),
                                       "ImportError: /opt/ext/_C.cpython-310-x86_64-linux-gnu.so: undefined symbol: "
                                       "_Z16roi_align_forwardN2at6TensorES0_\n");
  const ExplainedError torch = explained(
      machine(),
      "ImportError: /opt/ext/_C.cpython-310-x86_64-linux-gnu.so: undefined symbol: _ZN2at4_ops5zeros4callE\n");
  EXPECT_NE(own.cause, torch.cause);
  EXPECT_TRUE(says(torch, "PyTorch")) << torch.cause;
}

TEST(CausesByFacts, TheStatusOfTheMpsDaemonIsNoErrorOfCuda) {
  const ExplainedError error = explained(machine(), "nvidia-cuda-mps-server exited with status 1\n");
  EXPECT_FALSE(says(error, "argument")) << error.cause;
}

TEST(CausesByFacts, CufftOfAnOldCudaIsAskedOnlyWhereTheGpuIsNewer) {
  constexpr const char* kFft = "RuntimeError: cuFFT error: CUFFT_INTERNAL_ERROR\n";
  const ExplainedError ada = explained(machine().gpu("NVIDIA GeForce RTX 4090", "8.9"), kFft);
  EXPECT_EQ(ada.standing, CauseStanding::supported);
  EXPECT_TRUE(says(ada, "cuFFT of CUDA 11.7")) << ada.cause;
  const ExplainedError volta = explained(machine().gpu("Tesla V100-SXM2-16GB", "7.0"), kFft);
  EXPECT_FALSE(says(volta, "cuFFT of CUDA 11.7")) << volta.cause;
}

TEST(CausesByFacts, BfloatIsMissedBelowEightZeroAlone) {
  constexpr const char* kBf16 = "torch._dynamo.exc.SkipFrame: BF16 is not supported\n";
  EXPECT_EQ(explained(machine().gpu("NVIDIA GeForce RTX 2080 Ti", "7.5"), kBf16).standing, CauseStanding::confirmed);
  EXPECT_FALSE(says(explained(machine().gpu("NVIDIA A100-SXM4-80GB", "8.0"), kBf16), "does not have bfloat16"));
}

}  // namespace
}  // namespace varve
