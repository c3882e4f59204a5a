#include "kernels/trace/timeline.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace varve {
namespace {

constexpr TrackId kFirstStream{0}, kOther{1}, kCalls{2}, kElsewhere{3};

Timeline made() {
  Timeline timeline;
  timeline.track(kFirstStream, {.device = 0, .stream = 7}, TrackKind::stream);
  timeline.track(kOther, {.device = 0, .stream = 13}, TrackKind::stream);
  timeline.track(kCalls, {}, TrackKind::thread);
  timeline.track(kElsewhere, {.device = 1, .stream = 7}, TrackKind::stream);
  return timeline;
}

void add_event(Timeline& timeline, TrackId track, Activity activity, std::int64_t start, std::int64_t duration) {
  timeline.event({.start_ns = start, .duration_ns = duration, .track = track, .activity = activity}, nullptr);
}

using Parts = std::map<Part, std::int64_t>;

TEST(Timeline, EachMomentBelongsToTheFirstThatApplies) {
  Timeline timeline = made();
  add_event(timeline, kFirstStream, Activity::kernel, 100, 50);
  add_event(timeline, kOther, Activity::collective, 120, 60);  // 30 of it behind the kernel
  add_event(timeline, kOther, Activity::copy, 170, 30);        // 10 of it behind the collective
  add_event(timeline, kFirstStream, Activity::kernel, 240, 10);
  add_event(timeline, kCalls, Activity::call, 0, 1000);        // no device
  add_event(timeline, kElsewhere, Activity::kernel, 0, 1000);  // another device
  EXPECT_EQ(timeline.partition(0),
            (Parts{{Part::kernel, 60}, {Part::collective, 30}, {Part::copy, 20}, {Part::idle, 40}}));
  EXPECT_EQ(timeline.window(0).length_ns(), 150);
  EXPECT_EQ(timeline.partition(5), Parts{});
}

TEST(Timeline, PartsSumToTheWindow) {
  std::mt19937_64 random(7);
  constexpr Activity kActivities[] = {Activity::kernel, Activity::copy,        Activity::fill, Activity::collective,
                                      Activity::call,   Activity::synchronise, Activity::code};
  for (int round = 0; round < 200; ++round) {
    Timeline timeline = made();
    const auto events = random() % 60;
    for (std::uint64_t i = 0; i < events; ++i) {
      add_event(timeline, TrackId{static_cast<std::uint32_t>(random() % 4)}, kActivities[random() % 7],
                static_cast<std::int64_t>(random() % 1000) - 200, static_cast<std::int64_t>(random() % 90));
    }
    for (const std::int32_t device : {0, 1}) {
      const Parts parts = timeline.partition(device);
      const std::int64_t sum =
          std::accumulate(parts.begin(), parts.end(), std::int64_t{0},
                          [](std::int64_t total, const auto& part) { return total + part.second; });
      ASSERT_EQ(sum, timeline.window(device).length_ns()) << "round " << round << ", device " << device;
    }
  }
}

TEST(Timeline, GivesBackItsEventsAndCountsWhatFoundNoRoom) {
  Timeline timeline(1);
  const TraceEvent event{.start_ns = 5,
                         .duration_ns = 6,
                         .name = NameId{3},
                         .track = kFirstStream,
                         .activity = Activity::code,
                         .is_sample = true};
  const Extra extra{.operation = NameId{9}, .correlation = 77};
  timeline.event(event, &extra);
  timeline.event(event, nullptr);
  ASSERT_EQ(timeline.size(), 1u);
  EXPECT_EQ(timeline.left_out(), 1u);
  EXPECT_EQ(timeline[0].start_ns, 5);
  EXPECT_EQ(timeline[0].name, NameId{3});
  EXPECT_EQ(timeline[0].activity, Activity::code);
  EXPECT_TRUE(timeline[0].is_sample);
  EXPECT_EQ(timeline.correlation(0), 77u);
  EXPECT_EQ(timeline.operation(0), NameId{9});
}

}  // namespace
}  // namespace varve
