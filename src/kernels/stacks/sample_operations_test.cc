#include "kernels/stacks/sample_operations.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

// Stacks of functions, outermost first; what stands before '@' is the name, behind it the file.
struct MadeStacks {
  CallerTree tree;
  std::vector<CalledSample> samples;

  std::uint32_t path(const std::vector<std::string>& functions) {
    std::uint32_t node = CallerTree::kNone;
    for (const std::string& text : functions) {
      const std::size_t at = text.find('@');
      node = tree.called(node, tree.function({text.substr(0, at), "/x/" + text.substr(at + 1)}));
    }
    return node;
  }
  void sample(std::uint64_t time_ns, const std::vector<std::string>& functions, std::uint32_t process = 1) {
    samples.push_back({process, time_ns, path(functions)});
  }
  // The operation of every sample; "~" before one that was joined, "-" for nobody.
  std::vector<std::string> told() const {
    const auto found = find_operations(tree, samples, 20 * kMs);
    EXPECT_TRUE(found);
    std::vector<std::string> names;
    for (const SampleOperation& one : found->of_samples) {
      const bool nobody = one.operation == SampleOperation::kNobody;
      names.push_back(nobody ? "-" : (one.joined ? "~" : "") + found->operations[one.operation].name);
    }
    return names;
  }
};

const std::string kMm = "at::_ops::mm::call(at::Tensor const&, at::Tensor const&)@libtorch_cpu.so";
const std::string kBmm = "at::_ops::bmm::call(at::Tensor const&, at::Tensor const&)@libtorch_cpu.so";
const std::string kAttention = "at::_ops::scaled_dot_product_attention::call(at::Tensor const&)@libtorch_cpu.so";
const std::string kLinear = "at::_ops::linear::call(at::Tensor const&)@libtorch_cpu.so";
const std::string kTeam = "@libgomp.so.1";
const std::string kRegion = "gemm_driver._omp_fn.2@libtorch_cpu.so";
const std::string kKernel = "sgemm_kernel@libtorch_cpu.so";

TEST(Operations, AreTheInnermostOnTheStackAndWholesTakeAll) {
  MadeStacks stacks;
  stacks.sample(0, {"main@python3.11", kLinear, kMm, kKernel});
  stacks.sample(1, {"main@python3.11", kAttention, kBmm, kKernel});
  stacks.sample(2, {"main@python3.11", "_PyEval_EvalFrameDefault@python3.11"});
  stacks.samples.push_back({1, 3, CallerTree::kNone});
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"aten::mm", "aten::scaled_dot_product_attention", "-", "-"}));
}

TEST(Operations, OfAProgramAreTheFunctionsThatCalled) {
  MadeStacks stacks;
  const std::string gemm = "cblas_sgemm@libopenblas.so.0";
  stacks.sample(0, {"main@transformer", "project@transformer", gemm, "sgemm_kernel_HASWELL@libopenblas.so.0"});
  stacks.sample(1, {"main@transformer", "attend@transformer", gemm});
  stacks.sample(2, {"main@transformer", "attend@transformer"});
  stacks.sample(
      3, {"main@transformer", "scale@transformer", "@libgomp.so.1", "scale._omp_fn.0@transformer", "exp@libm.so.6"});
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"project", "attend", "-", "scale"}));
}

TEST(Operations, OfAFunctionThatCallsItselfAreWhoCalledItFirst) {
  MadeStacks stacks;
  stacks.sample(0, {"main@solver", "search@solver", "search@solver", "search@solver"});
  stacks.sample(1, {"main@solver", "plan@solver", "search@solver", "search@solver"});
  stacks.sample(2, {"main@solver", "plan@solver", "search@solver", "search@solver", "exp@libm.so.6"});
  stacks.sample(3, {"main@solver", "plan@solver", "even@solver", "odd@solver", "even@solver"});
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"-", "plan", "search", "odd"}));
}

