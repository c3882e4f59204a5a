#include <gtest/gtest.h>

#include "rules/analysis/gpu_code.h"
#include "rules/analysis/made_stack_testing.h"
#include "rules/judgement.h"

namespace varve {
namespace {

using test::add_framework;
using test::answer;
using test::coverage_of;
using test::first_verdict;
using test::MadeStack;
using test::usual_code;

struct CodeRow {
  const char *capability, *driver, *level;
  Coverage coverage;
  CheckState state;
  CodeCause cause;
};

TEST(ConsumerGpuCode, JudgesGpuCodeNativeByJitOrNotAtAll) {
  const Coverage with_ptx = coverage_of({{{"sm_80", "compute_90:8.4"}, 10}});
  for (const CodeRow& row :
       {CodeRow{"8.6", "550.163.01", "12.4", with_ptx, CheckState::ok, CodeCause::native},
        CodeRow{"9.0", "550.163.01", "12.4", with_ptx, CheckState::degraded, CodeCause::by_jit},
        CodeRow{"9.0", "535.261.03", "12.2", with_ptx, CheckState::broken, CodeCause::ptx_too_new},
        CodeRow{"7.5", "550.163.01", "12.4", with_ptx, CheckState::broken, CodeCause::none},
        CodeRow{"9.0", "550.163.01", "12.4", coverage_of({{{"sm_80"}, 10}, {{"sm_90a"}, 10}}), CheckState::ok,
                CodeCause::native},
        CodeRow{"12.1", "580.95.05", "13.0", coverage_of({{{"sm_80", "sm_120"}, 10}, {{"sm_120a"}, 2}}),
                CheckState::degraded, CodeCause::for_siblings},
        CodeRow{"8.6", "550.163.01", "12.4", coverage_of({{{"sm_80", "sm_86"}, 3}, {{"sm_90"}, 9}}),
                CheckState::degraded, CodeCause::partly},
        // torchao: all that is no kernel of Triton's is for one kind of GPU.
        CodeRow{"8.0", "580.95.05", "13.0", coverage_of({{{"sm_90a"}, 10}}), CheckState::degraded, CodeCause::partly},
        // A framework for older GPUs with a newer NCCL linked into it.
        CodeRow{"9.0", "550.163.01", "12.4", coverage_of({{{"sm_80", "sm_86"}, 700}, {{"sm_70", "sm_90"}, 9}}),
                CheckState::broken, CodeCause::hardly}}) {
    MadeStack stack;
    stack.driver(row.driver, row.level).gpu("some GPU", row.capability);
    add_framework(stack, "12.1", row.coverage);
    const Analysis analysis = stack.analysis();
    const auto verdicts = judge_code(analysis, serving_driver(analysis), analysis.consumers.front());
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].cause, row.cause) << row.capability << ": " << verdicts[0].detail;
    EXPECT_EQ(answer(first_verdict(stack), "GPU code").state, row.state) << verdicts[0].detail;
  }
}

// A program has nothing beside its own kernels.
TEST(ConsumerGpuCode, OfAProgramForOneKindOfGpuIsNothingForOthers) {
  MadeStack stack;
  stack.driver("580.95.05", "13.0").gpu("some GPU", "12.0");
  add_framework(stack, "13.0", coverage_of({{{"sm_90a"}, 1}}));
  stack.stack().consumers.front().kind = ConsumerKind::binary;
  const Analysis analysis = stack.analysis();
  const auto verdicts = judge_code(analysis, serving_driver(analysis), analysis.consumers.front());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].cause, CodeCause::none) << verdicts[0].detail;
}

