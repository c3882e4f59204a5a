#include "rules/analysis/consumer_verdict.h"

#include <gtest/gtest.h>

#include "rules/analysis/made_stack_testing.h"

namespace varve {
namespace {

using test::add_framework;
using test::answer;
using test::coverage_of;
using test::first_verdict;
using test::MadeStack;
using test::usual_code;

TEST(ConsumerVerdictOf, SaysWhatTheFrameworkMeetsFirst) {
  struct Row {
    const char *driver, *level, *runtime, *outcome, *regime;
    CheckState state;
  };
  for (const Row& row : {Row{"470.256.02", "11.4", "12.1", "driver too old", "none", CheckState::broken},
                         {"525.147.05", "12.0", "12.1", "reaches device enumeration", "minor-version", CheckState::ok},
                         {"550.163.01", "12.4", "12.1", "reaches device enumeration", "backward", CheckState::ok},
                         {"550.163.01", "12.4", "13.2", "driver too old", "none", CheckState::broken}}) {
    MadeStack stack;
    stack.driver(row.driver, row.level).gpu("NVIDIA A100-PCIE-40GB", "8.0");
    const ConsumerVerdict verdict = first_verdict(add_framework(stack, row.runtime, usual_code()));
    EXPECT_EQ(verdict.outcome, outcome_from(row.outcome)) << row.driver << " " << row.runtime;
    EXPECT_EQ(verdict.regime, regime_from(row.regime));
    EXPECT_EQ(verdict.state, row.state);
  }
}

TEST(ConsumerVerdictOf, TellsNoDriverFromNoGpu) {
  MadeStack none;
  none.missing("driver.user_mode.version", Missing::absent, "--driver-root").gpu("L40S", "8.9");
  const ConsumerVerdict broken = first_verdict(add_framework(none, "12.4", usual_code()));
  EXPECT_EQ(broken.outcome, Outcome::no_driver);
  EXPECT_EQ(broken.state, CheckState::broken);
  MadeStack cpu;
  cpu.no_gpu();
  const ConsumerVerdict fine = first_verdict(add_framework(cpu, "12.4", usual_code()));
  EXPECT_EQ(answer(fine, "driver").state, CheckState::not_applicable);
  EXPECT_EQ(answer(fine, "driver").detail, "runtime 12.4 (libcudart.so.12): no GPU");
  EXPECT_EQ(fine.state, CheckState::ok);
  EXPECT_EQ(fine.outcome, std::nullopt);
}

TEST(ConsumerVerdictOf, ComesForAFrameworkBeforeWhatCameAlongWithIt) {
  MadeStack stack;
  stack.package("cuda-bindings", "13.2", "13.2", "extension").consumer();
  stack.library("driver.so", "cuda-bindings");
  EXPECT_EQ(first_verdict(add_framework(stack, "13.2", usual_code())).name, "torch 2.5.0");
}

TEST(ConsumerVerdictOf, JudgesAnEnvironmentAloneByItsLibrariesOnly) {
  MadeStack stack;
  const ConsumerVerdict verdict = first_verdict(add_framework(stack, "13.2", usual_code()));
  EXPECT_EQ(verdict.state, CheckState::ok);
  EXPECT_EQ(answer(verdict, "driver").state, CheckState::not_applicable);
}

TEST(ConsumerVerdictOf, IsDegradedWhereAnotherWroteOverIt) {
  MadeStack stack;
  add_framework(stack, "12.4", usual_code());
  const std::string label = stack.analysis().consumers.front().consumer.name;
  const auto after = [&](const std::string& owner) {
    stack.environment().file_faults = {{FileFaultKind::overwritten, "/env/x/a.so", {"other 1", label}, owner}};
    return answer(first_verdict(stack), "libraries");
  };
  EXPECT_EQ(after(label).state, CheckState::ok);
  EXPECT_EQ(after("other 1").state, CheckState::degraded);
  EXPECT_EQ(after("other 1").detail, "other 1 wrote over a.so");
  EXPECT_EQ(after("").detail, "other 1 may have written over a.so");
}

TEST(ConsumerVerdictOf, IsNotCondemnedByAnUnusedExtra) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  add_framework(stack, "12.1", usual_code());
  stack.package("nvidia-cuda-runtime", "13.2.86", "13.2", "runtime");
  stack.environment().runtimes = known_fact(std::vector<std::string>{"12.1", "13.2"}, "made");
  EXPECT_EQ(first_verdict(stack).state, CheckState::ok);
  // Another library under it opens a CUDA 13 runtime by name; the consumer's own one is served.
  stack.library("libcudart.so.13", "nvidia-cuda-runtime-13", "13.2", {}, "/env/torch/libown.so",
                DependencyKind::opened);
  const ConsumerVerdict verdict = first_verdict(stack);
  EXPECT_EQ(verdict.outcome, Outcome::reaches_devices);
  EXPECT_EQ(verdict.state, CheckState::degraded);
  EXPECT_NE(answer(verdict, "driver").detail.find("13.2"), std::string::npos);
}

TEST(ConsumerVerdictOf, OfAPackageWithABuildForEachCudaIsThatOfTheOneThatFits) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  stack.package("bitsandbytes", "0.45.0", "", "extension").consumer();
  for (const auto& [name, runtime] :
       {std::pair{"libbnb_cuda118.so", "11.8"}, {"libbnb_cuda124.so", "12.4"}, {"libbnb_cuda130.so", "13.0"}}) {
    stack.library(name, "bitsandbytes", runtime, coverage_of({{{"sm_80"}, 3}}));
  }
  const ConsumerVerdict verdict = first_verdict(stack);
  EXPECT_EQ(verdict.outcome, Outcome::reaches_devices);
  EXPECT_EQ(answer(verdict, "driver").state, CheckState::ok) << answer(verdict, "driver").detail;
}