TEST(Operations, OfRoutinesAreTheOutermostWhereNothingElseTells) {
  MadeStacks stacks;
  const std::string solve = "dgesv_@liblapack.so.3", gemm = "cblas_dgemm@libopenblas.so.0";
  stacks.sample(
      0, {"main@python3.11", "_PyEval_EvalFrameDefault@python3.11", solve, gemm, "dgemm_kernel@libopenblas.so.0"});
  stacks.sample(1, {"main@a.out", gemm, "dgemm_kernel@libopenblas.so.0"});
  stacks.sample(2, {"main@a.out", "project@a.out", gemm, "dgemm_kernel@libopenblas.so.0"});
  stacks.sample(3, {"main@python3.11", kMm, gemm});
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"dgesv", "dgemm", "project", "aten::mm"}));
}

TEST(Operations, OfLibrariesCountWhereNoFrameworkIs) {
  MadeStacks stacks;
  const std::string primitive =
      "dnnl::impl::cpu::matmul::ref_matmul_t::execute(dnnl::exec_ctx_t const&) const@libdnnl.so.3";
  stacks.sample(0, {"main@transformer", primitive, kKernel});
  stacks.sample(1, {"main@transformer", kLinear, primitive, kKernel});
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"onednn.matmul", "aten::linear"}));
}

TEST(Operations, OfWorkersAreThoseOfTheThreadThatRanTheSameTask) {
  MadeStacks stacks;
  const std::vector<std::string> worker = {"clone@libc.so.6", kTeam, kRegion, kKernel};
  stacks.sample(10 * kMs, {"main@python3.11", kMm, kTeam, kRegion, kKernel});
  stacks.sample(12 * kMs, worker);
  stacks.sample(40 * kMs, {"main@python3.11", kAttention, kTeam, kRegion, kKernel});
  stacks.sample(38 * kMs, worker);
  stacks.sample(38 * kMs, worker, 2);                          // another process: nobody ran it there
  stacks.sample(39 * kMs, {"clone@libc.so.6", kTeam, kTeam});  // waits
  stacks.sample(1500 * kMs, worker);                           // too far away
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"aten::mm", "~aten::mm", "aten::scaled_dot_product_attention",
                                                     "~aten::scaled_dot_product_attention", "-", "-", "-"}));
}

TEST(Operations, OfWorkersAreFoundWhereTheOpenerCallsTheTaskItself) {
  MadeStacks stacks;
  stacks.sample(10 * kMs, {"main@python3.11", kMm, "gemm_driver@libtorch_cpu.so", kRegion, kKernel});
  stacks.sample(12 * kMs, {"clone@libc.so.6", kTeam, kRegion, kKernel});
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"aten::mm", "~aten::mm"}));
}

TEST(Operations, OfWorkersInATaskThatNobodyElseWasSeenInAreTheNearest) {
  MadeStacks stacks;
  const std::vector<std::string> other = {"clone@libc.so.6", kTeam, "copy._omp_fn.1@libtorch_cpu.so"};
  stacks.sample(10 * kMs, {"main@python3.11", kMm, kTeam, kRegion});
  stacks.sample(15 * kMs, other);
  stacks.sample(60 * kMs, other);
  EXPECT_EQ(stacks.told(), (std::vector<std::string>{"aten::mm", "~aten::mm", "-"}));
}

TEST(CallerTrees, KeepWhatStacksHaveInCommonOnce) {
  MadeStacks stacks;
  const std::uint32_t one = stacks.path({"main@a", "f@a", "g@a"}), two = stacks.path({"main@a", "f@a", "h@a"});
  EXPECT_NE(one, two);
  EXPECT_EQ(stacks.tree.caller_of(one), stacks.tree.caller_of(two));
  EXPECT_EQ(stacks.path({"main@a", "f@a", "g@a"}), one);
  EXPECT_EQ(stacks.tree.size(), 5u);
  EXPECT_EQ(stacks.tree.functions(), 4u);
}

}  // namespace
}  // namespace varve