// nixl on an A100: what has no code for it is a module of nixl_ep, which the import of nixl does without, and a
// plug-in.
TEST(ConsumerGpuCode, OfAnotherPackageInTheSameWheelIsNoneOfTheImport) {
  const auto made = [](DependencyKind kind, bool has_import) {
    MadeStack stack;
    stack.driver("580.95.05", "13.0").gpu("A100", "8.0");
    stack.package("nixl-cu12", "1.5.1", "12.9", "extension").consumer();
    if (has_import) stack.library("_bindings.abi3.so", "nixl-cu12");
    stack.library("nixl_ep_cpp.abi3.so", "nixl-cu12", "", coverage_of({{{"sm_90", "sm_100"}, 5}}), {}, kind);
    stack.library("libplugin_GPUNETIO.so", "nixl-cu12", "", coverage_of({{{"sm_90", "sm_100"}, 2}}), {},
                  DependencyKind::opened);
    return first_verdict(stack);
  };
  EXPECT_EQ(answer(made(DependencyKind::opened, true), "GPU code").state, CheckState::degraded);
  EXPECT_EQ(answer(made(DependencyKind::needed, true), "GPU code").state, CheckState::broken) << "vLLM's _core_C";
  EXPECT_EQ(answer(made(DependencyKind::opened, false), "GPU code").state, CheckState::broken) << "nothing is imported";
}

// thor-cuda asks for one package of kernels for each kind of GPU and loads that which fits.
TEST(ConsumerGpuCode, OfAPackageForAnotherGpuIsNotMissedWhereASiblingServesIt) {
  const auto state_of_older = [](const std::string& capability, const std::string& other) {
    MadeStack stack;
    stack.driver("595.45.04", "13.2").gpu("some GPU", capability);
    stack.package("kernels-sm89", "1.0", "13.2", "extension").consumer();
    stack.library("libone.so", "kernels-sm89", "", coverage_of({{{"sm_89"}, 5}}));
    stack.package(other, "1.0", "13.2", "extension").consumer();
    stack.library("libtwo.so", other, "", coverage_of({{{"sm_120"}, 5}}));
    const std::vector<ConsumerVerdict> verdicts = judge_consumers(stack.analysis());
    return answer(verdicts.front(), "GPU code");
  };
  EXPECT_EQ(state_of_older("12.0", "kernels-sm120").state, CheckState::not_applicable);
  EXPECT_EQ(state_of_older("12.0", "kernels-sm120").detail, "kernels-sm120 serves 12.0");
  EXPECT_EQ(state_of_older("8.9", "kernels-sm120").state, CheckState::ok);
  EXPECT_EQ(state_of_older("9.0", "kernels-sm120").state, CheckState::broken);
  EXPECT_EQ(state_of_older("12.0", "others-sm120").state, CheckState::broken);
}

TEST(ConsumerGpuCode, FollowsTheSettingsOfTheJitCompiler) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("some GPU", "9.0");
  add_framework(stack, "12.1", coverage_of({{{"sm_80", "compute_80:8.1"}, 10}}));
  stack.fact("settings.CUDA_DISABLE_PTX_JIT", std::string("1"));
  EXPECT_EQ(answer(first_verdict(stack), "GPU code").state, CheckState::broken);
  stack.fact("settings.CUDA_DISABLE_PTX_JIT", std::string("0")).fact("settings.CUDA_FORCE_PTX_JIT", std::string("1"));
  EXPECT_EQ(answer(first_verdict(stack), "GPU code").state, CheckState::degraded);
}

TEST(ConsumerGpuCode, CountsOneServedGpuOfSeveralAsDegraded) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("NVIDIA A100", "8.0").gpu("Quadro P400", "6.1");
  EXPECT_EQ(answer(first_verdict(add_framework(stack, "12.1", usual_code())), "GPU code").state, CheckState::degraded);
}

