// What it means that an installation has lost files, or never had what another package's library needs.
#include <gtest/gtest.h>

#include "rules/analysis/made_stack_testing.h"

namespace varve {
namespace {

using test::coverage_of;
using test::MadeStack;

const ConsumerAnswer& libraries_of(const Analysis& analysis) { return analysis.consumers.front().answers.libraries; }

TEST(LostParts, ThatAreThereAndAreNoLibraryBreakTheUse) {
  for (const bool replaced : {false, true}) {
    MadeStack stack;
    stack.gpu("NVIDIA A100", "8.0").package("faiss-cpu", "1.15.1", "").consumer().library("libgomp.so.1", "faiss-cpu");
    stack.not_found("_swigfaiss.abi3.so", "");
    stack.last_library().kind = DependencyKind::opened;
    if (replaced) {
      stack.environment().file_faults.push_back({.kind = FileFaultKind::replaced,
                                                 .path = "/env/faiss/_swigfaiss.abi3.so",
                                                 .packages = {"faiss-cpu 1.15.1"},
                                                 .owner = {}});
    }
    const Analysis analysis = stack.analysis();
    EXPECT_EQ(libraries_of(analysis).state, replaced ? CheckState::broken : CheckState::ok);
    EXPECT_EQ(libraries_of(analysis).detail.starts_with("broken at first use of _swigfaiss"), replaced);
  }
}

// Programs that compile for GPUs are missed where there is one.
TEST(LostParts, OfACompilerMatterOnAGpu) {
  for (const bool gpu : {false, true}) {
    MadeStack stack;
    gpu ? stack.gpu("NVIDIA A100", "8.0") : stack.no_gpu();
    stack.package("taichi", "1.7.4", "", "extension").consumer().library("taichi_python.so", "taichi");
    stack.not_found("runtime_cuda.bc", "");
    stack.last_library().kind = DependencyKind::opened;
    stack.environment().file_faults.push_back({.kind = FileFaultKind::missing,
                                               .path = "/env/taichi/runtime_cuda.bc",
                                               .packages = {"taichi 1.7.4"},
                                               .owner = {}});
    EXPECT_EQ(libraries_of(stack.analysis()).state, gpu ? CheckState::broken : CheckState::degraded);
  }
}

// qiskit-aer-gpu 0.15.1 with cuQuantum: libcutensornet.so.2 opens libcutensorMp.so.2 for several processes, which needs
// NCCL, and nobody asks for that.
TEST(LostParts, ProductOfItsOwnThatNobodyAsksForIsNotMissed) {
  for (const bool asked_for : {false, true}) {
    Knowledge knowledge = test::small_knowledge();
    knowledge.library_names.push_back({"nccl", "libnccl.so.2", "", "nvidia-nccl-cu12", "", "made"});
    MadeStack stack(knowledge);
    stack.gpu("NVIDIA A100", "8.0").package("cutensor-cu12", "2.8.1", "12", "runtime");
    if (asked_for) {
      stack.environment().packages.back().requirements.push_back(
          {.name = "nvidia-nccl-cu12", .specifier = "", .installed = ""});
    }
    stack.package("qiskit-aer-gpu", "0.15.1", "", "extension").consumer();
    stack.library("controller_wrappers.so", "qiskit-aer-gpu", "12.9", coverage_of({{{"sm_80"}, 1}}));
    stack.library("libcutensorMp.so.2", "cutensor-cu12", "12.9", coverage_of({{{"sm_80"}, 1}}),
                  "/env/qiskit-aer-gpu/controller_wrappers.so", DependencyKind::opened);
    stack.not_found("libnccl.so.2", "/env/cutensor-cu12/libcutensorMp.so.2");
    const Analysis analysis = stack.analysis();
    EXPECT_EQ(libraries_of(analysis).state, asked_for ? CheckState::broken : CheckState::ok)
        << libraries_of(analysis).detail;
  }
}

// cuda-python 12.4 makes the runtime's functions of the driver's: cudaGetDeviceCount answers on driver 470. With a
// runtime inside (cuda-bindings 12.9) that decides.
TEST(LostParts, BindingsWithoutARuntimeTakeAnyDriver) {
  for (const bool carries : {false, true}) {
    MadeStack stack;
    stack.driver("470.256.02", "11.4").gpu("Tesla T4", "7.5").package("cuda-bindings", "12.8.0", "12.8", "extension");
    stack.consumer().library("cyruntime.so", "cuda-bindings", carries ? "12.8" : "");
    for (const char* name : {"libcuda.so.1", "libnvrtc.so.12"}) {
      stack.not_found(name, "/env/cuda-bindings/cyruntime.so");
      stack.last_library().kind = DependencyKind::opened;
    }
    const ConsumerVerdict verdict = test::first_verdict(stack);
    EXPECT_EQ(test::answer(verdict, "driver").state, carries ? CheckState::broken : CheckState::ok)
        << test::answer(verdict, "driver").detail;
  }
}

}  // namespace
}  // namespace varve
