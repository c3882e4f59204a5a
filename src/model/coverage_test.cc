#include "model/coverage.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace varve {
namespace {

constexpr CodeTarget sass(int major, int minor, char variant = '\0') {
  return {CodeKind::sass, {major, minor}, variant, 0, 0};
}
constexpr CodeTarget ptx(int major, int minor, int isa_major, int isa_minor, char variant = '\0') {
  return {CodeKind::ptx, {major, minor}, variant, isa_major, isa_minor};
}
constexpr CodeTarget lto(int major, int minor) { return {CodeKind::lto_ir, {major, minor}, '\0', 0, 0}; }

Coverage one_region(std::vector<CodeTarget> targets) {
  Coverage coverage;
  coverage.regions = 1;
  coverage.groups.push_back({std::move(targets), 1});
  return coverage;
}

std::string how(const CodeTarget& target, ComputeCapability gpu,
                std::optional<std::pair<int, int>> ceiling = std::nullopt) {
  const CoverageCount count = count_coverage(one_region({target}), gpu, ceiling);
  return count.native == 1 ? "native" : count.jit == 1 ? "jit" : count.none == 1 ? "none" : "lost";
}

constexpr std::array<ComputeCapability, 16> kGpus{{{5, 0},
                                                   {6, 1},
                                                   {7, 0},
                                                   {7, 5},
                                                   {8, 0},
                                                   {8, 6},
                                                   {8, 7},
                                                   {8, 9},
                                                   {9, 0},
                                                   {10, 0},
                                                   {10, 1},
                                                   {10, 3},
                                                   {11, 0},
                                                   {12, 0},
                                                   {12, 1},
                                                   {13, 0}}};

TEST(ComputeCapability, IsReadWithAndWithoutItsDot) {
  EXPECT_EQ(compute_capability_from("9.0"), (ComputeCapability{9, 0}));
  EXPECT_EQ(compute_capability_from("90"), (ComputeCapability{9, 0}));
  EXPECT_EQ(compute_capability_from("sm_90"), (ComputeCapability{9, 0}));
  EXPECT_EQ(compute_capability_from("120"), (ComputeCapability{12, 0}));
  EXPECT_EQ(compute_capability_from("12.1"), (ComputeCapability{12, 1}));
  EXPECT_EQ(compute_capability_from("sm_103"), (ComputeCapability{10, 3}));
}

TEST(ComputeCapability, NothingElseIsRead) {
  for (const char* text : {"",     "9",    "90a", "sm_",  "sm_9", "sm_90a", "compute_90", "9.",    ".0",   "9..0",
                           "9.10", "1200", "0.1", "09.0", "-9.0", "9.0 ",   " 90",        "SM_90", "120f", "9,0"}) {
    EXPECT_FALSE(compute_capability_from(text)) << text;
  }
}

TEST(ComputeCapability, ItsTextReadsBack) {
  for (int major = 1; major < 100; ++major) {
    for (int minor = 0; minor < 10; ++minor) {
      const ComputeCapability capability{major, minor};
      EXPECT_EQ(compute_capability_from(to_string(capability)), capability);
      EXPECT_EQ(compute_capability_from(to_string(sass(major, minor))), capability);
    }
  }
}

TEST(CodeTarget, IsCalledAsCompilersCallIt) {
  EXPECT_EQ(to_string(sass(9, 0, 'a')), "sm_90a");
  EXPECT_EQ(to_string(sass(7, 5)), "sm_75");
  EXPECT_EQ(to_string(ptx(12, 0, 9, 0)), "compute_120 (PTX 9.0)");
  EXPECT_EQ(to_string(ptx(10, 0, 8, 8, 'f')), "compute_100f (PTX 8.8)");
  EXPECT_EQ(to_string(lto(9, 0)), "lto_90");
}

constexpr bool is_tegra(ComputeCapability gpu) {
  return gpu == ComputeCapability{8, 7} || gpu == ComputeCapability{10, 1} || gpu == ComputeCapability{11, 0};
}

TEST(CountCoverage, MachineCodeRunsWithinItsMajorNumberFromItsMinorOn) {
  for (const ComputeCapability target : kGpus) {
    for (const ComputeCapability gpu : kGpus) {
      const bool tegra = is_tegra(target) || is_tegra(gpu);
      const bool covers = tegra ? target == gpu : target.major == gpu.major && gpu.minor >= target.minor;
      EXPECT_EQ(how(sass(target.major, target.minor), gpu), covers ? "native" : "none")
          << to_string(target) << " on " << to_string(gpu);
    }
  }
}

TEST(CountCoverage, NoMachineCodeGoesBetweenTegraAndAnyOtherGpu) {
  EXPECT_EQ(how(sass(8, 0), {8, 7}), "none");  // A100's code on Orin
  EXPECT_EQ(how(sass(8, 6), {8, 7}), "none");
  EXPECT_EQ(how(sass(8, 7), {8, 9}), "none");  // Orin's on Ada
  EXPECT_EQ(how(sass(8, 7), {8, 7}), "native");
  EXPECT_EQ(how(sass(7, 0), {7, 2}), "none");      // Xavier
  EXPECT_EQ(how(sass(11, 0), {11, 0}), "native");  // Thor
  EXPECT_EQ(how(ptx(8, 0, 8, 0), {8, 7}), "jit");
  EXPECT_EQ(how(sass(12, 0), {12, 1}), "native");  // GB10 is no Tegra
}

TEST(CountCoverage, ArchitectureSpecificCodeRunsOnThatArchitectureAlone) {
  constexpr ComputeCapability nine = {9, 0}, twelve = {12, 0};
  for (const ComputeCapability gpu : kGpus) {
    EXPECT_EQ(how(sass(9, 0, 'a'), gpu), gpu == nine ? "native" : "none");
    EXPECT_EQ(how(sass(12, 0, 'a'), gpu), gpu == twelve ? "native" : "none");
    EXPECT_EQ(how(ptx(9, 0, 8, 0, 'a'), gpu), gpu == nine ? "jit" : "none");
  }
}

TEST(CountCoverage, FamilySpecificCodeRunsInItsFamily) {
  EXPECT_EQ(how(sass(10, 0, 'f'), {10, 0}), "native");
  EXPECT_EQ(how(sass(10, 0, 'f'), {10, 3}), "native");
  EXPECT_EQ(how(sass(10, 0, 'f'), {10, 1}), "none");
  EXPECT_EQ(how(sass(10, 3, 'f'), {10, 0}), "none");
  EXPECT_EQ(how(sass(12, 0, 'f'), {12, 1}), "native");
  EXPECT_EQ(how(sass(11, 0, 'f'), {11, 0}), "native");
  EXPECT_EQ(how(sass(10, 0, 'f'), {11, 0}), "none");
  EXPECT_EQ(how(ptx(10, 0, 9, 0, 'f'), {10, 3}), "jit");
  EXPECT_EQ(how(ptx(10, 0, 9, 0, 'f'), {12, 0}), "none");
}

TEST(CountCoverage, PtxIsCompiledForEveryLaterGpuByADriverThatKnowsItsVersion) {
  for (const ComputeCapability target : kGpus) {
    for (const ComputeCapability gpu : kGpus) {
      EXPECT_EQ(how(ptx(target.major, target.minor, 8, 4), gpu), gpu >= target ? "jit" : "none");
    }
  }
  EXPECT_EQ(how(ptx(7, 5, 9, 0), {12, 0}, std::pair(9, 0)), "jit");
  EXPECT_EQ(how(ptx(7, 5, 9, 0), {12, 0}, std::pair(9, 1)), "jit");
  EXPECT_EQ(how(ptx(7, 5, 9, 0), {12, 0}, std::pair(8, 8)), "none");
  EXPECT_EQ(how(ptx(7, 5, 8, 10), {12, 0}, std::pair(8, 9)), "none");
}

TEST(CountCoverage, MachineCodeIsPreferredToPtxAndIntermediateCodeServesNobody) {
  EXPECT_EQ(count_coverage(one_region({sass(8, 0), ptx(8, 0, 7, 0)}), {8, 6}).native, 1);
  EXPECT_EQ(count_coverage(one_region({sass(8, 0), ptx(8, 0, 7, 0)}), {9, 0}).jit, 1);
  for (const ComputeCapability gpu : kGpus) EXPECT_EQ(how(lto(5, 0), gpu), "none");
}

CodeTarget random_target(std::mt19937& random) {
  const ComputeCapability capability = kGpus[random() % kGpus.size()];
  CodeTarget target{static_cast<CodeKind>(random() % 4), capability, "\0af"[random() % 3], 0, 0};
  if (target.kind == CodeKind::ptx) target.isa_major = 6 + static_cast<int>(random() % 4);
  return target;
}

TEST(CountCoverage, EveryRegionIsCountedOnceAndMoreCodeOrANewerDriverNeverLosesAny) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Coverage coverage;
    for (std::size_t groups = random() % 5; groups > 0; --groups) {
      CodeGroup group;
      for (std::size_t targets = random() % 4; targets > 0; --targets) group.targets.push_back(random_target(random));
      group.regions = 1 + static_cast<std::int64_t>(random() % 100);
      coverage.regions += group.regions;
      coverage.groups.push_back(std::move(group));
    }
    const ComputeCapability gpu = kGpus[random() % kGpus.size()];
    const CoverageCount old_driver = count_coverage(coverage, gpu, std::pair(7, 5));
    const CoverageCount new_driver = count_coverage(coverage, gpu, std::pair(8, 5));
    const CoverageCount any_driver = count_coverage(coverage, gpu);
    for (const CoverageCount& count : {old_driver, new_driver, any_driver}) {
      ASSERT_EQ(count.native + count.jit + count.none, coverage.regions);
    }
    EXPECT_EQ(old_driver.native, any_driver.native);
    EXPECT_LE(old_driver.jit, new_driver.jit);
    EXPECT_LE(new_driver.jit, any_driver.jit);
    for (CodeGroup& group : coverage.groups) group.targets.push_back(random_target(random));
    const CoverageCount more = count_coverage(coverage, gpu);
    EXPECT_GE(more.native, any_driver.native);
    EXPECT_LE(more.none, any_driver.none);
  }
}

}  // namespace
}  // namespace varve
