#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "rules/software/rule_testing.h"
#include "rules/speed/known_issue_match.h"

namespace varve {
namespace {

using testing::has;
using testing::Scene;

KnownIssue eager() {
  KnownIssue issue;
  issue.id = "eager";
  issue.components = {"cublas"};
  issue.version = ">=12.6.1,<12.6.3";
  issue.gpu = "9.0";
  issue.settings = {"CUDA_MODULE_LOADING=EAGER"};
  issue.effect = IssueEffect::slower;
  issue.says = "loading compiles kernels";
  issue.fix = "CUDA_MODULE_LOADING=LAZY";
  issue.source = "release notes";
  return issue;
}

Scene with_issue(const KnownIssue& issue) {
  Scene scene;
  scene.knowledge.known_issues = {issue};
  scene.gpu("NVIDIA H100", "9.0").package("nvidia-cublas-cu12", "12.6.1.4", "runtime", "12");
  scene.setting("CUDA_MODULE_LOADING", "EAGER");
  return scene;
}

std::vector<Found> judge(const Scene& scene) { return scene.judge("VRV-KNOWN-ISSUE"); }

TEST(KnownIssues, AllConditionsKnownIsAWarning) {
  const auto found = judge(with_issue(eager()));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_EQ(found[0].evidence,
            "nvidia-cublas-cu12 12.6.1.4 in /venv on NVIDIA H100 (9.0): loading compiles kernels (eager)");
  EXPECT_EQ(found[0].source, "release notes");
}

TEST(KnownIssues, EachConditionRulesItOut) {
  Scene scene = with_issue(eager());
  scene.setting("CUDA_MODULE_LOADING", "LAZY");
  EXPECT_TRUE(judge(scene).empty());
  scene = with_issue(eager());
  scene.environment().packages[0].version = "12.6.3.3";
  EXPECT_TRUE(judge(scene).empty());
  scene = with_issue(eager());
  scene.gpu("NVIDIA A100", "8.0");
  EXPECT_TRUE(judge(scene).empty());
  KnownIssue told = eager();
  told.told_by = "VRV-SPEED-LOADING";
  EXPECT_TRUE(judge(with_issue(told)).empty());
}

// Rules about GPU code read files: of a list that somebody wrote down the row tells it.
TEST(KnownIssues, WhatFilesWouldTellIsToldOfAList) {
  KnownIssue issue = eager();
  issue.told_by = "VRV-CODE-NO-KERNEL-IMAGE";
  Scene scene = with_issue(issue);
  scene.environment().python = known_fact(std::string("3.11"), "test");
  EXPECT_TRUE(judge(scene).empty());
  scene.environment().python = missing_fact(Missing::not_asked, "text", "the text does not say");
  ASSERT_EQ(judge(scene).size(), 1u);
  EXPECT_EQ(judge(scene)[0].category, FaultCategory::kernel_coverage);
  issue.workload = "small products";
  scene.knowledge.known_issues = {issue};
  EXPECT_TRUE(judge(scene).empty());
}

TEST(KnownIssues, WhatTheWorkloadDecidesIsANoteWithTheLineThatMeasuresIt) {
  KnownIssue issue = eager();
  issue.workload = "small products";
  const auto found = judge(with_issue(issue));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);
  EXPECT_TRUE(has(found[0].evidence, "it needs: small products")) << found[0].evidence;
  EXPECT_TRUE(has(found[0].fix, "varve run --against-env CUDA_MODULE_LOADING=LAZY -- COMMAND")) << found[0].fix;
  issue.fix = "cuBLAS 12.6.3";
  EXPECT_TRUE(has(judge(with_issue(issue)).at(0).fix, "varve run -- /venv/bin/python PROGRAM --against -- "));
}

// A text that quotes what asks for it tells the workload.
TEST(KnownIssues, AWorkloadThatIsAskedForIsAWarning) {
  KnownIssue issue = eager();
  issue.workload = "FP8";
  issue.asks = "fp8";
  Scene scene = with_issue(issue);
  ASSERT_EQ(judge(scene).size(), 1u);
  EXPECT_EQ(judge(scene)[0].severity, Severity::note);
  scene.fact("asks.fp8", std::string("fp8"));
  ASSERT_EQ(judge(scene).size(), 1u);
  EXPECT_EQ(judge(scene)[0].severity, Severity::warning);
  EXPECT_TRUE(has(judge(scene)[0].evidence, "and test asks for fp8")) << judge(scene)[0].evidence;
}

// A toolkit stands beside every environment; wheels of another C library need no GPU to be told.
TEST(KnownIssues, BesideAToolkitAndWithoutAGpu) {
  KnownIssue issue = eager();
  issue.gpu = "";
  issue.settings.clear();
  issue.with = {{"nvcc", ">=12.0"}};
  Scene scene = with_issue(issue);
  EXPECT_TRUE(judge(scene).empty());
  scene.fact("toolkit.nvcc.version", std::string("12.2"));
  EXPECT_EQ(judge(scene).size(), 1u);
  issue.with.clear();
  issue.libc = "<2.28";
  Scene bare;
  bare.knowledge.known_issues = {issue};
  bare.package("nvidia-cublas-cu12", "12.6.1.4", "runtime", "12");
  EXPECT_TRUE(judge(bare).empty());
  bare.fact("os.libc", std::string("glibc 2.17"));
  EXPECT_TRUE(judge(bare).empty());
  bare.stack.subject = "text issue.md";
  EXPECT_EQ(judge(bare).size(), 1u);
}

TEST(KnownIssues, DoubtKeepsItANote) {
  KnownIssue issue = eager();
  issue.bounds = IssueBounds::inferred;
  EXPECT_EQ(judge(with_issue(issue)).at(0).severity, Severity::note);
  issue = eager();
  issue.report = true;
  EXPECT_EQ(judge(with_issue(issue)).at(0).severity, Severity::note);
  EXPECT_TRUE(has(judge(with_issue(issue)).at(0).evidence, "one report, not confirmed"));
}

// The rows of one package that asks another one for its release, by the table itself.
TEST(KnownIssues, PackagesThatRefuseEachOther) {
  const auto told = [](const std::vector<std::pair<std::string, std::string>>& packages) {
    Scene scene;
    scene.knowledge.known_issues = load_knowledge()->known_issues;
    scene.gpu("NVIDIA A100", "8.0");
    for (const auto& [name, version] : packages) scene.package(name, version, "library", "");
    std::string ids;
    for (const Found& found : judge(scene)) {
      const std::size_t end = found.evidence.rfind(')');
      if (found.severity != Severity::warning || end == std::string::npos) continue;
      const std::size_t begin = found.evidence.rfind('(', end) + 1;
      ids += found.evidence.substr(begin, end - begin) + " ";
    }
    return ids;
  };
  EXPECT_EQ(told({{"numba", "0.59.1"}, {"numpy", "2.1.0"}}), "numba-numpy-above-1.26 ");
  EXPECT_EQ(told({{"numba", "0.59.1"}, {"numpy", "1.26.4"}}), "");
  EXPECT_EQ(told({{"numba", "0.61.2"}, {"numpy", "2.2.6"}}), "");
  EXPECT_EQ(told({{"numba", "0.61.0"}, {"numpy", "2.2.6"}}), "numba-numpy-above-2.1 ");
  EXPECT_EQ(told({{"numba", "0.61.0"}, {"numpy", "1.23.5"}}), "numba-numpy-below-1.24 ");
  EXPECT_EQ(told({{"torch", "2.2.2"}, {"numpy", "2.0.1"}}), "torch-numpy-2 ");
  EXPECT_EQ(told({{"torch", "2.3.0"}, {"numpy", "2.0.1"}}), "");
  EXPECT_EQ(told({{"transformers", "4.57.1"}, {"torch", "2.0.1"}}), "transformers-4.52-torch-2.1 ");
  EXPECT_EQ(told({{"transformers", "5.15.0"}, {"torch", "2.4.1"}}), "transformers-5.15-torch-2.5 ");
  EXPECT_EQ(told({{"transformers", "5.3.0"}, {"torch", "2.4.1"}}), "");
  EXPECT_EQ(told({{"bitsandbytes", "0.43.1"}, {"triton", "3.2.0"}}), "bnb-triton-ops ");
  EXPECT_EQ(told({{"bitsandbytes", "0.45.1"}, {"triton", "3.2.0"}}), "");
  EXPECT_EQ(told({{"jax", "0.4.20"}, {"scipy", "1.13.0"}, {"optax", "0.1.7"}}), "jax-scipy-tril ");
  EXPECT_EQ(told({{"jax", "0.4.20"}, {"scipy", "1.12.0"}, {"optax", "0.1.7"}}), "");
  EXPECT_EQ(told({{"mmdet", "3.3.0"}, {"mmcv", "2.2.0"}}), "mmdet-mmcv-2.2 ");
  EXPECT_EQ(told({{"mmdet", "3.3.0"}, {"mmcv", "2.1.0"}}), "");
}

TEST(KnownIssues, ReleasesThatLeftAGpu) {
  const auto told = [](const char* gpu, const char* capability, const char* name, const char* version) {
    Scene scene;
    scene.knowledge.known_issues = load_knowledge()->known_issues;
    scene.gpu(gpu, capability).package(name, version, "framework", "12.5");
    const auto found = judge(scene);
    return !found.empty() && found[0].severity == Severity::warning ? found[0].evidence : std::string();
  };
  EXPECT_TRUE(has(told("NVIDIA GeForce RTX 5080", "12.0", "tensorflow", "2.18.0"), "tf-blackwell-ptx"));
  EXPECT_EQ(told("NVIDIA GeForce RTX 4080", "8.9", "tensorflow", "2.18.0"), "");
  EXPECT_TRUE(has(told("Tesla V100-PCIE-16GB", "7.0", "sglang", "0.4.6"), "sglang-min-cc-7.5"));
  EXPECT_EQ(told("Tesla T4", "7.5", "sglang", "0.4.6"), "");
  EXPECT_TRUE(has(told("Tesla V100-PCIE-16GB", "7.0", "autoawq", "0.2.6"), "autoawq-min-cc-7.5"));
  EXPECT_TRUE(has(told("Tesla T4", "7.5", "autoawq", "0.1.2"), "autoawq-0.1-min-cc-8.0"));
  EXPECT_EQ(told("Tesla T4", "7.5", "autoawq", "0.2.6"), "");
  EXPECT_TRUE(has(told("Tesla T4", "7.5", "tensorrt-llm", "0.20.0"), "tensorrt-llm-min-cc-8.0"));
  EXPECT_TRUE(has(told("Tesla V100-PCIE-16GB", "7.0", "exllamav3", "1.6.2"), "exllamav3-no-volta"));
}

TEST(KnownIssues, AFactThatNobodyCouldReadIsNamed) {
  KnownIssue issue = eager();
  issue.settings = {};
  issue.cpu = {"amd"};
  Scene scene = with_issue(issue);
  scene.stack.facts["cpu.vendor"] = missing_fact(Missing::denied, "/proc/cpuinfo");
  EXPECT_TRUE(has(judge(scene).at(0).evidence, "it needs: a processor with amd"));
  scene.fact("cpu.vendor", "GenuineIntel");
  EXPECT_TRUE(judge(scene).empty());
  scene.fact("cpu.vendor", "AuthenticAMD");
  EXPECT_EQ(judge(scene).at(0).severity, Severity::warning);
}

TEST(KnownIssues, SeveralNodesAreTakenFromTheJob) {
  KnownIssue issue = eager();
  issue.settings = {};
  issue.platform = {"nodes"};
  issue.modules = {"nvidia_peermem", "!nv_peer_mem"};
  Scene scene = with_issue(issue);
  scene.fact("driver.kernel_mode.modules", std::vector<std::string>{"nvidia", "nvidia_peermem"});
  EXPECT_EQ(judge(scene).at(0).severity, Severity::note);
  scene.setting("SLURM_NNODES", "4");
  EXPECT_EQ(judge(scene).at(0).severity, Severity::warning);
  scene.fact("driver.kernel_mode.modules", std::vector<std::string>{"nvidia", "nvidia_peermem", "nv_peer_mem"});
  EXPECT_TRUE(judge(scene).empty());
}

TEST(KnownIssues, ADriversNumberIsNoReleaseOfCuda) {
  KnownIssue issue = eager();
  issue.components = {"cuda"};
  issue.version = ">=13.2";
  issue.settings = {};
  Scene scene;
  scene.knowledge.known_issues = {issue};
  scene.gpu("NVIDIA H100", "9.0");
  scene.binary("/usr/lib/libcuda.so.550.163.01", "libcuda.so.1", "550.163.01", "", "");
  scene.consumer("program", "1", "process", "").libraries = {
      testing::loaded("libcuda.so.1", "/usr/lib/libcuda.so.550.163.01", "mapped")};
  EXPECT_TRUE(judge(scene).empty());
  scene.package("nvidia-cuda-runtime", "13.2.51", "runtime", "13");
  EXPECT_EQ(judge(scene).size(), 1u);
}

// A machine shows all of its adapters; a text those that there are at least.
TEST(KnownIssues, AdaptersOfRdma) {
  KnownIssue issue = eager();
  issue.settings = {};
  issue.adapters = {"roce"};
  Scene scene = with_issue(issue);
  using Names = std::vector<std::string>;
  scene.stack.facts["network.rdma"] = missing_fact(Missing::not_asked, "text");
  EXPECT_TRUE(has(judge(scene).at(0).evidence, "it needs: an adapter of RoCE"));
  scene.fact("network.rdma", Names{"mlx5_0, Ethernet, 100 Gb/s"});
  EXPECT_EQ(judge(scene).at(0).severity, Severity::warning);
  scene.fact("network.rdma", Names{"mlx5_0, InfiniBand, 400 Gb/s", "mlx5_1, Ethernet, down"});
  EXPECT_TRUE(judge(scene).empty());
  scene.stack.facts["network.rdma"].standing = Standing::declared;
  EXPECT_EQ(judge(scene).at(0).severity, Severity::note);
  scene.stack.facts["network.rdma"] = missing_fact(Missing::absent, "/sys/class/infiniband");
  EXPECT_TRUE(judge(scene).empty());
  scene.knowledge.known_issues[0].adapters = {"several"};
  scene.fact("network.rdma", Names{"mlx5_0"});
  EXPECT_TRUE(judge(scene).empty());
  scene.fact("network.rdma", Names{"mlx5_0", "mlx5_1"});
  EXPECT_EQ(judge(scene).at(0).severity, Severity::warning);
  scene.knowledge.known_issues[0].adapters = {"one-a-gpu"};
  EXPECT_EQ(judge(scene).at(0).severity, Severity::note) << "which adapter is beside which GPU is not known";
}

TEST(KnownIssues, OtherComponentsAreOfTheSameEnvironment) {
  KnownIssue issue = eager();
  issue.settings = {};
  issue.with = {{"cudnn", "<9.8"}};
  Scene scene = with_issue(issue);
  EXPECT_TRUE(judge(scene).empty());
  scene.package("nvidia-cudnn-cu12", "9.1.0.70", "runtime", "12", "/other");
  EXPECT_TRUE(judge(scene).empty());
  scene.package("nvidia-cudnn-cu12", "9.1.0.70", "runtime", "12");
  EXPECT_EQ(judge(scene).size(), 1u);
}

TEST(KnownIssues, ChangesOfOneReleaseAreOneNote) {
  KnownIssue faster = eager();
  faster.effect = IssueEffect::faster;
  KnownIssue digits = faster;
  digits.id = "digits";
  digits.effect = IssueEffect::numerics;
  Scene scene = with_issue(faster);
  scene.knowledge.known_issues.push_back(digits);
  const auto found = judge(scene);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);
  EXPECT_TRUE(has(found[0].evidence, "eager") && has(found[0].evidence, "digits"));
}

