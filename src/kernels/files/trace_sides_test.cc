#include "kernels/files/trace_sides.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/test_sources.h"
#include "world/test_root.h"

namespace varve {
namespace {

// A Kineto trace of one rank: two steps, in each a kernel and a collective that ends at the same moment on all ranks.
std::string rank_trace(int rank, int ranks, int late_us, const std::string& kernel) {
  std::string events;
  for (int step = 0; step < 2; ++step) {
    const int at = 1000 * step;
    events += fmt::format(
        R"({{"ph":"X","cat":"user_annotation","name":"ProfilerStep#{}","pid":1,"tid":1,"ts":{},"dur":900}},)", step + 5,
        at);
    events += fmt::format(
        R"({{"ph":"X","cat":"kernel","name":"{}","pid":0,"tid":7,"ts":{},"dur":40,"args":{{"device":0,"stream":7}}}},)",
        kernel, at + 10);
    events += fmt::format(R"({{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32_RING_LL","pid":0,)"
                          R"("tid":7,"ts":{},"dur":{},"args":{{"device":0,"stream":7}}}},)",
                          at + 100 + late_us, 50 - late_us);
  }
  events.pop_back();
  return fmt::format(
      R"({{"schemaVersion":1,"distributedInfo":{{"backend":"nccl","rank":{},"world_size":{}}},"traceEvents":[{}]}})",
      rank, ranks, events);
}

class TraceSides : public ::testing::Test {
 protected:
  std::string save(const std::string& name, const std::string& text) {
    root_.write(name, text);
    return root_.path() + "/" + name;
  }
  Result<TraceSide> read(const std::vector<std::string>& paths) { return read_trace_side(host_world().files, paths); }
  TestRoot root_;
};

TEST_F(TraceSides, RanksStandBesideEachOtherAndKnowWhatTheyWaited) {
  const std::string early = save("job/r0.json", rank_trace(0, 2, 0, "gemm"));
  const std::string late = save("job/r1.json", rank_trace(1, 2, 30, "conv"));
  save("job/notes.txt", "no trace");
  const auto paths = traces_at(host_world().files, root_.path() + "/job");
  ASSERT_TRUE(paths);
  EXPECT_EQ(*paths, (std::vector<std::string>{early, late}));
  const auto side = read(*paths);
  ASSERT_TRUE(side) << to_text(side.error());
  const TraceSequence& sequence = side->sequence;
  ASSERT_EQ(sequence.streams.size(), 2u);
  ASSERT_EQ(sequence.steps.size(), 2u);
  const auto name = [&](const TraceSequence::Item& item) { return side->record.record.kernels[item.kernel].key.name; };
  for (std::size_t rank = 0; rank < 2; ++rank) {
    const std::vector<TraceSequence::Item>& items = sequence.streams[rank].items;
    EXPECT_EQ(sequence.streams[rank].place.rank, static_cast<std::int32_t>(rank));
    ASSERT_EQ(items.size(), 4u);
    EXPECT_EQ(name(items[0]), rank == 0 ? "gemm" : "conv");
    EXPECT_EQ(items[2].step, 1);
    EXPECT_EQ(items[1].part, Part::collective);
    EXPECT_EQ(items[1].waiting_ns, rank == 0 ? 30'000 : 0);
    EXPECT_EQ(items[0].waiting_ns, -1);
  }
  EXPECT_EQ(sequence.devices.size(), 2u);
  EXPECT_EQ(sequence.whole.length_ns, sequence.devices[0].window.length_ns + sequence.devices[1].window.length_ns);
  EXPECT_EQ(side->record.ranks.ranks.size(), 2u);
}

TEST_F(TraceSides, OneRankAloneKnowsNothingOfWaiting) {
  const auto side = read({save("r0.json", rank_trace(0, 2, 0, "gemm"))});
  ASSERT_TRUE(side);
  EXPECT_EQ(side->sequence.streams[0].items[1].waiting_ns, -1);
}

TEST_F(TraceSides, StepsThatNotAllRanksShowAreNone) {
  std::string other = rank_trace(1, 2, 0, "gemm");
  other.replace(other.find("ProfilerStep#5"), 14, "ProfilerStep#4");
  const auto side = read({save("r0.json", rank_trace(0, 2, 0, "gemm")), save("r1.json", other)});
  ASSERT_TRUE(side);
  ASSERT_EQ(side->sequence.steps.size(), 1u);
  EXPECT_EQ(side->sequence.streams[0].items[0].step, -1);
  EXPECT_EQ(side->sequence.streams[0].items[2].step, 0);
}

TEST_F(TraceSides, WhatIsNotOneJobIsRefused) {
  const std::string first = save("r0.json", rank_trace(0, 2, 0, "gemm"));
  const auto twice = read({first, save("again.json", rank_trace(0, 2, 0, "gemm"))});
  ASSERT_FALSE(twice);
  EXPECT_NE(to_text(twice.error()).find("it is of rank 0, as"), std::string::npos);
  EXPECT_FALSE(read({first, save("r1.json", rank_trace(1, 4, 0, "gemm"))}));
  EXPECT_FALSE(read({first, root_.path() + "/absent.json"}));
  root_.write("empty/readme", "nothing");
  EXPECT_FALSE(traces_at(host_world().files, root_.path() + "/empty"));
}

}  // namespace
}  // namespace varve