TEST(ConsumerVerdictOf, FallsBackToSonamesThenToThePackage) {
  MadeStack by_name;
  by_name.driver("550.163.01", "12.4").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  by_name.package("onnxruntime-gpu", "1.31.1", "12.8")
      .consumer()
      .library("libprovider.so", "onnxruntime-gpu", "", usual_code());
  by_name.not_found("libcublasLt.so.13", "/env/onnxruntime-gpu/libprovider.so");
  const ConsumerVerdict verdict = first_verdict(by_name);
  EXPECT_EQ(verdict.outcome, Outcome::driver_too_old);
  EXPECT_NE(answer(verdict, "driver").detail.find("libcublasLt.so.13"), std::string::npos);
  EXPECT_EQ(answer(verdict, "libraries").state, CheckState::broken);
  MadeStack by_package;
  by_package.driver("550.163.01", "12.4").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  by_package.package("cupy-cuda12x", "14.2.0", "12.x")
      .consumer()
      .library("a.cpython-311-x86_64-linux-gnu.so", "cupy-cuda12x");
  EXPECT_EQ(first_verdict(by_package).outcome, Outcome::reaches_devices);
}

TEST(ConsumerVerdictOf, TellsMissingLibrariesFromSidePieces) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("NVIDIA A100", "8.0");
  add_framework(stack, "12.1", usual_code());
  stack.library("libtensorrt_provider.so", "torch").not_found("libnvinfer.so.10", "/env/torch/libtensorrt_provider.so");
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::ok)
      << "nothing imports it and it holds no GPU code";
  stack.not_found("libcuda.so.1", "/env/torch/libown.so");
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::ok)
      << "the driver's libraries are the driver's";
  stack.not_found("libcublas.so.12", "/env/torch/libown.so");
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::broken);
}

TEST(ConsumerVerdictOf, LetsPlugInsThatAreOpenedLaterBeIncomplete) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.library("libcufile_rdma.so.1", "nvidia-cufile", "", {}, "/env/torch/libown.so", DependencyKind::opened);
  stack.not_found("libibverbs.so.1", "/env/nvidia-cufile/libcufile_rdma.so.1");
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::ok);
  // cuDNN for another CUDA: what it lacks is there in another version.
  stack.library("libcublas.so.12", "nvidia-cublas", "12.1", {}, "/env/torch/libown.so");
  stack.library("libcudnn_heuristic.so.8", "nvidia-cudnn", "", {}, "/env/torch/libown.so", DependencyKind::opened);
  stack.not_found("libcublas.so.11", "/env/nvidia-cudnn/libcudnn_heuristic.so.8");
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::broken);
}

TEST(ConsumerVerdictOf, CallsAMissingPieceOfItsInterfaceDegraded) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.library("cublas.cpython-311-x86_64-linux-gnu.so", "torch");
  stack.not_found("libcublas.so.12", "/env/torch/cublas.cpython-311-x86_64-linux-gnu.so");
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::degraded);
}