TEST(KnownIssues, TheGpuSideAsksForAGpu) {
  KnownIssue issue = eager();
  issue.gpu = "";
  issue.settings = {};
  Scene scene;
  scene.knowledge.known_issues = {issue};
  scene.package("nvidia-cublas-cu12", "12.6.1.4", "runtime", "12");
  EXPECT_TRUE(judge(scene).empty());
  scene.knowledge.known_issues[0].on_cpu = true;
  EXPECT_EQ(judge(scene).size(), 1u);
}

// Every row that says who tells it names a rule, or a row of the table of other kernels.
TEST(KnownIssues, WhoTellsItIsThere) {
  const Knowledge knowledge = *load_knowledge();
  std::set<std::string> ids;
  for (const KnownIssue& issue : knowledge.known_issues) {
    EXPECT_TRUE(ids.insert(issue.id).second) << issue.id;
    EXPECT_GE(issue.source.size(), 8u) << issue.id;
    if (issue.told_by.empty()) continue;
    const bool row = std::any_of(knowledge.dispatch_changes.begin(), knowledge.dispatch_changes.end(),
                                 [&](const DispatchChange& change) { return change.id == issue.told_by; });
    EXPECT_TRUE(row || find_rule(issue.told_by) != nullptr) << issue.id << ": " << issue.told_by;
  }
  EXPECT_GE(ids.size(), 300u);
}

