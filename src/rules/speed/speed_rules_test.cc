#include "rules/speed/speed_rules.h"

#include <gtest/gtest.h>

#include "rules/software/rule_testing.h"

namespace varve {
namespace {

using testing::has;
using testing::loaded;
using testing::Scene;

Scene with_row(const DispatchChange& row) {
  Scene scene;
  scene.knowledge.dispatch_changes = {row};
  return scene;
}

DispatchChange gemv() {
  DispatchChange row;
  row.id = "gemv";
  row.component = "cublas";
  row.version = ">12.1.0.26,<12.2";
  row.change = "slow kernel";
  row.control = "older";
  row.effect = "250 times slower";
  row.slower = true;
  return row;
}

TEST(SpeedRules, KnownSlowDownByTheWheelOfALibrary) {
  Scene scene = with_row(gemv());
  scene.package("nvidia-cublas-cu12", "12.1.3.1", "runtime", "12");
  EXPECT_EQ(scene.judge("VRV-SPEED-KNOWN-SLOWER").at(0).severity, Severity::note);  // an environment alone
  scene.gpu("NVIDIA A100", "8.0");
  const auto found = scene.judge("VRV-SPEED-KNOWN-SLOWER");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_EQ(found[0].evidence, "nvidia-cublas-cu12 12.1.3.1 in /venv: slow kernel (gemv)");
  EXPECT_EQ(found[0].consequence, "250 times slower");
  scene.environment().packages[0].version = "12.1.0.26";
  EXPECT_TRUE(scene.judge("VRV-SPEED-KNOWN-SLOWER").empty());
}

TEST(SpeedRules, SlowDownOfFewOperationsIsANote) {
  DispatchChange row = gemv();
  row.narrow = true;
  Scene scene = with_row(row);
  scene.gpu("NVIDIA A100", "8.0").package("nvidia-cublas-cu12", "12.1.3.1", "runtime", "12");
  EXPECT_EQ(scene.judge("VRV-SPEED-KNOWN-SLOWER").at(0).severity, Severity::note);
}

TEST(SpeedRules, PeerCopiesSwitchedOffBetweenGpusOfADataCentre) {
  Scene scene;
  scene.setting("NCCL_P2P_DISABLE", "1").gpu("NVIDIA H100 80GB HBM3", "9.0");
  EXPECT_EQ(scene.judge("VRV-SPEED-PATH").at(0).severity, Severity::note);  // there is nobody to copy to
  scene.fact("gpu.models", std::vector<std::string>(2, "NVIDIA H100 80GB HBM3"));
  scene.fact("gpu.compute_capabilities", std::vector<std::string>(2, "9.0"));
  EXPECT_EQ(scene.judge("VRV-SPEED-PATH").at(0).severity, Severity::warning);
  scene.fact("gpu.models", std::vector<std::string>(2, "NVIDIA GeForce RTX 4090"));
  scene.fact("gpu.compute_capabilities", std::vector<std::string>(2, "8.9"));
  EXPECT_EQ(scene.judge("VRV-SPEED-PATH").at(0).severity, Severity::note);
}

TEST(SpeedRules, KnownSlowDownOfALibraryFromElsewhere) {
  Scene scene = with_row(gemv());
  scene.gpu("NVIDIA A100", "8.0").binary("/opt/libcublasLt.so.12", "libcublasLt.so.12", "12.1.3", "", "");
  scene.consumer("solve", "", "binary", "").libraries = {
      loaded("libcublasLt.so.12", "/opt/libcublasLt.so.12", "RUNPATH")};
  EXPECT_EQ(scene.judge("VRV-SPEED-KNOWN-SLOWER").size(), 1u);
}

TEST(SpeedRules, OnlyOnTheGpuThatTheRowNames) {
  DispatchChange row = gemv();
  row.component = "cudnn";
  row.version = ">=8,<9";
  row.gpu = "<7.0";
  row.framework = "torch";
  Scene scene = with_row(row);
  scene.package("nvidia-cudnn-cu11", "8.5.0.96", "runtime", "11");
  scene.package("torch", "1.13.1", "framework", "11.7");
  EXPECT_TRUE(scene.judge("VRV-SPEED-KNOWN-SLOWER").empty());
  scene.gpu("NVIDIA A100", "8.0");
  EXPECT_TRUE(scene.judge("VRV-SPEED-KNOWN-SLOWER").empty());
  scene.gpu("NVIDIA GeForce GTX 1080 Ti", "6.1");
  EXPECT_TRUE(has(scene.judge("VRV-SPEED-KNOWN-SLOWER").at(0).evidence, "on NVIDIA GeForce GTX 1080 Ti (6.1)"));
  scene.environment().packages.pop_back();  // without the framework that the row names
  EXPECT_TRUE(scene.judge("VRV-SPEED-KNOWN-SLOWER").empty());
}

TEST(SpeedRules, OtherKernelsAreNotesOnAMachineWithAGpu) {
  DispatchChange row = gemv();
  row.component = "torch";
  row.version = ">=1.7,<1.12";
  row.slower = false;
  Scene scene = with_row(row);
  scene.package("pytorch", "1.11.0", "framework", "11.3").installer = "conda";
  EXPECT_TRUE(scene.judge("VRV-SPEED-OTHER-KERNELS").empty());
  scene.gpu("NVIDIA GeForce RTX 3090", "8.6");
  EXPECT_EQ(scene.judge("VRV-SPEED-OTHER-KERNELS").at(0).severity, Severity::note);
}

// libtorch tells the release of torch a second time.
TEST(SpeedRules, ReleaseOfAPackageAndOfItsLibraryIsOne) {
  DispatchChange row = gemv();
  row.component = "torch";
  row.version = "<2.2";
  row.slower = false;
  Scene scene = with_row(row);
  scene.gpu("NVIDIA L4", "8.9").package("torch", "2.1.2", "framework", "12.1");
  scene.binary("/venv/torch/lib/libtorch.so", "libtorch.so", "2.1.2", "torch");
  scene.consumer("torch", "2.1.2").libraries = {loaded("libtorch.so", "/venv/torch/lib/libtorch.so", "RUNPATH")};
  const auto found = scene.judge("VRV-SPEED-OTHER-KERNELS");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].evidence, "Choices of torch 2.1.2 in /venv: slow kernel (gemv)");
}

