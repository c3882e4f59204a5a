#include "kernels/analysis/partition.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "kernels/analysis/made_trace_testing.h"
#include "kernels/analysis/trace_analysis.h"

namespace varve {
namespace {

using test::kOtherDevice;
using test::kOtherStream;
using test::kOtherThread;
using test::kStream;
using test::kThread;
using test::MadeTrace;
using Parts = std::map<Part, std::int64_t>;

std::int64_t sum_of(const Parts& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::int64_t{0},
                         [](std::int64_t total, const auto& part) { return total + part.second; });
}

TraceReading analysed(TraceAnalysis& analysis) { return analysis.take(); }

const Profile& device_time(const TraceReading& reading) {
  static const Profile nothing;
  const Profile* found = reading.record.profiles.find({WitnessKind::kineto, Quantity::device_time});
  return found == nullptr ? nothing : *found;
}

TEST(Partition, EachMomentBelongsToTheFirstThatApplies) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  trace.add(kStream, Activity::kernel, "k", 100, 50);
  trace.add(kOtherStream, Activity::collective, "c", 120, 60);  // 30 of it behind the kernel
  trace.add(kOtherStream, Activity::copy, "m", 180, 20);
  trace.add(kStream, Activity::kernel, "k", 300, 10);
  trace.add(kThread, Activity::operation, "aten::mm", 210, 60);
  trace.launch(0, 220, 10);
  trace.add(kOtherThread, Activity::synchronise, "wait", 225, 15);  // 5 of it while the other thread launches
  trace.add(kThread, Activity::region, "step", 0, 1000);            // says nothing of what the host did
  const TraceReading reading = analysed(analysis);
  const Profile& device = device_time(reading);
  EXPECT_EQ(device.parts, (Parts{{Part::kernel, 60},
                                 {Part::collective, 30},
                                 {Part::copy, 20},
                                 {Part::idle_launch, 10},
                                 {Part::idle_synchronise, 10},
                                 {Part::idle_host, 40},
                                 {Part::idle, 40}}));
  EXPECT_EQ(device.window_ns, 210);
  EXPECT_EQ(device.undivided_ns(), 0);
}

TEST(Partition, AStepSumsThatReachesOutOfTheWindow) {
  TraceAnalysis analysis(WitnessKind::kineto, {.keep_sequence = true});
  MadeTrace trace(analysis);
  trace.add(kThread, Activity::region, "ProfilerStep#1", 0, 200);
  trace.operation("load", 10, 30);
  trace.kernel("k", 0, 100, 50);
  trace.add(kThread, Activity::region, "ProfilerStep#2", 200, 200);
  trace.kernel("k", 0, 250, 50);
  const TraceReading reading = analysed(analysis);
  ASSERT_EQ(reading.steps.steps.size(), 2u);
  EXPECT_EQ(reading.steps.steps[0].parts, (Parts{{Part::kernel, 50}, {Part::idle_host, 30}, {Part::idle, 120}}));
  EXPECT_EQ(reading.steps.steps[1].parts, (Parts{{Part::kernel, 50}, {Part::idle, 150}}));
  // The window of the device is what it was, and that of a comparison holds the steps.
  EXPECT_EQ(device_time(reading).window_ns, 200);
  EXPECT_EQ(reading.sequence.whole.length_ns, 400);
  EXPECT_EQ(sum_of(reading.sequence.whole.parts), 400);
  EXPECT_EQ(reading.sequence.steps[0].window.length_ns, 200);
  EXPECT_EQ(reading.sequence.pauses.total_ns, 100);
}

TEST(Partition, AMomentIsSharedEquallyAmongAllThatRunInIt) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  trace.add(kStream, Activity::kernel, "a", 0, 100);
  trace.add(kOtherStream, Activity::kernel, "b", 50, 100);
  trace.add(kOtherStream, Activity::copy, "c", 150, 3);
  trace.add(kStream, Activity::copy, "d", 150, 3);
  const TraceReading reading = analysed(analysis);
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> found;
  for (const ProfileRow& row : device_time(reading).rows) {
    found[reading.record.kernels[row.key.kernel].key.name] = {row.share_ns, row.alone_ns};
  }
  EXPECT_EQ(found["a"], std::pair(std::int64_t{75}, std::int64_t{50}));
  EXPECT_EQ(found["b"], std::pair(std::int64_t{75}, std::int64_t{50}));
  EXPECT_EQ(found["c"].first + found["d"].first, 3);  // 1.5 each: one of them gets the whole nanosecond
  EXPECT_EQ(std::abs(found["c"].first - found["d"].first), 1);
}