TEST(KnownIssues, AnOlderCLibrary) {
  KnownIssue issue = eager();
  issue.settings.clear();
  issue.gpu.clear();
  issue.libc = "<2.28";
  Scene scene = with_issue(issue);
  EXPECT_TRUE(judge(scene).empty());  // not told
  scene.fact("os.libc", std::string("glibc 2.17"));
  EXPECT_EQ(judge(scene)[0].severity, Severity::warning);
  scene.fact("os.libc", std::string("glibc 2.35"));
  EXPECT_TRUE(judge(scene).empty());
}

TEST(KnownIssues, AProgramOfTheSystemOnADriver) {
  KnownIssue issue = eager();
  issue.components = {"ollama"};
  issue.version = ">=0.30";
  issue.settings.clear();
  issue.gpu.clear();
  issue.driver = "<550";
  issue.effect = IssueEffect::unsupported;
  Scene scene = with_issue(issue);
  scene.fact("os.gpu_packages", std::vector<std::string>{"program ollama 0.30.0"});
  scene.fact("driver.kernel_mode.version", std::string("535.288.01"));
  ASSERT_EQ(judge(scene).size(), 1u);
  EXPECT_EQ(judge(scene)[0].severity, Severity::warning);
  EXPECT_EQ(judge(scene)[0].category, FaultCategory::driver_ceiling);
}

}  // namespace
}  // namespace varve