TEST(SpeedRules, WhatIsFasterIsNotSlower) {
  DispatchChange row = gemv();
  row.component = "torch";
  row.version = ">=1.7,<1.12";
  row.slower = false;
  row.inexact = true;
  Scene scene = with_row(row);
  scene.package("torch", "1.11.0", "framework", "11.3");
  scene.gpu("NVIDIA GeForce RTX 3090", "8.6");
  EXPECT_TRUE(scene.judge("VRV-SPEED-KNOWN-SLOWER").empty());
  EXPECT_EQ(scene.judge("VRV-SPEED-INEXACT").at(0).severity, Severity::warning);
}

TEST(SpeedRules, BuildsForTheCpuAreLeftAlone) {
  DispatchChange row = gemv();
  row.component = "torch";
  row.version = ">=2";
  Scene scene = with_row(row);
  scene.gpu("NVIDIA L4", "8.9");
  scene.package("torch", "2.2.0", "framework", "12.1");
  EXPECT_EQ(scene.judge("VRV-SPEED-KNOWN-SLOWER").size(), 1u);
  scene.environment().packages[0].cuda =
      missing_fact(Missing::absent, "local version +cpu", "a build without CUDA by its version");
  EXPECT_TRUE(scene.judge("VRV-SPEED-KNOWN-SLOWER").empty());
}

TEST(SpeedRules, Settings) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9");
  scene.setting("CUDA_LAUNCH_BLOCKING", "1")
      .setting("NVIDIA_TF32_OVERRIDE", "0")
      .setting("CUDA_MODULE_LOADING", "EAGER");
  scene.setting("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True").setting("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
  scene.setting("CUDA_CACHE_DISABLE", "1").setting("NCCL_P2P_DISABLE", "1");
  const auto waiting = scene.judge("VRV-SPEED-WAITING");
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].severity, Severity::warning);
  EXPECT_EQ(waiting[0].evidence, "CUDA_LAUNCH_BLOCKING=1: every kernel launch waits for its end");
  EXPECT_EQ(scene.judge("VRV-SPEED-PRECISION").at(0).severity, Severity::warning);  // TF32 off for all libraries
  for (const char* rule : {"VRV-SPEED-LOADING", "VRV-SPEED-ALLOCATOR", "VRV-SPEED-DETERMINISTIC", "VRV-SPEED-PATH"}) {
    const auto found = scene.judge(rule);
    ASSERT_EQ(found.size(), 1u) << rule;
    EXPECT_EQ(found[0].severity, Severity::note) << rule;
  }
  EXPECT_EQ(scene.judge("VRV-SPEED-CACHE").size(), 1u);
  scene.setting("CUDA_LAUNCH_BLOCKING", "0");
  EXPECT_TRUE(scene.judge("VRV-SPEED-WAITING").empty());
}

