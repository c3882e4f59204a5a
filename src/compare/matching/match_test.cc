#include "compare/matching/match.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

TEST(Match, EveryKernelStandsInExactlyOneGroup) {
  std::deque<Kernel> made;
  SeenKernels a, b;
  // Seen by `samples` samples of a millisecond: Poisson.
  const auto see = [&](SeenKernels& side, const Kernel& one, std::int64_t samples) {
    made.push_back(one);
    side[key_across_builds(one)] = {&made.back(), samples * 1'000'000, static_cast<double>(samples) * 1e12};
  };
  const Kernel shared = kernel("gelu", "", "", Family::elementwise);
  see(a, shared, 300);
  see(b, shared, 310);
  see(a, kernel("dot_HASWELL", "dot", "HASWELL"), 300);
  see(b, kernel("dot_ZEN", "dot", "ZEN"), 200);
  Kernel range = kernel("libopenblas.so.0 [0x10-0x20]", "", "", Family::other);
  range.named = Named::range;
  see(a, range, 100);
  range.key.name = "libopenblas.so.0 [0x30-0x40]";
  see(b, range, 120);
  see(a, kernel("conv_old", "", "", Family::conv, "/lib/libdnnl.so"), 90);
  see(b, kernel("conv_new", "", "", Family::conv, "/lib/libdnnl.so"), 80);
  see(a, kernel("gone", "", "", Family::other), 70);
  see(b, kernel("new", "", "", Family::other), 70);
  see(a, kernel("stray", "", "", Family::other), 1);
  see(b, kernel("other_stray", "", "", Family::other), 2);

  std::map<std::string, KernelState> states;
  std::size_t kernels_a = 0, kernels_b = 0;
  for (const KernelGroup& group : match_kernels(a, b)) {
    states[group.label] = group.state;
    kernels_a += group.a.size();
    kernels_b += group.b.size();
  }
  EXPECT_EQ(kernels_a, a.size());
  EXPECT_EQ(kernels_b, b.size());
  const std::map<std::string, KernelState> expected{
      {"gelu", KernelState::same},
      {"dot: HASWELL → ZEN", KernelState::replaced},
      {"libopenblas.so.0 [no symbol]", KernelState::nameless},
      {"conv_old", KernelState::vanished},
      {"conv_new", KernelState::appeared},
      {"gone", KernelState::vanished},
      {"new", KernelState::appeared},
      {"(rare kernels)", KernelState::same},
  };
  EXPECT_EQ(states, expected);
}

namespace {
SeenKernels seen_for(std::deque<Kernel>& made, const std::vector<Kernel>& kernels) {
  SeenKernels seen;
  for (const Kernel& each : kernels) {
    made.push_back(each);
    seen[key_across_builds(each)] = {&made.back(), 100'000'000, 1e14};
  }
  return seen;
}
}  // namespace

// Softmax is no layer normalisation because both are norms: only who called them tells.
TEST(Match, OfOneCallerWhatIsLeftWasExchanged) {
  std::deque<Kernel> made;
  const SeenKernels a = seen_for(made, {kernel("softmax", "", "", Family::softmax), kernel("bmm")});
  const SeenKernels b = seen_for(made, {kernel("flash", "", "", Family::attention)});
  EXPECT_EQ(match_kernels(a, b).size(), 3u);
  const std::vector<KernelGroup> groups = match_kernels(a, b, true);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].state, KernelState::replaced);
  EXPECT_EQ(groups[0].a.size(), 2u);
  EXPECT_NE(groups[0].label.find(" and 1 more → flash"), std::string::npos) << groups[0].label;
  EXPECT_TRUE(groups[0].by_caller_alone);
  EXPECT_EQ(match_kernels(a, {}, true).size(), 2u) << "nothing took their place";
  Kernel system = kernel("(kernel)");
  system.named = Named::system;
  EXPECT_EQ(match_kernels(a, seen_for(made, {system}), true).size(), 3u) << "the operating system takes no one's place";
}

