#include "kernels/whereabouts.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/cpu_profile.h"
#include "kernels/cpu_use.h"

namespace varve {
namespace {

const std::vector<Stretch> kTwoWindows = {{100, 200}, {300, 400}};

TEST(Windows, EveryMomentIsSomewhere) {
  EXPECT_EQ(whereabouts(5, {}), Whereabouts::inside);
  EXPECT_EQ(whereabouts(99, kTwoWindows), Whereabouts::before);
  EXPECT_EQ(whereabouts(100, kTwoWindows), Whereabouts::inside);
  EXPECT_EQ(whereabouts(199, kTwoWindows), Whereabouts::inside);
  EXPECT_EQ(whereabouts(200, kTwoWindows), Whereabouts::between);
  EXPECT_EQ(whereabouts(300, kTwoWindows), Whereabouts::inside);
  EXPECT_EQ(whereabouts(400, kTwoWindows), Whereabouts::after);
  EXPECT_EQ(whereabouts(UINT64_MAX, kTwoWindows), Whereabouts::after);
}

CpuEvidence evidence_over_time() {
  CpuEvidence evidence;
  evidence.period_ns = 10;
  evidence.scope = "user";
  for (const std::uint64_t time : {10u, 20u, 30u, 150u, 160u, 250u, 350u, 500u}) {
    evidence.samples.push_back(
        {.address = 1, .process = 7, .thread = 7, .in_kernel = true, .time_ns = time, .cpu = time < 200 ? 2u : 5u});
  }
  return evidence;
}

// Parts sum to the whole: rows and what lies outside are all samples.
TEST(Windows, TheProfileIsOfWhatTheyHoldAndTheRestIsCountedApart) {
  SymbolCache cache;
  const Profiles all = cpu_profile(evidence_over_time(), cache).profiles;
  EXPECT_EQ(all.by_kind.at(kCpuSamples).rows_ns(), 80);
  EXPECT_EQ(all.by_kind.at(kCpuSamples).outside_ns(), 0);
  const Profiles profiles = cpu_profile(evidence_over_time(), cache, kTwoWindows).profiles;
  const Profile& profile = profiles.by_kind.at(kCpuSamples);
  EXPECT_EQ(profile.rows_ns(), 30);
  EXPECT_EQ(profile.before_ns, 30);
  EXPECT_EQ(profile.between_ns, 10);
  EXPECT_EQ(profile.after_ns, 10);
  Profiles twice = profiles;
  merge(twice, profiles);
  EXPECT_EQ(twice.by_kind.at(kCpuSamples).outside_ns(), 100);
}

TEST(CpuUse, CountsThreadsAtWorkAndCpus) {
  CpuEvidence evidence;
  const auto add = [&](std::uint32_t thread, std::uint32_t cpu, int times) {
    for (int i = 0; i < times; ++i) {
      evidence.samples.push_back(
          {.address = 1, .process = 7, .thread = thread, .in_kernel = false, .time_ns = 150, .cpu = cpu});
    }
  };
  EXPECT_FALSE(cpu_use(evidence));
  add(1, 0, 100);
  add(2, 1, 60);
  add(3, 3, 10);
  add(4, 8, 9);  // woke now and then
  ASSERT_TRUE(cpu_use(evidence));
  EXPECT_EQ(cpu_use(evidence)->threads, 3);
  EXPECT_EQ(cpu_use(evidence)->cpus, "0-1,3,8");
  EXPECT_EQ(cpu_use(evidence_over_time(), kTwoWindows)->cpus, "2,5");
  EXPECT_FALSE(cpu_use(evidence, std::vector<Stretch>{{200, 300}}));
}

}  // namespace
}  // namespace varve