TEST(SpeedRules, Governor) {
  Scene scene;
  scene.fact("cpu.frequency.governor", std::string("powersave"))
      .fact("cpu.frequency.driver", std::string("intel_pstate"));
  EXPECT_FALSE(scene.judge("VRV-SPEED-GOVERNOR").at(0).severity);  // the row's: note
  scene.fact("cpu.frequency.driver", std::string("acpi-cpufreq"));
  EXPECT_EQ(scene.judge("VRV-SPEED-GOVERNOR").at(0).severity, Severity::warning);
  scene.fact("cpu.frequency.governor", std::string("performance"));
  EXPECT_TRUE(scene.judge("VRV-SPEED-GOVERNOR").empty());
}

TEST(SpeedRules, WhatNvmlSays) {
  using Texts = std::vector<std::string>;
  Scene scene;
  scene.gpu("NVIDIA H100 80GB HBM3", "9.0");
  scene.fact("gpu.power_limit", Texts{"500 W", "700 W"}).fact("gpu.power_limit_default", Texts{"700 W", "700 W"});
  scene.fact("gpu.pcie", Texts{"gen 5 x8", "gen 1 x16"}).fact("gpu.pcie_max", Texts{"gen 5 x16", "gen 5 x16"});
  scene.fact("gpu.application_clocks", Texts{"SM 1095 MHz, memory 2619 MHz", "SM 1980 MHz, memory 2619 MHz"});
  scene.fact("gpu.clock_sm_max", Texts{"1980 MHz", "1980 MHz"});
  scene.fact("gpu.mig", Texts{"enabled", "disabled"}).fact("gpu.ecc", Texts{"enabled", "enabled"});
  EXPECT_EQ(scene.judge("VRV-SPEED-POWER-LIMIT").at(0).evidence,
            "GPU 0 (NVIDIA H100 80GB HBM3) is limited to 500 W, 700 W as delivered");
  EXPECT_EQ(scene.judge("VRV-SPEED-PCIE").size(), 1u);  // the generation drops when idle
  EXPECT_NE(scene.judge("VRV-SPEED-PCIE")[0].severity, Severity::warning);
  scene.fact("gpu.pcie", Texts{"gen 5 x1", "gen 1 x16"});
  EXPECT_EQ(scene.judge("VRV-SPEED-PCIE").at(0).severity, Severity::warning);
  EXPECT_EQ(scene.judge("VRV-SPEED-CLOCKS").size(), 1u);
  EXPECT_EQ(scene.judge("VRV-SPEED-MIG").size(), 1u);
  EXPECT_TRUE(scene.judge("VRV-SPEED-ECC").empty());
  scene.fact("gpu.ecc", Texts{"enabled (disabled after a reset)", "enabled"});
  EXPECT_EQ(scene.judge("VRV-SPEED-ECC").size(), 1u);
}

TEST(SpeedRules, LimitsAndThreads) {
  Scene scene;
  scene.fact("cpu.threads", std::int64_t{16})
      .fact("cgroup.cpu_quota", 4.0)
      .fact("process.affinity", std::string("0-7"));
  EXPECT_EQ(scene.judge("VRV-SPEED-CPU-QUOTA").at(0).evidence,
            "The cgroup grants 4 CPUs of time, and 8 CPUs are to be seen");
  scene.fact("memory.total", std::int64_t{64} << 30).fact("cgroup.memory_limit", std::int64_t{8} << 30);
  EXPECT_EQ(scene.judge("VRV-SPEED-MEMORY-LIMIT").at(0).evidence, "The cgroup grants 8.0 GiB of 64.0 GiB of memory");
  scene.setting("OMP_NUM_THREADS", "1");
  EXPECT_EQ(scene.judge("VRV-SPEED-THREADS").at(0).evidence, "OMP_NUM_THREADS=1, and 8 CPUs may be used");
  scene.setting("OMP_NUM_THREADS", "12");
  EXPECT_EQ(scene.judge("VRV-SPEED-THREADS").size(), 1u);
  scene.setting("OMP_NUM_THREADS", "8");
  EXPECT_TRUE(scene.judge("VRV-SPEED-THREADS").empty());
}

TEST(SpeedRules, NothingKnownNothingSaid) {
  const Scene scene;
  for (const auto& rules : {dispatch_rules(), speed_setting_rules(), speed_machine_rules()}) {
    for (const Rule& rule : rules) EXPECT_TRUE(scene.judge(rule.id).empty()) << rule.id;
  }
}

}  // namespace
}  // namespace varve
