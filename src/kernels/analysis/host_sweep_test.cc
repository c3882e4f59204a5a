#include "kernels/analysis/host_sweep.h"

#include <gtest/gtest.h>

#include <random>

#include "kernels/analysis/made_trace_testing.h"

namespace varve {
namespace {

using test::kOtherThread;
using test::kThread;
using test::MadeTrace;

struct Times {
  std::int64_t own_ns = 0, nested_ns = 0;
  std::uint64_t count = 0;

  bool operator==(const Times&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Times& times) {
  return out << times.own_ns << " + " << times.nested_ns << " ns, " << times.count << " times";
}

// What the sweep finds for each name.
std::map<std::string, Times> swept(const Timeline& timeline, ProfileBuilder& builder) {
  sweep_host(timeline, timeline.by_track(), builder);
  const TraceReading reading = builder.take();
  std::map<std::string, Times> by_name;
  const Profile* calls = reading.record.profiles.find({WitnessKind::kineto, Quantity::call_time});
  if (calls == nullptr) return by_name;
  for (const ProfileRow& row : calls->rows) {
    Times& times = by_name[reading.record.kernels[row.key.kernel].key.name];
    times.own_ns += row.time.total_ns;
    times.nested_ns += row.nested_ns;
    times.count += row.time.count;
  }
  return by_name;
}

class HostSweepOf : public testing::Test {
 protected:
  Timeline timeline;
  ProfileBuilder builder{WitnessKind::kineto};

  std::map<std::string, Times> found() {
    for (std::uint32_t i = 0; i < timeline.names(); ++i) builder.name(NameId{i}, {.text = timeline.text(NameId{i})});
    return swept(timeline, builder);
  }
};

TEST_F(HostSweepOf, NestedOperationsAreSharedOutAndStillKnowTheirWhole) {
  MadeTrace trace(timeline);
  trace.operation("aten::linear", 0, 100);
  trace.operation("aten::matmul", 10, 60);
  trace.operation("aten::mm", 20, 40);
  trace.launch(1, 30, 5);
  trace.add(kOtherThread, Activity::operation, "aten::mm", 25, 50);  // inside of nothing
  EXPECT_EQ(found(), (std::map<std::string, Times>{{"aten::linear", {40, 60, 1}},
                                                   {"aten::matmul", {20, 40, 1}},
                                                   {"aten::mm", {35 + 50, 5, 2}},
                                                   {"cudaLaunchKernel", {5, 0, 1}}}));
}

TEST_F(HostSweepOf, OrderInTheFileDoesNotMatterAndTiesGoByKind) {
  MadeTrace trace(timeline);
  trace.launch(1, 0, 50);
  trace.operation("inner", 0, 50);
  trace.add(kThread, Activity::region, "ProfilerStep#1", 0, 50);
  trace.operation("outer", 0, 80);
  EXPECT_EQ(found(), (std::map<std::string, Times>{{"outer", {30, 50, 1}},
                                                   {"ProfilerStep#1", {0, 50, 1}},
                                                   {"inner", {0, 50, 1}},
                                                   {"cudaLaunchKernel", {50, 0, 1}}}));
}

TEST_F(HostSweepOf, RecursionCountsOnceAtTheOutermost) {
  MadeTrace trace(timeline);
  trace.operation("f", 0, 100);
  trace.operation("g", 10, 80);
  trace.operation("f", 20, 50);
  trace.operation("f", 30, 10);
  trace.operation("f", 200, 10);
  // From beginning to end: f 100 + 10, g 80.
  EXPECT_EQ(found(), (std::map<std::string, Times>{{"f", {20 + 40 + 10 + 10, 30, 4}}, {"g", {30, 50, 1}}}));
}

TEST_F(HostSweepOf, WhatOverlapsWithoutNestingBelongsToTheLater) {
  MadeTrace trace(timeline);
  trace.operation("first", 0, 50);
  trace.operation("second", 40, 60);
  trace.operation("third", 60, 10);
  EXPECT_EQ(found(),
            (std::map<std::string, Times>{{"first", {40, 10, 1}}, {"second", {50, 10, 1}}, {"third", {10, 0, 1}}}));
}

TEST_F(HostSweepOf, AShapeIsPartOfWhatACallBelongsTo) {
  MadeTrace trace(timeline);
  trace.add(kThread, Activity::region, "step", 0, 1000);
  trace.add(kThread, Activity::operation, "aten::mm", 10, 50, {.operation = trace.name("aten::mm [[8,64],[64,8]]")});
  trace.launch(1, 20);
  trace.launch(2, 100);
  trace.launch(3, 200, 20);
  trace.add(kThread, Activity::launch, "cuLaunchKernel", 205, 5, {.correlation = 4});
  HostSweep sweep = sweep_host(timeline, timeline.by_track(), builder);
  EXPECT_EQ(timeline.text(sweep.calls.find(1)->operation), "aten::mm [[8,64],[64,8]]");
  EXPECT_EQ(sweep.calls.find(2)->operation, kNoName);
  EXPECT_EQ(timeline.text(sweep.calls.find(2)->region), "step");
  EXPECT_EQ(sweep.calls.find(3)->outer, kNoCall);
  EXPECT_EQ(&sweep.calls.all()[sweep.calls.find(4)->outer], sweep.calls.find(3));
  EXPECT_EQ(sweep.calls.find(5), nullptr);
  EXPECT_EQ(sweep.intervals.launching.size(), 3u);
  EXPECT_EQ(sweep.intervals.busy.size(), 3u);
}

// Every moment of a thread belongs to one thing at most, and whole times are those that the events state.
TEST_F(HostSweepOf, OwnTimesCoverAThreadOnce) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    Timeline made;
    ProfileBuilder to(WitnessKind::kineto);
    MadeTrace trace(made);
    std::vector<bool> covered(400);
    const auto events = random() % 40;
    for (std::uint64_t i = 0; i < events; ++i) {
      const auto start = static_cast<std::int64_t>(random() % 300), length = static_cast<std::int64_t>(random() % 90);
      trace.add(kThread, random() % 2 == 0 ? Activity::operation : Activity::call, std::to_string(random() % 6), start,
                length);
      std::fill_n(covered.begin() + start, length, true);
    }
    std::int64_t own = 0;
    std::uint64_t count = 0;
    for (const auto& [name, times] : swept(made, to)) {
      own += times.own_ns;
      count += times.count;
      EXPECT_GE(times.nested_ns, 0);
    }
    EXPECT_EQ(own, std::count(covered.begin(), covered.end(), true)) << "round " << round;
    EXPECT_EQ(count, events);
  }
}

}  // namespace
}  // namespace varve