TEST(ConsumerGpuCode, SaysThatTheDriverDoesNotKnowTheGpu) {
  MadeStack by_table;
  by_table.driver("550.163.01", "12.4").gpu("NVIDIA GeForce RTX 5090", "12.0");
  const ConsumerVerdict verdict = first_verdict(add_framework(by_table, "12.1", coverage_of({{{"sm_120"}, 10}})));
  EXPECT_EQ(answer(verdict, "GPU").state, CheckState::broken);
  EXPECT_NE(answer(verdict, "GPU").detail.find("570"), std::string::npos);
  MadeStack asked;
  asked.driver("550.163.01", "12.4").gpu("Tesla K40m", "3.5");
  asked.fact("driver.jit.targets", std::vector<std::string>{"sm_50", "sm_90", "sm_90a"});
  const ConsumerVerdict dropped = first_verdict(add_framework(asked, "11.4", coverage_of({{{"sm_35"}, 10}})));
  EXPECT_NE(answer(dropped, "GPU").detail.find("no longer"), std::string::npos) << answer(dropped, "GPU").detail;
  MadeStack newer;
  newer.driver("580.95.05", "13.0").gpu("NVIDIA Next", "14.0");
  const ConsumerVerdict untold = first_verdict(add_framework(newer, "13.0", coverage_of({{{"sm_120"}, 10}})));
  EXPECT_EQ(answer(untold, "GPU").state, CheckState::cannot_tell);
  EXPECT_NE(answer(untold, "GPU").detail.find("newer than the data of 2026-11-01"), std::string::npos);
}

TEST(ConsumerGpuCode, AsksTheCompilersThatItUses) {
  const auto made = [](const char* capability, const std::vector<std::string>& versions, bool asks) {
    MadeStack stack;
    stack.driver("580.95.05", "13.0").gpu("some GPU", capability);
    add_framework(stack, "12.1", coverage_of({{{"sm_80", "sm_120"}, 10}}));
    if (asks) stack.environment().packages.front().requirements = {{"triton", "==3.1.0", "3.1.0"}};
    for (const std::string& version : versions) {
      stack.environment().compilers.push_back(
          {"/env/triton/bin/ptxas" + version, GpuCompiler::ptxas, known_fact(version, "made")});
    }
    return answer(first_verdict(stack), "compilers").state;
  };
  EXPECT_EQ(made("8.0", {"12.4.99"}, true), CheckState::ok);
  EXPECT_EQ(made("12.0", {"12.4.99"}, true), CheckState::degraded) << "what was compiled before runs";
  EXPECT_EQ(made("12.0", {"12.4.99", "12.9.86"}, true), CheckState::ok) << "one that knows it is enough";
  EXPECT_EQ(made("12.0", {"12.4.99"}, false), CheckState::not_applicable) << "nobody asks for it";
  EXPECT_EQ(made("8.0", {"13.9.1"}, true), CheckState::ok) << "a minor release drops no GPU";
  EXPECT_EQ(made("8.0", {"19.0.1"}, true), CheckState::cannot_tell);
}

TEST(ConsumerGpuCode, BreaksWithoutCodeWhenItsOnlyCompilerDoesNotKnowTheGpu) {
  MadeStack stack;
  stack.driver("580.95.05", "13.0").gpu("some GPU", "12.0");
  stack.package("cupy-cuda12x", "13.0", "12.x")
      .consumer()
      .library("a.cpython-311-x86_64-linux-gnu.so", "cupy-cuda12x", "12.1");
  stack.library("libnvrtc.so.12", "nvidia-cuda-nvrtc", "12.1");
  stack.environment().compilers.push_back(
      {"/env/nvidia-cuda-nvrtc/libnvrtc.so.12", GpuCompiler::nvrtc, known_fact(std::string("12.1.105"), "made")});
  EXPECT_EQ(answer(first_verdict(stack), "compilers").state, CheckState::broken);
}

TEST(ConsumerGpuCode, TakesTheTableOfBuildsWhereNoFileWasRead) {
  Knowledge knowledge = test::small_knowledge();
  knowledge.framework_builds = {{.framework = "torch",
                                 .version = "1.12",
                                 .variant = "cu102",
                                 .cuda = "10.2",
                                 .cudnn = {},
                                 .nccl = {},
                                 .targets = {"3.7", "5.0", "6.0", "7.0"},
                                 .ptx = false,
                                 .is_default = true,
                                 .released = {},
                                 .platform = {},
                                 .source = "made"}};
  MadeStack stack(knowledge);
  stack.driver("470.256.02", "11.4").gpu("NVIDIA GeForce RTX 3090", "8.6");
  stack.package("torch", "1.12.0+cu102", "10.2").consumer();
  stack.stack().consumers.back().symbols_checked = false;  // nobody looked into files
  const ConsumerVerdict verdict = first_verdict(stack);
  EXPECT_EQ(answer(verdict, "GPU code").state, CheckState::broken) << answer(verdict, "GPU code").detail;
  EXPECT_NE(answer(verdict, "GPU code").detail.find("table"), std::string::npos);
}

