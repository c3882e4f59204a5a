#include "kernels/analysis/capture_join.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/analysis/made_trace_testing.h"
#include "kernels/analysis/trace_analysis.h"

namespace varve {
namespace {

using test::kStream;
using test::kThread;
using test::MadeTrace;

// An eager run: each kernel is launched by an operation of its own, "op of a".
CapturedKernels captured(const std::vector<std::string>& kernels, bool run = true) {
  TraceAnalysis analysis(WitnessKind::kineto, {.keep_captured = true});
  MadeTrace trace(analysis);
  std::uint64_t correlation = 0;
  for (const std::string& kernel : kernels) {
    const auto at = static_cast<std::int64_t>(++correlation) * 100;
    trace.operation("op of " + kernel, at, 50);
    trace.launch(correlation, at + 10);
    if (run) trace.kernel(kernel, correlation, at + 20, 30);
  }
  return analysis.take().captured;
}

// A replay in one graph launch: the operation of each kernel, "region" where it was not joined.
struct Replay {
  std::map<std::string, std::string> operations;
  CaptureJoined joined;
  std::vector<std::string> sentences;
};
Replay replayed(const std::vector<std::string>& kernels, const CapturedKernels& capture, int times = 1) {
  TraceAnalysis analysis(WitnessKind::kineto, {.capture = &capture});
  MadeTrace trace(analysis);
  trace.add(kThread, Activity::region, "region", 0, 1'000'000);
  std::int64_t at = 0;
  for (int time = 1; time <= times; ++time) {
    trace.launch(static_cast<std::uint64_t>(time), at, 5, "cudaGraphLaunch");
    for (const std::string& kernel : kernels) trace.kernel(kernel, static_cast<std::uint64_t>(time), at += 20, 10);
  }
  const TraceReading reading = analysis.take();
  Replay replay{{}, reading.joined, reading.tally.sentences};
  const Profile* device = reading.record.profiles.find({WitnessKind::kineto, Quantity::device_time});
  for (const ProfileRow& row : device->rows) {
    replay.operations[reading.record.kernels[row.key.kernel].key.name] =
        reading.record.kernels[row.key.operation].key.name;
  }
  return replay;
}

TEST(CaptureJoin, KernelsOfEveryReplayGetTheOperationsOfTheCapture) {
  std::vector<std::string> eager = {"warm up"}, graph;
  for (int i = 0; i < 20; ++i) graph.push_back("k" + std::to_string(i));
  eager.insert(eager.end(), graph.begin(), graph.end());
  const Replay replay = replayed(graph, captured(eager), 3);
  EXPECT_EQ(replay.joined.kernels, 60u);
  EXPECT_EQ(replay.joined.by_node, 0u);
  EXPECT_EQ(replay.operations.at("k7"), "op of k7");
  EXPECT_EQ(replay.sentences, std::vector<std::string>{"60 of 60 kernels inside graphs have the operation that the "
                                                       "capture shows, 0 by node and 60 by sequence: 100.0 % of the "
                                                       "600 ns in graphs"});
}

TEST(CaptureJoin, GoesOnBehindWhatDiffers) {
  std::vector<std::string> eager, graph;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "k" + std::to_string(i);
    if (i != 12) eager.push_back(name);
    if (i == 20) eager.push_back("eager only");
    if (i != 30) graph.push_back(name);
  }
  const Replay replay = replayed(graph, captured(eager));
  EXPECT_EQ(replay.joined.kernels, 38u);
  EXPECT_EQ(replay.operations.at("k12"), "region");
  EXPECT_EQ(replay.operations.at("k11"), "op of k11");
  EXPECT_EQ(replay.operations.at("k39"), "op of k39");
}

TEST(CaptureJoin, LaunchesWithoutNamesAreJoinedByTheirNumberOnly) {
  const std::vector<std::string> graph = {"a", "b", "c"};
  EXPECT_EQ(replayed(graph, captured(graph, false)).operations.at("b"), "op of b");
  EXPECT_EQ(replayed(graph, captured({"a", "b"}, false)).joined.kernels, 0u);
}

TEST(CaptureJoin, WhatAddsNothingIsSaidToAddNothing) {
  const auto says = [](const std::vector<std::string>& sentences, std::string_view what) {
    return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& s) { return s.ends_with(what); });
  };
  EXPECT_TRUE(says(replayed({"a", "b", "c"}, captured({"x", "y"})).sentences,
                   "only what launched the graph is known, since no graph here runs what the capture shows"));
  const CapturedKernels capture = captured({"a", "b"});
  TraceAnalysis analysis(WitnessKind::kineto, {.capture = &capture});
  MadeTrace trace(analysis);
  trace.launch(1, 0, 5, "cudaLaunchKernel");
  trace.kernel("a", 1, 20, 10);
  EXPECT_TRUE(says(analysis.take().tally.sentences, "no kernel here ran inside a graph: the capture adds nothing"));
}

// HIP writes into a launch which kernel it starts. While a graph is captured nothing runs but what stands beside it.
TEST(CaptureJoin, LaunchesThatNameTheirKernelsTellTheOrder) {
  TraceAnalysis analysis(WitnessKind::kineto, {.keep_captured = true});
  MadeTrace trace(analysis);
  std::vector<std::string> graph;
  trace.launch(1, 10);
  trace.kernel("beside it", 1, 20, 5);
  for (int i = 0; i < 20; ++i) {
    graph.push_back("k" + std::to_string(i));
    const std::int64_t at = 100 * (i + 1);
    trace.operation("op of " + graph.back(), at, 50);
    trace.add(kThread, Activity::launch, "hipLaunchKernel", at + 10, 5,
              {.correlation = static_cast<std::uint64_t>(i) + 2, .launched = trace.name(graph.back())});
  }
  const Replay replay = replayed(graph, analysis.take().captured);
  EXPECT_EQ(replay.joined.kernels, 20u);
  EXPECT_EQ(replay.operations.at("k7"), "op of k7");
}

TEST(CaptureJoin, NodesGoFirstWhereNamesAgree) {
  CapturedKernels capture{.texts = {"a", "b", "op 1", "op 2"}, .all = {}, .has_names = true};
  capture.all = {{0, 2, 71}, {1, 3, 72}};
  const CaptureJoin join(capture);
  const std::vector<CaptureJoin::Replayed> replay = {{"b", 72}, {"x", 71}, {"a", 5}};
  const auto joined = join.join(replay);
  EXPECT_EQ(joined[0].operation, 3u);
  EXPECT_TRUE(joined[0].by_node);
  EXPECT_EQ(joined[1].operation, CapturedKernels::kNone);
}

TEST(CaptureJoin, NothingInCommonJoinsNothing) {
  const Replay replay = replayed({"a", "b"}, captured({"x", "y", "z"}));
  EXPECT_EQ(replay.joined.kernels, 0u);
  EXPECT_EQ(replay.operations.at("a"), "region");
  EXPECT_TRUE(replay.sentences.front().starts_with("2 of 2 kernels ran inside graphs"));
}

}  // namespace
}  // namespace varve