TEST(Match, ALibraryThatLostItsSymbolsTakesItsFunctionsIn) {
  std::deque<Kernel> made;
  Kernel range = kernel("libopenblas.so.0 [0x10-0x20]", "", "", Family::other);
  range.named = Named::range;
  const SeenKernels named = seen_for(made, {kernel("dgemm_kernel"), kernel("dgemm_copy")});
  const std::vector<KernelGroup> groups = match_kernels(named, seen_for(made, {range}));
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].state, KernelState::nameless);
  EXPECT_EQ(groups[0].a.size(), 2u);
  const SeenKernels partly = seen_for(made, {range, kernel("dgemm_beta")});
  EXPECT_EQ(match_kernels(named, partly).size(), 4u) << "it has symbols, and one of its functions has none";
}

TEST(Match, OneNameInTwoFilesIsAPairAndSoAreTwoOfItsVariants) {
  std::deque<Kernel> made;
  const SeenKernels a =
      seen_for(made, {kernel("gemm_copy", "", "", Family::gemm, "/a/libopenblas-r0.3.21.so"),
                      kernel("sgemm_COOPERLAKE", "sgemm", "COOPERLAKE", Family::gemm, "/a/libopenblas-r0.3.21.so")});
  const SeenKernels b =
      seen_for(made, {kernel("gemm_copy", "", "", Family::gemm, "/b/libscipy_openblas64_-1.so"),
                      kernel("sgemm_SKYLAKEX", "sgemm", "SKYLAKEX", Family::gemm, "/b/libscipy_openblas64_-1.so")});
  std::map<std::string, KernelState> states;
  for (const KernelGroup& group : match_kernels(a, b)) states[group.label] = group.state;
  const std::map<std::string, KernelState> expected{{"gemm_copy", KernelState::same},
                                                    {"sgemm: COOPERLAKE → SKYLAKEX", KernelState::replaced}};
  EXPECT_EQ(states, expected);
}

TEST(Match, ATemplateWithOtherArgumentsIsOtherCodeUnderOneName) {
  std::deque<Kernel> made;
  const SeenKernels a = seen_for(made, {kernel("flash<float, 256>", "", "", Family::attention, "/a/libtorch_cpu.so")});
  const SeenKernels b = seen_for(made, {kernel("flash<float, 512>", "", "", Family::attention, "/b/libtorch_cpu.so")});
  const std::vector<KernelGroup> groups = match_kernels(a, b);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].state, KernelState::recoded);
  EXPECT_EQ(groups[0].label, "flash");
}

TEST(Match, ARebuiltLibraryKeepsItsNamedKernelsButNotItsAddresses) {
  Kernel old_build = kernel("sgemm", "", "", Family::gemm, "/x/libopenblas-r0.3.21.so");
  Kernel new_build = kernel("sgemm", "", "", Family::gemm, "/y/libopenblas-r0.3.29.so");
  new_build.key.build_id = "b1a6";
  EXPECT_EQ(key_across_builds(old_build), key_across_builds(new_build));
  old_build.named = new_build.named = Named::range;
  EXPECT_NE(key_across_builds(old_build), key_across_builds(new_build));
  // A symbol that looks like a range is none.
  old_build.named = new_build.named = Named::symbol;
  old_build.key.name = new_build.key.name = "operator [0x]";
  EXPECT_EQ(key_across_builds(old_build), key_across_builds(new_build));
}

// Rareness is about what counting leaves open, not about the number of samples: what was counted has none.
TEST(Match, OnlyWhatWasSampledIsRare) {
  const Kernel common = kernel("common"), seldom = kernel("seldom");
  for (const double variance : {0.0, 1e12}) {
    SeenKernels a, b;
    a[key_across_builds(common)] = b[key_across_builds(common)] = {&common, 1'000'000'000, 0};
    a[key_across_builds(seldom)] = {&seldom, 1'000'000, variance};
    const std::vector<KernelGroup> groups = match_kernels(a, b);
    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups[1].label, variance > 0 ? "(rare kernels)" : "seldom");
    EXPECT_EQ(groups[1].state, variance > 0 ? KernelState::same : KernelState::vanished);
  }
}

}  // namespace varve