TEST(Partition, SharesAndIdlenessSumToTheWindow) {
  std::mt19937_64 random(7);
  constexpr Activity kActivities[] = {Activity::kernel,      Activity::copy,   Activity::fill, Activity::collective,
                                      Activity::synchronise, Activity::launch, Activity::call, Activity::operation};
  constexpr TrackId kTracks[] = {kStream, kOtherStream, kOtherDevice, kThread, kOtherThread};
  for (int round = 0; round < 300; ++round) {
    TraceAnalysis analysis(WitnessKind::kineto, {});
    MadeTrace trace(analysis);
    const std::int64_t scale = round % 2 == 0 ? 1 : 1'000'003;
    const auto events = random() % 80;
    for (std::uint64_t i = 0; i < events; ++i) {
      trace.add(kTracks[random() % 5], kActivities[random() % 8], std::to_string(random() % 5),
                (static_cast<std::int64_t>(random() % 1000) - 200) * scale,
                static_cast<std::int64_t>(random() % 90) * scale);
    }
    const TraceReading reading = analysed(analysis);
    const Profile& device = device_time(reading);
    EXPECT_EQ(sum_of(device.parts), device.window_ns) << "round " << round;
    std::int64_t shared = 0;
    for (const ProfileRow& row : device.rows) {
      shared += row.share_ns;
      EXPECT_LE(row.alone_ns, row.share_ns) << "round " << round;
      EXPECT_LE(row.share_ns, row.time.total_ns - row.impossible_ns) << "round " << round;
    }
    for (const Part idle : {Part::idle, Part::idle_host, Part::idle_launch, Part::idle_synchronise}) {
      const auto found = device.parts.find(idle);
      if (found != device.parts.end()) shared += found->second;
    }
    EXPECT_EQ(shared, device.window_ns) << "round " << round;
  }
}

TEST(Partition, SpansDivideLikeTheWhole) {
  Device device;
  const auto add = [&](std::int64_t start, std::int64_t end, Part part) {
    device.events.push_back({.start_ns = start, .end_ns = end, .event = 0, .part = part});
  };
  add(10, 30, Part::kernel);
  add(25, 40, Part::copy);
  add(60, 70, Part::collective);
  const std::vector<TimeSpan> spans = {{0, 20}, {20, 27}, {35, 65}, {80, 90}};
  const Partition found = divide_window(device, {}, spans, [](const DeviceEvent&, const Had&) {});
  EXPECT_EQ(found.parts, (Parts{{Part::kernel, 20}, {Part::copy, 10}, {Part::idle, 20}, {Part::collective, 10}}));
  ASSERT_EQ(found.of_spans.size(), 4u);
  EXPECT_EQ(found.of_spans[0], (Parts{{Part::kernel, 10}, {Part::idle, 10}}));
  EXPECT_EQ(found.of_spans[1], (Parts{{Part::kernel, 7}}));
  EXPECT_EQ(found.of_spans[2], (Parts{{Part::copy, 5}, {Part::idle, 20}, {Part::collective, 5}}));
  EXPECT_EQ(found.of_spans[3], (Parts{{Part::idle, 10}}));
  EXPECT_EQ(found.outside, (Parts{{Part::idle, 20}}));
}

TEST(Partition, WholeSharesKeepTheirSum) {
  const Share third = share_of(1) / 3;
  EXPECT_EQ(whole_shares({}), std::vector<std::int64_t>{});
  EXPECT_EQ(whole_shares({third, third, third}), (std::vector<std::int64_t>{1, 0, 0}));
  EXPECT_EQ(whole_shares({share_of(4) + third, share_of(2) + 2 * third}), (std::vector<std::int64_t>{4, 3}));
}

}  // namespace
}  // namespace varve