// Wheels for ARM's processors have code for GPUs that those for x86-64 have none for, and the other way round.
TEST(ConsumerGpuCode, TakesTheTableOfTheProcessorsWheels) {
  static const Knowledge knowledge = *load_knowledge();
  const auto made = [&](const std::string& gpu, const std::string& machine) {
    MadeStack stack(knowledge);
    stack.driver("580.95.05", "13.0").gpu("some GPU", gpu);
    if (!machine.empty()) stack.stack().facts["os.architecture"] = known_fact(machine, "test");
    stack.package("torch", "2.10.0+cu130", "13.0").consumer();
    stack.stack().consumers.back().symbols_checked = false;  // nobody looked into files
    return answer(first_verdict(stack), "GPU code").state;
  };
  EXPECT_EQ(made("11.0", "aarch64"), CheckState::ok);
  EXPECT_EQ(made("11.0", ""), CheckState::ok) << "a GPU of Tegra's stands beside a processor of ARM's";
  EXPECT_EQ(made("7.5", "aarch64"), CheckState::broken);
  EXPECT_EQ(made("7.5", "x86_64"), CheckState::ok);
  EXPECT_EQ(made("7.5", ""), CheckState::ok);
}

// Of a build that no table has, the CUDA that made it tells for which GPUs it can have code.
TEST(ConsumerGpuCode, TakesTheReleaseOfCudaWhereNothingElseTells) {
  static const Knowledge knowledge = *load_knowledge();
  const auto made = [&](const std::string& gpu, const std::string& cuda, const std::string& name = "some-framework") {
    MadeStack stack(knowledge);
    stack.driver("570.124.06", "12.8").gpu("some GPU", gpu);
    stack.package(name, "2.7.0.dev20250310", cuda).consumer();
    stack.stack().consumers.back().symbols_checked = false;  // nobody looked into files
    return answer(first_verdict(stack), "GPU code").state;
  };
  EXPECT_EQ(made("3.7", "12.1"), CheckState::broken);
  EXPECT_EQ(made("7.0", "13"), CheckState::broken) << "13 alone tells that it is behind 12.9";
  EXPECT_EQ(made("8.6", "10.2"), CheckState::degraded);
  EXPECT_EQ(made("12.0", "12.4"), CheckState::degraded);
  EXPECT_EQ(made("12.0", "12.4", "torch"), CheckState::broken) << "its builds with that CUDA hold no PTX";
  EXPECT_EQ(made("8.9", "11.1"), CheckState::cannot_tell) << "code for 8.0 runs on it";
  EXPECT_EQ(made("8.6", "11"), CheckState::cannot_tell);
  EXPECT_EQ(made("8.7", "11.1"), CheckState::degraded) << "a chip takes code of its own alone";
}

// What is compiled at the start is the newest PTX that this driver takes, not the newest that is there.
TEST(ConsumerGpuCode, NamesThePtxThatIsCompiled) {
  MadeStack stack;
  stack.driver("535.261.03", "12.2").gpu("L40S", "8.9");
  add_framework(stack, "12.1", coverage_of({{{"compute_80:8.0"}, 100}, {{"compute_80:9.2"}, 10}}));
  const ConsumerAnswer code = answer(first_verdict(stack), "GPU code");
  EXPECT_EQ(code.state, CheckState::degraded);
  EXPECT_NE(code.detail.find("PTX 8.0 is compiled"), std::string::npos) << code.detail;
}

