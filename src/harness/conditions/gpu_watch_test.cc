#include "harness/conditions/gpu_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

namespace varve {
namespace {

NvmlSample sample(unsigned mhz, unsigned milliwatts, std::uint64_t memory, std::uint64_t reasons,
                  std::vector<unsigned> processes = {}) {
  return {mhz, milliwatts, 60u, memory, reasons, std::move(processes)};
}

// A minute at most, which no machine is so busy as to need.
void wait_until(const std::atomic<int>& asked, int times) {
  for (int i = 0; i < 60'000 && asked < times; ++i) usleep(1000);
}

TEST(GpuConditions, AreOfTheSamplesWhileTheUnitRan) {
  const GpuConditions gpu =
      gpu_conditions("00000000:17:00.0", {sample(210, 80000, 1000, 0x1, {7, 9}), sample(1980, 400000, 5000, 0, {7, 99}),
                                          sample(1500, 700000, 9000, 0x4, {7, 99})});
  EXPECT_EQ(gpu.samples, 2);
  EXPECT_EQ(gpu.clock_mhz, 1740);
  EXPECT_EQ(gpu.lowest_clock_mhz, 1500);
  EXPECT_EQ(gpu.watts, 550);
  EXPECT_EQ(gpu.highest_watts, 700);
  EXPECT_EQ(gpu.memory_before_bytes, 1000u);
  EXPECT_EQ(gpu.memory_peak_bytes, 9000u);
  EXPECT_EQ(gpu.throttle_reasons, 0x4u);
  EXPECT_EQ(gpu.throttled, 0.5);
  EXPECT_EQ(gpu.foreign_processes, 1) << "7 was there before and stayed; 9 left; 99 is the unit";
}

TEST(GpuWatch, SamplesAsLongAsTheUnitRuns) {
  std::atomic<int> asked = 0;
  GpuWatch watch(
      {"a"},
      [&] {
        ++asked;
        return std::vector<NvmlSample>{sample(1000, 100000, 1, 0)};
      },
      0.005);
  watch.begin();
  wait_until(asked, 3);
  const std::vector<GpuConditions> gpus = watch.finish();
  const int until_now = asked;
  ASSERT_EQ(gpus.size(), 1u);
  EXPECT_GE(gpus[0].samples, 2);
  usleep(30'000);
  EXPECT_EQ(asked, until_now) << "the thread ended with the unit";
}

TEST(GpuWatch, OfAUnitThatWasOverAtOnceTellsWhatWasBefore) {
  GpuWatch watch(
      {"a"}, [] { return std::vector<NvmlSample>{sample(1000, 100000, 1, 0)}; }, 3600);
  watch.begin();
  EXPECT_EQ(watch.finish().at(0).samples, 0);
}

TEST(GpuWatch, LeavesAGpuAloneThatHangs) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  GpuWatch watch(
      {"a"},
      [asked] {
        if (++*asked == 2) sleep(4);
        return std::vector<NvmlSample>{sample(1000, 100000, 1, 0)};
      },
      0.001);
  watch.begin();
  wait_until(*asked, 2);
  EXPECT_EQ(watch.finish().size(), 1u);
  const int until_now = *asked;
  watch.begin();
  EXPECT_TRUE(watch.finish().empty());
  EXPECT_EQ(*asked, until_now);
}

TEST(GpuWatch, OfNoGpuAsksNothing) {
  GpuWatch watch;
  watch.begin();
  EXPECT_TRUE(watch.finish().empty());
}

}  // namespace
}  // namespace varve
