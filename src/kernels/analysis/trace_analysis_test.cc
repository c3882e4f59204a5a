#include "kernels/analysis/trace_analysis.h"

#include <gtest/gtest.h>

#include "kernels/analysis/made_trace_testing.h"

namespace varve {
namespace {

using test::kOtherStream;
using test::kStream;
using test::kThread;
using test::MadeTrace;
using Sentences = std::vector<std::string>;

class Analysed : public testing::Test {
 protected:
  TraceAnalysis analysis{WitnessKind::kineto, {}};
  MadeTrace trace{analysis};

  // The operation of each kernel, "-" without one.
  static std::map<std::string, std::string> operations(const TraceReading& reading) {
    std::map<std::string, std::string> found;
    const Profile* device = reading.record.profiles.find({WitnessKind::kineto, Quantity::device_time});
    for (const ProfileRow& row : device == nullptr ? std::vector<ProfileRow>{} : device->rows) {
      const KernelTable& kernels = reading.record.kernels;
      found[kernels[row.key.kernel].key.name] =
          row.key.operation == kNoKernel ? "-" : kernels[row.key.operation].key.name;
    }
    return found;
  }
};

TEST_F(Analysed, AWholeTraceNeedsNoSentence) {
  trace.operation("aten::mm", 0, 50);
  trace.launch(1, 10);
  trace.launch(2, 20);
  trace.kernel("a", 1, 30, 7);
  trace.kernel("b", 2, 40, 7);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(reading.tally.sentences, Sentences{});
  EXPECT_EQ(reading.absence, KernelAbsence::none_absent);
  EXPECT_EQ(reading.tally.launches, 2u);
  EXPECT_EQ(reading.tally.kernels, 2u);
  EXPECT_EQ(reading.tally.kernels_ns, 14);
}

TEST_F(Analysed, ClocksThatAreNotOneNameNoIdleTime) {
  constexpr std::int64_t kApart = 133'000'000'000;
  trace.launch(1, 10);
  trace.launch(2, 20);
  trace.add(kThread, Activity::synchronise, "cudaDeviceSynchronize", kApart, 1000);
  trace.kernel("a", 1, kApart + 30, 10);
  trace.kernel("b", 2, kApart + 90, 10);
  const TraceReading reading = analysis.take();
  const Profile* device = reading.record.profiles.find({WitnessKind::kineto, Quantity::device_time});
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(device->parts.at(Part::idle), 50);
  ASSERT_EQ(device->unseen.size(), 1u);
  EXPECT_NE(device->unseen.begin()->find("133.000 s or more after its launch"), std::string::npos);
}

TEST_F(Analysed, KernelsFindTheirOperationByTheirLaunch) {
  trace.add(kThread, Activity::operation, "aten::linear", 0, 100);
  trace.add(kThread, Activity::operation, "aten::mm", 10, 50, {.operation = trace.name("aten::mm [[8,8],[8,8]]")});
  trace.launch(1, 20);
  trace.launch(2, 70);
  trace.launch(3, 200);
  trace.kernel("gemm", 1, 300, 10);
  trace.kernel("add", 2, 310, 10);
  trace.kernel("alone", 3, 320, 10);
  trace.add(kStream, Activity::kernel, "told", 330, 10, {.operation = trace.name("aten::told"), .correlation = 2});
  const auto found = operations(analysis.take());
  EXPECT_EQ(found,
            (std::map<std::string, std::string>{
                {"gemm", "aten::mm [[8,8],[8,8]]"}, {"add", "aten::linear"}, {"alone", "-"}, {"told", "aten::told"}}));
}

TEST_F(Analysed, OfGraphsOnlyTheLaunchIsKnown) {
  trace.add(kThread, Activity::region, "decode", 0, 100);
  trace.launch(9, 10, 5, "cudaGraphLaunch");
  trace.launch(10, 20);
  trace.kernel("a", 9, 100, 10);
  trace.kernel("b", 9, 105, 20);  // beside it: a graph has branches
  trace.kernel("c", 10, 130, 10);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(operations(reading), (std::map<std::string, std::string>{{"a", "decode"}, {"b", "decode"}, {"c", "-"}}));
  EXPECT_EQ(reading.tally.kernels_in_graphs, 2u);
  EXPECT_EQ(reading.tally.in_graphs_ns, 30);
  EXPECT_EQ(reading.tally.impossible_durations, 0u);
  EXPECT_EQ(
      reading.tally.sentences,
      Sentences{"2 of 3 kernels ran inside graphs (30 ns, 75.0 % of the kernels' time): of them only what launched "
                "the graph is known"});
}

TEST_F(Analysed, LaunchesWithoutKernelsMakeTotalsALowerBound) {
  for (std::uint64_t i = 1; i <= 50; ++i) trace.launch(i, static_cast<std::int64_t>(i) * 10);
  trace.kernel("a", 7, 90, 10);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(reading.tally.launches_without_kernel, 49u);
  EXPECT_EQ(reading.tally.sentences, Sentences{"49 of 50 launches have no kernel row: totals are a lower bound"});
}

TEST_F(Analysed, ALaunchInsideALaunchIsNoneOfItsOwn) {
  trace.launch(1, 0, 20);
  trace.launch(2, 5, 10, "cuLaunchKernel");
  trace.launch(3, 30, 20);
  trace.launch(4, 35, 10, "cuLaunchKernel");
  trace.kernel("a", 2, 90, 10);
  trace.kernel("b", 3, 100, 10);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(reading.tally.launches, 2u);
  EXPECT_EQ(reading.tally.sentences, Sentences{});
}

TEST_F(Analysed, KernelsFromBeforeTheWindowAreToldFromThoseThatLostTheirLaunch) {
  trace.kernel("early", 1, 0, 10);
  trace.kernel("early", 2, 10, 10);
  trace.kernel("early elsewhere", 3, 15, 10, kOtherStream);
  trace.launch(4, 5);
  trace.kernel("whole", 4, 30, 10);
  trace.kernel("orphan", 5, 50, 60);
  trace.kernel("late elsewhere", 6, 70, 10, kOtherStream);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(reading.tally.kernels_before_window, 3u);
  EXPECT_EQ(reading.tally.before_window_ns, 30);
  EXPECT_EQ(reading.tally.kernels_without_launch, 2u);
  EXPECT_EQ(reading.tally.without_launch_ns, 70);
  ASSERT_EQ(reading.tally.sentences.size(), 2u);
  EXPECT_TRUE(reading.tally.sentences[0].starts_with("3 of 6 kernels were launched before the first call"));
  EXPECT_TRUE(reading.tally.sentences[1].starts_with("2 of 6 kernels have no launch, though calls were recorded"));
}

TEST_F(Analysed, WithoutCallsNobodyMissesALaunch) {
  trace.kernel("a", 1, 0, 10);
  trace.kernel("b", 2, 10, 10);
  EXPECT_EQ(analysis.take().tally.sentences, Sentences{});
}

TEST_F(Analysed, ADurationThatCannotBeIsCutAtItsSuccessor) {
  trace.kernel("absurd", 0, 0, 9'000'000);
  trace.kernel("next", 0, 1'000'000, 500'000);
  trace.kernel("overlapped a little", 0, 1'500'000, 504'000);  // as a dependent launch may
  trace.kernel("last", 0, 2'000'000, 1'000'000);
  trace.add(kOtherStream, Activity::kernel, "beside", 0, 3'000'000);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(reading.tally.impossible_durations, 1u);
  EXPECT_EQ(reading.tally.impossible_ns, 8'000'000);
  ASSERT_EQ(reading.tally.sentences.size(), 1u);
  EXPECT_EQ(reading.tally.sentences[0],
            "1 of 5 kernels ends after the next one on the stream began, by 8.0 ms, 57.1 % of the kernels' time, which "
            "cannot be: without that the kernels took 6.0 ms and not 14.0 ms");
  const Profile* device = reading.record.profiles.find({WitnessKind::kineto, Quantity::device_time});
  std::int64_t impossible = 0;
  for (const ProfileRow& row : device->rows) impossible += row.impossible_ns;
  EXPECT_EQ(impossible, 8'000'000);
  EXPECT_EQ(device->rows_ns(), 14'004'000);
  EXPECT_EQ(device->window_ns, 3'000'000);
}

TEST_F(Analysed, OlderDevicesRunOneKernelAfterTheOther) {
  analysis.fact("gpu.compute_capabilities", known_fact(std::vector<std::string>{"7.0"}, "test"));
  trace.kernel("a", 0, 0, 104'000);
  trace.kernel("b", 0, 100'000, 100'900);
  trace.kernel("c", 0, 200'000, 1000);
  const TraceReading reading = analysis.take();
  EXPECT_EQ(reading.tally.impossible_durations, 1u);
  EXPECT_EQ(reading.tally.impossible_ns, 4000);
}

TEST_F(Analysed, KernelsWithoutTimeAndRoundNumbersAreTold) {
  for (int i = 0; i < 20'000; ++i) trace.kernel("a", 0, i * 3000, i == 7 ? 0 : 1000);
  const TraceReading reading = analysis.take();
  EXPECT_TRUE(reading.tally.capped);
  EXPECT_EQ(reading.tally.resolution_ns, 1000);
  EXPECT_EQ(reading.tally.sentences,
            (Sentences{"1 of 20000 kernels has a duration of 0: the totals are without their time",
                       "it holds 20000 events, 20000 kernels among them: so round a number is mostly the limit of a "
                       "writer, and what came later is then missing",
                       "no time is told finer than 1.0 µs, and the mean kernel takes 999 ns"}));
}

// The compiler runs operations of its own, and PyTorch's dispatcher hands an operation on to itself.
TEST(TraceAnalysis, WhatRunsInsideOfACompilerIsPartOfIt) {
  TraceAnalysis analysis(WitnessKind::kineto, {.keep_sequence = true});
  MadeTrace trace(analysis);
  trace.operation("dynamo", 0, 100);
  trace.operation("aten::mm", 10, 20);
  trace.operation("aten::mm", 100, 50);
  trace.operation("PythonDispatchMode", 105, 40);
  trace.operation("aten::mm", 110, 30);
  trace.operation("aten::copy_", 115, 10);
  const TraceReading reading = analysis.take();
  ASSERT_EQ(reading.sequence.streams.size(), 1u);
  std::vector<std::pair<std::string, std::int64_t>> items;
  for (const TraceSequence::Item& item : reading.sequence.streams[0].items) {
    items.emplace_back(reading.record.kernels[item.kernel].key.name, item.duration_ns);
  }
  EXPECT_EQ(items, (std::vector<std::pair<std::string, std::int64_t>>{
                       {"dynamo", 100}, {"aten::mm", 40}, {"aten::copy_", 10}}));
}

TEST(TraceAnalysis, NoKernelsMeansThreeThings) {
  const auto absence = [](bool traced, bool launched, bool operations) {
    TraceAnalysis analysis(WitnessKind::kineto, {});
    MadeTrace trace(analysis);
    if (traced) analysis.traced(Activity::kernel);
    if (launched) trace.launch(1, 0);
    if (operations) trace.operation("aten::mm", 0, 10);
    return analysis.take().absence;
  };
  EXPECT_EQ(absence(false, false, true), KernelAbsence::not_traced);
  EXPECT_EQ(absence(true, false, true), KernelAbsence::none_launched);
  EXPECT_EQ(absence(true, true, false), KernelAbsence::lost);
  EXPECT_EQ(absence(false, true, false), KernelAbsence::not_traced);
}

TEST(TraceAnalysis, WhereAPartIsMissingNobodyKnowsThatNoneRan) {
  for (const bool traced : {false, true}) {
    TraceAnalysis analysis(WitnessKind::kineto, {});
    MadeTrace trace(analysis);
    if (traced) analysis.traced(Activity::kernel);
    trace.operation("aten::mm", 0, 10);
    analysis.damaged(99, "the trace ends inside an event");
    EXPECT_EQ(analysis.take().absence, KernelAbsence::lost);
  }
}

TEST(TraceAnalysis, WhereRecordsOfADeviceWereLostNobodyKnowsThatNoneRan) {
  const auto absence = [](TrackKind track, bool has_kernel) {
    TraceAnalysis analysis(WitnessKind::nsight_systems, {});
    MadeTrace trace(analysis);
    analysis.traced(Activity::kernel);
    if (has_kernel) trace.kernel("a", 1, 0, 10);
    analysis.lost(track, 0);
    return analysis.take().absence;
  };
  EXPECT_EQ(absence(TrackKind::stream, false), KernelAbsence::lost);
  EXPECT_EQ(absence(TrackKind::stream, true), KernelAbsence::none_absent);
  EXPECT_EQ(absence(TrackKind::thread, false), KernelAbsence::none_launched);
}

TEST(TraceAnalysis, DevicesAloneNeedNoTimeline) {
  TraceAnalysis analysis(WitnessKind::kineto, {.device_only = true});
  MadeTrace trace(analysis);
  trace.operation("aten::mm", 0, 10);
  trace.kernel("a", 1, 0, 10);
  trace.add(kStream, Activity::region, "annotation", 0, 100);
  analysis.rank(3, 8);
  const TraceReading reading = analysis.take();
  ASSERT_EQ(reading.record.profiles.by_kind.size(), 1u);
  const Profile& device = reading.record.profiles.by_kind.begin()->second;
  ASSERT_EQ(device.rows.size(), 1u);
  EXPECT_EQ(device.rows_ns(), 10);
  EXPECT_EQ(device.rows.front().key.place, (Place{3, 0, 7}));
  EXPECT_TRUE(device.parts.empty());
  EXPECT_EQ(reading.rank, 3);
  EXPECT_EQ(reading.ranks, 8);
}

TEST(TraceAnalysis, WhatFindsNoRoomIsCountedAndSaid) {
  TraceAnalysis analysis(WitnessKind::kineto, {}, 2);
  MadeTrace trace(analysis);
  for (int i = 0; i < 4; ++i) trace.kernel("a", 0, i * 100, 10);
  trace.operation("aten::mm", 0, 10);
  const TraceReading reading = analysis.take();
  const Profile* device = reading.record.profiles.find({WitnessKind::kineto, Quantity::device_time});
  EXPECT_EQ(device->rows_ns(), 40);
  EXPECT_EQ(device->rows.front().time.count, 4u);
  EXPECT_EQ(reading.tally.left_out, 3u);
  EXPECT_EQ(reading.record.profiles.find({WitnessKind::kineto, Quantity::call_time})->lost, 1u);
  EXPECT_EQ(device->unseen, std::set<std::string>{"the order of what came after the first 2 events"});
}

}  // namespace
}  // namespace varve