TEST(ConsumerGpuCode, TellsOfALibraryWithoutCodeForTheGpu) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("NVIDIA H100 PCIe", "9.0");
  add_framework(stack, "12.4", usual_code());
  stack.library("libnccl.so.2", "nvidia-nccl-cu12", "", coverage_of({{{"sm_80"}, 10}}), "/env/torch/libown.so");
  EXPECT_EQ(first_verdict(stack).state, CheckState::degraded);
  EXPECT_NE(answer(first_verdict(stack), "GPU code").detail.find("libnccl.so.2 has no code for"), std::string::npos);
  const Analysis analysis = stack.analysis();
  const std::vector<Finding> found = judge_rules(analysis, {find_rule("VRV-CODE-LIBRARY")}).findings;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
}

TEST(ConsumerGpuCode, ALibraryIsWhatItsPartsServeTogether) {
  MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("Tesla V100-PCIE-16GB", "7.0");
  add_framework(stack, "12.4", usual_code());
  stack.library("libcudnn_ops.so.9", "nvidia-cudnn-cu12", "", coverage_of({{{"sm_70"}, 10}}), "/env/torch/libown.so");
  stack.library("libcudnn_cnn.so.9", "nvidia-cudnn-cu12", "", coverage_of({{{"sm_80"}, 10}}), "/env/torch/libown.so");
  // Made for GPUs from 8.0 on, whatever its release.
  stack.library("libcusparseLt.so.0", "nvidia-cusparselt", "", coverage_of({{{"sm_80"}, 1}}), "/env/torch/libown.so");
  EXPECT_EQ(first_verdict(stack).state, CheckState::ok);
  stack.stack().binaries[stack.stack().binaries.size() - 3].coverage = coverage_of({{{"sm_75"}, 10}});
  EXPECT_EQ(first_verdict(stack).state, CheckState::degraded);
}

TEST(ConsumerGpuCode, OfAProcessOnlyTheKernelsOfItsFrameworksDecide) {
  MadeStack stack;
  stack.driver("580.95.05", "13.0").gpu("NVIDIA A100-PCIE-40GB", "8.0");
  stack.package("torch", "2.5.0", "12.4").consumer();
  stack.stack().consumers.back() = {.kind = ConsumerKind::process,
                                    .name = "python3 (4711)",
                                    .package = {},
                                    .environment = "/env",
                                    .libraries = {},
                                    .symbols_checked = true,
                                    .remark = {}};
  stack.library("libtorch_cuda.so", "torch", "", usual_code());
  stack.package("nvidia-cufft-cu12", "11", "12", "runtime");
  stack.library("libcufft.so.11", "nvidia-cufft-cu12", "12.2",
                coverage_of({{{"sm_80"}, 10}, {{"compute_75:8.0"}, 6202}}));
  stack.library("libcudart.so.12", "nvidia-cuda-runtime-cu12", "12.4");
  const ConsumerVerdict verdict = first_verdict(stack);
  EXPECT_EQ(verdict.state, CheckState::ok);
  EXPECT_NE(answer(verdict, "driver").detail.find("runtime 12.4 (libcudart.so.12)"), std::string::npos);
}

TEST(ConsumerGpuCode, TorchAsksAnOldNvrtcForWhatItKnows) {
  for (const auto& [version, expected] :
       {std::pair("1.12.1", CheckState::degraded), std::pair("1.13.1", CheckState::ok)}) {
    MadeStack stack;
    stack.driver("550.163.01", "12.4").gpu("NVIDIA L40S", "8.9");
    add_framework(stack, "11.7", usual_code(), "torch", version);
    const std::string nvrtc = "/env/torch/libnvrtc.so.11.2";
    stack.library("libnvrtc.so.11.2", "torch");
    stack.environment().compilers = {{nvrtc, GpuCompiler::nvrtc, known_fact(std::string("11.7.99"), "made")}};
    EXPECT_EQ(answer(first_verdict(stack), "compilers").state, expected) << version;
  }
}

}  // namespace
}  // namespace varve