// CuPy as it is installed by default has modules for NCCL and cuTENSOR, which are products of their own.
TEST(ConsumerVerdictOf, ModulesForLibrariesThatNobodyAsksForMayLackThem) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.library("cutensor.cpython-311-x86_64-linux-gnu.so", "torch");
  stack.not_found("libcutensor.so.2", "/env/torch/cutensor.cpython-311-x86_64-linux-gnu.so");
  const ConsumerAnswer libraries = answer(first_verdict(stack), "libraries");
  EXPECT_EQ(libraries.state, CheckState::ok);
  EXPECT_NE(libraries.detail.find("side pieces would not load without libcutensor.so.2"), std::string::npos);
}

// A framework whose module is imported at once; libown.so, with all GPU code, is complete.
MadeStack& add_imported_module(MadeStack& stack, const std::string& lacks) {
  add_framework(stack, "12.1", usual_code());
  stack.package("nvidia-cudnn-cu12", "9.1.0", "12", "runtime");
  stack.library("_C.cpython-311-x86_64-linux-gnu.so", "torch");
  stack.last_library().at_start = true;
  if (!lacks.empty()) stack.last_library().lacks = {lacks};
  return stack;
}

// One verdict, whoever asks for the missing library first: what the import loads fails it.
TEST(ConsumerVerdictOf, AnImportThatLacksALibraryFails) {
  Knowledge knowledge = test::small_knowledge();
  knowledge.library_names.push_back({"cudnn", "libcudnn.so.9", "", "nvidia-cudnn-cu12", "nvidia/cudnn/lib", "made"});
  MadeStack stack(knowledge);
  add_imported_module(stack, "libcudnn.so.9");
  stack.library("libside.so", "torch").not_found("libcudnn.so.9", "/env/torch/libside.so");
  const ConsumerAnswer libraries = answer(first_verdict(stack), "libraries");
  EXPECT_EQ(libraries.state, CheckState::broken);
  EXPECT_EQ(libraries.detail,
            "the import fails: not found: libcudnn.so.9 (for libside.so); nvidia-cudnn-cu12 9.1.0 is "
            "installed and does not bring it");
  const ConsumerAnswer symbols = answer(first_verdict(stack), "symbols");
  EXPECT_EQ(symbols.state, CheckState::cannot_tell) << "what is missing may define them";
  EXPECT_NE(symbols.detail.find("libcudnn.so.9"), std::string::npos);
}

TEST(ConsumerVerdictOf, MoreMissingIsNeverBetter) {
  MadeStack one, two;
  for (MadeStack* stack : {&one, &two}) {
    add_imported_module(*stack, "libcublasLt.so.13");
    stack->not_found("libcublasLt.so.13", "/env/torch/_C.cpython-311-x86_64-linux-gnu.so");
  }
  two.not_found("libcublas.so.12", "/env/torch/libown.so");
  EXPECT_EQ(first_verdict(one).state, CheckState::broken);
  EXPECT_EQ(first_verdict(two).state, CheckState::broken);
}

TEST(ConsumerVerdictOf, APartOpenedLateBreaksAtFirstUse) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.library("libcudnn.so.9", "nvidia-cudnn", "", {}, "/env/torch/libown.so");
  stack.not_found("libcudnn_ops.so.9", "/env/nvidia-cudnn/libcudnn.so.9");
  stack.last_library().kind = DependencyKind::opened;
  const ConsumerAnswer libraries = answer(first_verdict(stack), "libraries");
  EXPECT_EQ(libraries.state, CheckState::broken);
  EXPECT_TRUE(libraries.detail.starts_with("broken at first use of libcudnn_ops.so.9")) << libraries.detail;
  EXPECT_EQ(answer(first_verdict(stack), "symbols").state, CheckState::cannot_tell);
}

// ctranslate2 beside NVIDIA's wheels, which it does not look into: held is not found.
TEST(ConsumerVerdictOf, WhatNothingLooksForIsNotFound) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.not_found("libcublas.so.12", "/env/torch/libown.so");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::ok) << "it may do without";
  stack.last_library().why = "not found; nothing looks for it in /env/nvidia/cublas/lib/libcublas.so.12";
  EXPECT_EQ(answer(first_verdict(stack), "libraries").state, CheckState::broken);
}

TEST(ConsumerVerdictOf, AnImportNeedsPackagesToo) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code(), "bitsandbytes", "0.50.2");
  stack.stack().consumers.back().lacks_packages = {"torch"};
  EXPECT_EQ(first_verdict(stack).state, CheckState::broken);
  EXPECT_EQ(answer(first_verdict(stack), "libraries").detail, "the import fails: it imports torch, which is not there");
}

