#include "kernels/trace/timeline.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

constexpr TrackId kOfDevice{0}, kOfHost{1};

TEST(Timeline, GivesBackItsEventsAndCountsWhatFoundNoRoom) {
  Timeline timeline(2);
  timeline.track(kOfDevice, {.device = 0, .stream = 7}, TrackKind::stream);
  timeline.track(kOfHost, {}, TrackKind::thread);
  timeline.name(NameId{3}, {.text = "a kernel"});
  const TraceEvent event{
      .start_ns = 5, .duration_ns = 6, .name = NameId{3}, .track = kOfDevice, .activity = Activity::collective};
  const Extra extra{.operation = NameId{9},
                    .correlation = 77,
                    .bytes = 4096,
                    .launch = {.grid = {4, 2, 1}, .block = {128, 1, 1}},
                    .graph_node = 12,
                    .group = NameId{4},
                    .sequence = 100};
  timeline.event({.start_ns = 1, .duration_ns = 2, .name = NameId{3}, .track = kOfHost}, nullptr);
  timeline.event(event, &extra);
  timeline.event(event, nullptr);
  ASSERT_EQ(timeline.size(), 2u);
  EXPECT_EQ(timeline.left_out(), 1u);
  EXPECT_EQ(timeline[1].start_ns, 5);
  EXPECT_EQ(timeline[1].duration_ns, 6);
  EXPECT_EQ(timeline[1].activity, Activity::collective);
  EXPECT_EQ(timeline.text(timeline.name(1)), "a kernel");
  EXPECT_EQ(timeline.text(NameId{99}), "");
  const Extra back = timeline.extra(1);
  EXPECT_EQ(back.operation, NameId{9});
  EXPECT_EQ(back.correlation, 77u);
  EXPECT_EQ(back.bytes, 4096u);
  EXPECT_EQ(back.launch, extra.launch);
  EXPECT_EQ(back.graph_node, 12u);
  EXPECT_EQ(back.group, NameId{4});
  EXPECT_EQ(back.sequence, 100);
  EXPECT_EQ(timeline.extra(0).launch, Launch{});
  EXPECT_EQ(timeline.extra(0).sequence, kNoNumber);
  EXPECT_EQ(timeline.by_track(), (std::vector<std::vector<std::uint32_t>>{{1}, {0}}));
}

TEST(Timeline, HasNoPlaceForSamplesAndKeepsTimesFromRunningOver) {
  Timeline timeline;
  timeline.event({.start_ns = 5, .is_sample = true}, nullptr);
  EXPECT_EQ(timeline.size(), 0u);
  timeline.event({.start_ns = INT64_MIN, .duration_ns = -4}, nullptr);
  timeline.event({.start_ns = INT64_MAX, .duration_ns = INT64_MAX}, nullptr);
  EXPECT_EQ(timeline.duration_ns(0), 0);
  EXPECT_GT(timeline.end_ns(1) - timeline.start_ns(0), 0);
}

}  // namespace
}  // namespace varve
