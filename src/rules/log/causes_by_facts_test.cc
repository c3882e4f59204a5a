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

ExplainedError explained(MadeStack made, std::string_view text) {
  static const Knowledge knowledge = *load_knowledge();
  static const ErrorPatterns patterns = *load_error_patterns(knowledge);
  const LogReading log = read_log_text(text, patterns);
  const std::vector<std::string> others = complete_stack(made.stack(), log);
  const Analysis analysis = made.analysis();
  Check check = check_analysis(analysis);
  add_log(analysis, patterns, log, others, check);
  EXPECT_EQ(check.errors.size(), 1u) << text;
  return check.errors.empty() ? ExplainedError{} : check.errors.front();
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

}  // namespace
}  // namespace varve
