#include "rules/advice/advice.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "rules/advice/advice_parts.h"
#include "rules/analysis/consumer_verdict.h"
#include "rules/analysis/made_stack_testing.h"
#include "rules/judgement.h"

namespace varve {
namespace {
using test::coverage_of;
using test::MadeStack;

Knowledge real_tables() {
  Result<Knowledge> loaded = load_knowledge();
  EXPECT_TRUE(loaded);
  return loaded ? *loaded : Knowledge{};
}

MadeStack machine(const std::string& driver, const std::string& level, const std::string& gpu,
                  const std::string& capability) {
  MadeStack stack(real_tables());
  stack.driver(driver, level).gpu(gpu, capability);
  return stack;
}

std::string advice_for(const MadeStack& stack) {
  const Analysis analysis = stack.analysis();
  return join(advise(analysis, judge_consumers(analysis), {}), "\n");
}

bool says(const std::string& advice, std::string_view text) { return advice.find(text) != std::string::npos; }

Coverage turing_to_blackwell() { return coverage_of({{{"sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"}, 10}}); }

TEST(Advice, ATooNewFrameworkGetsAnotherBuildBeforeAnotherDriver) {
  MadeStack stack = machine("550.163.01", "12.4", "NVIDIA L40S", "8.9");
  test::add_framework(stack, "13.2", turing_to_blackwell(), "torch", "2.15.0");
  const std::string advice = advice_for(stack);
  EXPECT_TRUE(
      advice.starts_with("To mend torch 2.15.0 in /env: torch 2.14 for CUDA 12.6 (cu126): "
                         "pip install \"torch==2.14.*\" --index-url https://download.pytorch.org/whl/cu126; or "
                         "driver 580.65.06 at least, of branch 580 (LTSB, until 2028-06)"))
      << advice;
  EXPECT_FALSE(says(advice, "cuda-compat-13-2")) << "the package is not made for branch 550\n" << advice;
}

TEST(Advice, TheSameVersionInAnotherBuildIsTheSmallestChange) {
  MadeStack stack = machine("550.163.01", "12.4", "NVIDIA L40S", "8.9");
  test::add_framework(stack, "13.0", turing_to_blackwell(), "torch", "2.12.1+cu130");
  EXPECT_TRUE(says(advice_for(stack), "the same version in another build, torch 2.12 for CUDA 12.6 (cu126)"));
}

TEST(Advice, ADataCenterGpuMayGoByForwardCompatibility) {
  MadeStack stack = machine("535.261.03", "12.2", "NVIDIA H100 PCIe", "9.0");
  test::add_framework(stack, "13.2", turing_to_blackwell(), "torch", "2.15.0");
  EXPECT_TRUE(says(advice_for(stack), "or cuda-compat-13-2 over the present kernel driver"));
  MadeStack consumer = machine("535.261.03", "12.2", "NVIDIA GeForce RTX 4090", "8.9");
  test::add_framework(consumer, "13.2", turing_to_blackwell(), "torch", "2.15.0");
  EXPECT_FALSE(says(advice_for(consumer), "cuda-compat"));
}

TEST(Advice, ABranchPastItsEndIsNamedWithTheLowestThatIsSupported) {
  MadeStack stack = machine("470.256.02", "11.4", "Tesla T4", "7.5");
  test::add_framework(stack, "12.4", coverage_of({{{"sm_75", "sm_80"}, 10}}), "torch", "2.5.1");
  const std::string advice = advice_for(stack);
  EXPECT_TRUE(says(advice,
                   "driver 525.60.13 at least, of branch 525 (production, ended 2023-12); the lowest branch still "
                   "supported is 580 (LTSB, until 2028-06)"))
      << advice;
  EXPECT_TRUE(says(advice, "Driver: branch 470 (LTSB, ended 2024-07) is past its end of life")) << advice;
}

TEST(Advice, CodeThatIsMissingIsNotMendedByADriver) {
  MadeStack stack = machine("580.95.05", "13.0", "Tesla V100-SXM2-16GB", "7.0");
  test::add_framework(stack, "13.0", turing_to_blackwell(), "torch", "2.12.1");
  const std::string advice = advice_for(stack);
  EXPECT_TRUE(says(advice, "To mend torch 2.12.1 in /env: the same version in another build, torch 2.12 for CUDA 12.6"))
      << advice;
  EXPECT_FALSE(says(advice, "or driver")) << advice;
  EXPECT_TRUE(says(advice, "Toolkit: CUDA 12.9 is the newest")) << "CUDA 13 does not compile for 7.0\n" << advice;
}

TEST(Advice, AGpuNewerThanTheDriverNeedsAnotherDriverFirst) {
  const MadeStack stack = machine("550.163.01", "12.4", "NVIDIA GeForce RTX 5090", "12.0");
  const std::string advice = advice_for(stack);
  EXPECT_TRUE(says(advice,
                   "needs another driver, and nothing above it mends that: the first branch is 570; the lowest "
                   "still supported is 580"))
      << advice;
  EXPECT_TRUE(says(advice, "With branch 580: torch 2.15 for CUDA 13.2")) << advice;
  EXPECT_FALSE(says(advice, "Toolkit: up to CUDA 12.9")) << "nothing fits the driver that is there\n" << advice;
}

TEST(Advice, AGpuThatTheDriverDroppedNeedsAnOlderOne) {
  const MadeStack stack = machine("595.45.04", "13.2", "Tesla V100-SXM2-16GB", "7.0");
  EXPECT_TRUE(says(advice_for(stack), "needs an older driver: branch 580 (LTSB, until 2028-06) is the last"));
}

TEST(Advice, WhatFitsAHealthyMachineNeedsNoMending) {
  MadeStack stack = machine("595.71.05", "13.2", "NVIDIA L40S", "8.9");
  test::add_framework(stack, "13.2", turing_to_blackwell(), "torch", "2.15.0");
  const std::string advice = advice_for(stack);
  EXPECT_FALSE(says(advice, "To mend")) << advice;
  EXPECT_TRUE(says(advice, "Toolkit: CUDA 13.2 is the newest that driver 595.71.05")) << advice;
  EXPECT_TRUE(says(advice, "torch 2.15 for CUDA 13.2 (cu132): pip install \"torch==2.15.*\"")) << advice;
  EXPECT_FALSE(says(advice, "jax")) << "only frameworks that are there\n" << advice;
}

TEST(Advice, AMachineAloneHearsOfEveryFramework) {
  const std::string advice = advice_for(machine("535.261.03", "12.2", "NVIDIA A100-SXM4-40GB", "8.0"));
  EXPECT_TRUE(says(advice, "pip install \"jax[cuda12]>=0.11,<0.12\"")) << advice;
  EXPECT_TRUE(says(advice, "pip install \"cupy-cuda12x[ctk]>=14\"")) << advice;
  EXPECT_TRUE(says(advice, "pip install \"tensorflow[and-cuda]==2.21.*\"")) << advice;
  EXPECT_TRUE(says(advice, "pip install \"onnxruntime-gpu[cuda,cudnn]>=1.24,<1.27\"")) << advice;
}

TEST(Advice, MinorVersionCompatibilityIsSaidWithItsLimit) {
  const std::string advice = advice_for(machine("525.147.05", "12.0", "NVIDIA A100-SXM4-40GB", "8.0"));
  EXPECT_TRUE(says(advice, "CUDA 12.0 is the newest that driver 525.147.05")) << advice;
  EXPECT_TRUE(says(advice, "up to CUDA 12.9 runs by minor-version compatibility: machine code does, PTX above 8.0"))
      << advice;
  EXPECT_TRUE(says(advice, "nvidia/cuda:12.0.1-base-ubuntu22.04")) << advice;
}

TEST(Advice, AnImageThatWouldBeRefusedIsSaidToBe) {
  const std::string consumer = advice_for(machine("550.163.01", "12.4", "NVIDIA GeForce RTX 4090", "8.9"));
  EXPECT_TRUE(says(consumer, "unsatisfied condition: cuda>=12.9")) << consumer;
  const std::string center = advice_for(machine("550.163.01", "12.4", "NVIDIA L40S", "8.9"));
  EXPECT_TRUE(says(center, "nvidia/cuda:13.1.1-base-ubuntu24.04 runs by forward compatibility")) << center;
  EXPECT_FALSE(says(center, "unsatisfied")) << center;
}

TEST(Advice, WhatIsNewerThanTheDataIsSaidWithTheirDate) {
  const MadeStack driver = machine("700.10.01", "15.0", "NVIDIA L40S", "8.9");
  EXPECT_TRUE(says(advice_for(driver), "is newer than the data of " + driver.knowledge().date)) << advice_for(driver);
  const MadeStack gpu = machine("595.71.05", "13.2", "NVIDIA X9000", "14.0");
  EXPECT_TRUE(says(advice_for(gpu), "what is built for it cannot be told")) << advice_for(gpu);
  EXPECT_FALSE(says(advice_for(gpu), "pip install")) << advice_for(gpu);
}

TEST(Advice, AMachineWithoutADriverHearsWhichOneToInstall) {
  MadeStack stack(real_tables());
  stack.gpu("NVIDIA L40S", "8.9").missing("driver.user_mode.version", Missing::absent);
  stack.missing("driver.kernel_mode.version", Missing::absent);
  EXPECT_TRUE(says(advice_for(stack), "Install a driver: branch 580 (LTSB, until 2028-06)")) << advice_for(stack);
}

TEST(Advice, ACompatLibraryThatDroppedTheGpuIsNoWay) {
  const std::string advice = advice_for(machine("470.256.02", "11.4", "Tesla K80", "3.7"));
  EXPECT_FALSE(says(advice, "forward compatibility")) << "branch 520 knows no Kepler\n" << advice;
  EXPECT_TRUE(says(advice, "torch 2.3 for CUDA 11.8 (cu118)")) << "from 2.4 on its cuDNN has left Kepler\n" << advice;
}

TEST(Advice, TheSameVersionIsExactlyTheSame) {
  MadeStack stack = machine("470.256.02", "11.4", "Tesla V100-SXM2-16GB", "7.0");
  test::add_framework(stack, "12.9", turing_to_blackwell(), "cupy-cuda12x", "13.2.0");
  EXPECT_TRUE(says(advice_for(stack),
                   "the same version in another build, cupy >=11,<14 for CUDA 11.2 (cuda11x): "
                   "pip uninstall -y cupy-cuda12x; pip install \"cupy-cuda11x==13.2.0\""))
      << "beside the other it would be a mixture\n"
      << advice_for(stack);
  MadeStack newer = machine("470.256.02", "11.4", "Tesla V100-SXM2-16GB", "7.0");
  test::add_framework(newer, "12.9", turing_to_blackwell(), "cupy-cuda12x", "14.2.0");
  EXPECT_FALSE(says(advice_for(newer), "the same version")) << "there is no 14 for CUDA 11\n" << advice_for(newer);
  MadeStack night = machine("550.163.01", "12.4", "NVIDIA L40S", "8.9");
  test::add_framework(night, "13.0", turing_to_blackwell(), "torch", "2.12.0.dev20260101+cu130");
  EXPECT_FALSE(says(advice_for(night), "the same version")) << "no index keeps it\n" << advice_for(night);
}

TEST(Advice, WhatCannotBeInstalledIsNotAdvised) {
  const std::string advice = advice_for(machine("470.256.02", "11.4", "NVIDIA A100-SXM4-40GB", "8.0"));
  EXPECT_FALSE(says(advice, "jax[cuda11]")) << advice;
  EXPECT_FALSE(says(advice, "tensorflow[and-cuda]==2.14")) << advice;
  EXPECT_TRUE(says(advice, "jax: no published build")) << advice;
  EXPECT_TRUE(says(advice, "it brings no CUDA")) << "tensorflow 2.13 loads the host's\n" << advice;
}

TEST(Advice, ThePythonOfTheEnvironmentDecides) {
  const auto advice = [](const std::string& python) {
    MadeStack stack = machine("550.163.01", "12.4", "NVIDIA L40S", "8.9");
    stack.environment().python = known_fact(python, "pyvenv.cfg");
    test::add_framework(stack, "13.2", turing_to_blackwell(), "torch", "2.15.0");
    return advice_for(stack);
  };
  EXPECT_TRUE(says(advice("3.9.18"), "torch 2.8 for CUDA 12.9")) << advice("3.9.18");
  EXPECT_TRUE(says(advice("3.14.2"), "torch 2.14 for CUDA 12.6")) << advice("3.14.2");
  EXPECT_TRUE(says(advice("3.16.0"), "no published build of torch")) << advice("3.16.0");
  EXPECT_TRUE(says(advice("3.16.0"), "under Python 3.16.0 with what stays in /env")) << advice("3.16.0");
}

TEST(Advice, ACudnnThatHasLeftTheGpuIsHeldBack) {
  const std::string volta = advice_for(machine("580.95.05", "13.0", "Tesla V100-SXM2-16GB", "7.0"));
  EXPECT_TRUE(says(volta, "pip install \"jax[cuda12]>=0.11,<0.12\" \"nvidia-cudnn-cu12==9.10.2.*\"")) << volta;
  EXPECT_TRUE(says(volta, "\"onnxruntime-gpu[cuda,cudnn]>=1.24,<1.27\" \"nvidia-cudnn-cu12==9.10.2.*\"")) << volta;
  const std::string ada = advice_for(machine("580.95.05", "13.0", "NVIDIA L40S", "8.9"));
  EXPECT_FALSE(says(ada, "nvidia-cudnn")) << ada;
}

TEST(Advice, WhatStaysInTheEnvironmentMustAcceptIt) {
  MadeStack stack = machine("550.163.01", "12.4", "NVIDIA L40S", "8.9");
  test::add_framework(stack, "13.2", turing_to_blackwell(), "torch", "2.15.0");
  stack.package("torchvision", "0.30.0", "13.2", "extension").package("vllm", "0.20.0", "13.2", "extension");
  stack.environment().packages[1].requirements = {{"torch", "==2.15.0", "2.15.0"}};
  stack.environment().packages[2].requirements = {{"torch", ">=2.10,<2.13", "2.15.0"}};
  const std::string advice = advice_for(stack);
  EXPECT_TRUE(says(advice, "pip install \"torch==2.12.*\" torchvision --index-url")) << advice;
  stack.environment().packages[2].requirements = {{"torch", "==2.15.0", "2.15.0"}};
  EXPECT_TRUE(says(advice_for(stack), "no published build of torch")) << advice_for(stack);
}

// The environment as the advice would make it, with what the tables say of the build.
MadeStack advised_state(const MadeStack& on, const FrameworkBuild& build, const std::string& command) {
  MadeStack made = on;
  made.environment().packages.clear();
  const auto quoted = command.find('"'), end = command.find_first_of("[=<>\"", quoted + 1);
  const std::string name = command.substr(quoted + 1, end - quoted - 1);
  Coverage coverage;
  if (!build.targets.empty()) {
    std::vector<std::string> targets;
    for (const std::string& target : build.targets) {
      const auto capability = compute_capability_from(target);
      targets.push_back("sm_" + std::to_string(capability->major) + std::to_string(capability->minor));
    }
    coverage = coverage_of({{targets, 10}});
  } else {
    coverage = coverage_of({{{"sm_35", "sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_90", "sm_100", "sm_120"}, 10}});
  }
  const std::string digits = build.version.substr(build.version.find_first_of("0123456789"));
  const std::string cuda = build.cuda.find('.') == std::string::npos ? build.cuda + ".0" : build.cuda;
  test::add_framework(made, cuda, coverage, name, digits.substr(0, digits.find(',')) + ".0");
  const std::size_t pin = command.find("nvidia-cudnn-cu12==");
  std::string cudnn = pin == std::string::npos ? build.cudnn : "9.10.2.21";
  if (cudnn == "8") cudnn = "8.9.7.29";  // "any 8" is what is there at last
  if (!cudnn.empty()) made.package("nvidia-cudnn-cu" + cuda.substr(0, 2), cudnn, "", "runtime");
  return made;
}

TEST(Advice, AnAdvisedStateMakesNoFindingOfTheSameRules) {
  const std::vector<std::pair<std::string, std::string>> drivers = {
      {"470.256.02", "11.4"}, {"525.147.05", "12.0"}, {"535.261.03", "12.2"}, {"550.163.01", "12.4"},
      {"570.211.01", "12.8"}, {"580.95.05", "13.0"},  {"595.71.05", "13.2"}};
  const std::vector<std::pair<std::string, std::string>> gpus = {
      {"Tesla K80", "3.7"},   {"Tesla P100-PCIE-16GB", "6.0"},  {"Tesla V100-SXM2-16GB", "7.0"},
      {"Tesla T4", "7.5"},    {"NVIDIA A100-SXM4-40GB", "8.0"}, {"NVIDIA GeForce RTX 3090", "8.6"},
      {"NVIDIA L40S", "8.9"}, {"NVIDIA H100 PCIe", "9.0"},      {"NVIDIA GeForce RTX 5090", "12.0"}};
  int judged = 0;
  for (const auto& [version, level] : drivers) {
    for (const auto& [gpu, capability] : gpus) {
      const MadeStack on = machine(version, level, gpu, capability);
      const Analysis analysis = on.analysis();
      const AdviceTarget target{.situation = &analysis, .driver = analysis.driver, .gpus = capabilities_of(analysis)};
      if (analysis.gpu_support.front().support != GpuSupport::known) continue;
      for (const std::string& framework : known_frameworks(on.knowledge())) {
        const std::optional<BuildChoice> choice = choose_build(target, framework);
        if (!choice) continue;
        const MadeStack made = advised_state(on, *choice->build, install_command(target, *choice->build));
        const Analysis after = made.analysis();
        const bool told = !slower_words(target, *choice->build).empty();
        for (const Finding& finding : judge_rules(after).findings) {
          if (told && finding.id == "VRV-SPEED-KNOWN-SLOWER") continue;  // said beside the advice
          EXPECT_EQ(finding.severity, Severity::note) << build_words(*choice->build) << " on " << version << " and "
                                                      << gpu << ": " << finding.id << ": " << finding.evidence;
        }
        for (const ConsumerVerdict& verdict : judge_consumers(after)) EXPECT_NE(verdict.state, CheckState::broken);
        ++judged;
      }
    }
  }
  EXPECT_GT(judged, 150);
}

TEST(Advice, TheKernelDriverAloneSaysWhatFits) {
  MadeStack stack(real_tables());
  stack.gpu("NVIDIA L4", "8.9").missing("driver.user_mode.version", Missing::denied);
  stack.fact("driver.kernel_mode.version", std::string("560.35.03"));
  EXPECT_TRUE(says(advice_for(stack), "With branch 560: Toolkit: CUDA 12.6 is the newest")) << advice_for(stack);
}

TEST(Advice, NothingIsMadeUpWhereNothingIsKnown) {
  MadeStack stack(real_tables());
  stack.no_gpu();
  const std::string advice = advice_for(stack);
  EXPECT_TRUE(advice.starts_with("What fits cannot be told without a driver")) << advice;
  EXPECT_FALSE(says(advice, "pip install")) << advice;
}

TEST(Advice, FaultsThatNoVersionMendsComeFirstAndOnce) {
  const MadeStack stack = machine("550.163.01", "12.4", "NVIDIA L40S", "8.9");
  const Analysis analysis = stack.analysis();
  Finding finding{.id = "VRV-TEST", .severity = Severity::error, .evidence = "e", .fix = "load nvidia_uvm"};
  finding.category = FaultCategory::device_handshake;
  Finding ceiling = finding;
  ceiling.category = FaultCategory::driver_ceiling;
  ceiling.fix = "said by versions";
  const std::vector<std::string> lines = advise(analysis, {}, {finding, finding, ceiling});
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "VRV-TEST: load nvidia_uvm");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), lines[0]), 1);
  EXPECT_FALSE(says(join(lines, "\n"), "said by versions"));
}

}  // namespace
}  // namespace varve