TEST(ConsumerVerdictOf, AMissingVersionIsNamed) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.last_library().unresolved = {{"", "LIB_1 of libver.so.1"}};
  stack.last_library().unresolved_count = 1;
  EXPECT_NE(answer(first_verdict(stack), "symbols").detail.find("lacks 1, first the version LIB_1 of libver.so.1"),
            std::string::npos);
}

TEST(ConsumerVerdictOf, RefinesAMajorVersionByWhatTheEnvironmentHolds) {
  MadeStack stack;
  stack.driver("525.147.05", "12.0").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  stack.environment().runtimes = known_fact(std::vector<std::string>{"12.8", "12.9", "13.0"}, "made");
  stack.package("jax-cuda12-plugin", "0.10.2", "12", "extension").consumer().library("plugin.so", "jax-cuda12-plugin");
  EXPECT_EQ(first_verdict(stack).regime, Regime::minor_version);
  EXPECT_NE(answer(first_verdict(stack), "driver").detail.find("12.9"), std::string::npos);
}

TEST(ConsumerVerdictOf, CountsUnresolvedSymbols) {
  MadeStack stack;
  add_framework(stack, "12.1", usual_code());
  stack.last_library().unresolved = {{"_ZN2at4_ops3addE", ""}};
  stack.last_library().unresolved_count = 7;
  const ConsumerVerdict verdict = first_verdict(stack);
  EXPECT_EQ(answer(verdict, "symbols").state, CheckState::broken);
  EXPECT_NE(answer(verdict, "symbols").detail.find("_ZN2at4_ops3addE"), std::string::npos);
  stack.stack().consumers.back().symbols_checked = false;
  EXPECT_EQ(answer(first_verdict(stack), "symbols").state, CheckState::cannot_tell);
  EXPECT_EQ(first_verdict(stack).state, CheckState::ok) << "what was not asked for does not count";
}

TEST(ConsumerVerdictOf, WhatCallsTheDriverAloneNeedsADriver) {
  for (const DependencyKind kind : {DependencyKind::needed, DependencyKind::opened}) {
    MadeStack stack;
    stack.missing("driver.user_mode.version", Missing::absent, "--driver-root").gpu("L40S", "8.9");
    stack.package("warp-lang", "1.9", "", "extension").consumer();
    stack.library("warp.so", "warp-lang");
    stack.library("libcuda.so.1", "", "", {}, "/env/warp-lang/warp.so", kind);
    const ConsumerVerdict verdict = first_verdict(stack);
    EXPECT_EQ(verdict.outcome, Outcome::no_driver);
    EXPECT_EQ(verdict.state, kind == DependencyKind::needed ? CheckState::broken : CheckState::degraded);
    stack.driver("470.256.02", "11.4");
    EXPECT_EQ(first_verdict(stack).outcome, Outcome::reaches_devices);
  }
}

TEST(ConsumerVerdictOf, WhatNeedsTheDriverIsToldWithoutAGpuToo) {
  MadeStack stack;
  stack.missing("driver.user_mode.version", Missing::absent, "/usr/lib").no_gpu();
  stack.package("pynvjitlink-cu12", "0.7.0", "", "extension").consumer();
  stack.library("_nvjitlinklib.so", "pynvjitlink-cu12");
  stack.library("libcuda.so.1", "", "", {}, "/env/pynvjitlink-cu12/_nvjitlinklib.so", DependencyKind::needed);
  stack.last_library().path.clear();
  const ConsumerVerdict verdict = first_verdict(stack);
  EXPECT_EQ(verdict.state, CheckState::ok);
  EXPECT_NE(answer(verdict, "libraries").detail.find("not libcuda.so.1 (for _nvjitlinklib.so), which a driver brings"),
            std::string::npos)
      << answer(verdict, "libraries").detail;
}

TEST(ConsumerVerdictOf, DriversOfJetsonLinuxAreOfNoBranch) {
  MadeStack stack;
  stack.fact("driver.user_mode.role", std::string("driver")).fact("driver.user_mode.version", std::string("540.4.0"));
  stack.gpu("Orin (nvgpu)", "8.7");
  const ConsumerVerdict verdict = first_verdict(add_framework(stack, "12.6", coverage_of({{{"sm_87"}, 10}})));
  EXPECT_EQ(answer(verdict, "driver").state, CheckState::cannot_tell);  // not 12.2, as branch 535 offers
  EXPECT_EQ(answer(verdict, "GPU code").state, CheckState::ok);
}

}  // namespace
}  // namespace varve
