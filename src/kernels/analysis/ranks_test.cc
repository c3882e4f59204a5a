#include "kernels/analysis/ranks.h"

#include <gtest/gtest.h>

#include "kernels/analysis/made_trace_testing.h"
#include "kernels/analysis/trace_analysis.h"

namespace varve {
namespace {

using test::kOtherStream;
using test::kStream;
using test::MadeTrace;

struct Called {
  std::int64_t start_ns = 0, end_ns = 0;
  std::int64_t sequence = kNoNumber;
};

RankCollectives rank_of(std::int32_t rank, const std::vector<Called>& calls, const std::string& group = "world",
                        std::int32_t ranks = 0) {
  CollectiveList list;
  for (const Called& call : calls) {
    list.add("AllReduce", group, call.sequence, {.start_ns = call.start_ns, .end_ns = call.end_ns});
  }
  return list.take(rank, ranks);
}

TEST(Ranks, WaitingIsForTheRankThatCameLast) {
  // On one clock: the first ends at 200 and lasts 10 for rank 1, which came last; in the second rank 0 is late. The
  // clock of rank 1 is 5 000 ahead.
  const std::vector<RankCollectives> ranks = {
      rank_of(0, {{100, 200, 7}, {290, 301, 8}, {400, 410, 9}}),
      rank_of(1, {{5190, 5200, 7}, {5250, 5301, 8}, {5400, 5410, 9}}),
  };
  const RankReport report = rank_report(ranks);
  EXPECT_TRUE(report.has_common_clock);
  EXPECT_EQ(report.collectives, 3u);
  EXPECT_EQ(report.detail, "2 of 2 ranks are aligned on the ends of 3 common collectives, half of them to 0.0 µs");
  ASSERT_EQ(report.ranks.size(), 2u);
  EXPECT_EQ(report.ranks[1].offset_ns, 5000);
  EXPECT_EQ(report.ranks[0].transfer_ns, 10 + 11 + 10);
  EXPECT_EQ(report.ranks[0].waiting_ns, 90);
  EXPECT_EQ(report.ranks[0].waiting_for, (std::map<std::int32_t, std::int64_t>{{1, 90}}));
  EXPECT_EQ(report.ranks[1].waiting_ns, 40);
  EXPECT_EQ(report.ranks[1].waiting_for, (std::map<std::int32_t, std::int64_t>{{0, 40}}));
  EXPECT_EQ(report.ranks[1].waited_for_ns, 90);
}

// Ranks that count their collectives, one of which its trace has lost: from there on others stand side by side.
TEST(Ranks, WhatOnlyTheirCountsJoinAndDoesNotOverlapIsNoCollective) {
  const std::vector<RankCollectives> ranks = {
      rank_of(0, {{0, 100}, {1000, 1100}, {2000, 2100}, {3000, 3100}, {4000, 4100}, {9000, 9100}}),
      rank_of(1, {{50, 102}, {1090, 1101}, {2010, 2099}, {3010, 3100}, {9010, 9100}}),
  };
  const RankReport report = rank_report(ranks);
  EXPECT_EQ(report.collectives, 4u);
  EXPECT_EQ(report.ranks[0].waiting_ns, 48 + 89 + 11 + 10);
  EXPECT_NE(report.detail.find("1 more that were counted alike do not overlap: they are left out"), std::string::npos)
      << report.detail;
  const std::vector<RankCollectives> strangers = {rank_of(0, {{0, 10}, {100, 110}, {5000, 5010}}),
                                                  rank_of(1, {{0, 10}, {700, 710}, {2000, 2010}})};
  EXPECT_EQ(rank_report(strangers).ranks[0].waiting_ns, 0);
}

TEST(Ranks, WaitingIsBookedInTheWindowOfWhoWaited) {
  RankReport report;
  report.ranks = {{.rank = 0, .exposed_waiting_ns = 60}, {.rank = 1, .exposed_waiting_ns = 500}};
  KernelsRecord record;
  for (const std::int32_t rank : {0, 1}) {
    TraceSource& source = record.sources.emplace_back();
    source.windows = {{rank, 0, {{Part::kernel, 700}, {Part::collective, 100}, {Part::idle, 50}}}};
  }
  Profile& profile = record.record.profiles.by_kind[{WitnessKind::kineto, Quantity::device_time}];
  profile.parts = {{Part::kernel, 1400}, {Part::collective, 200}, {Part::idle, 100}};
  book_waiting(std::move(report), record);
  using Divided = std::map<Part, std::int64_t>;
  EXPECT_EQ(record.sources[0].windows[0].parts,
            (Divided{{Part::kernel, 700}, {Part::collective, 40}, {Part::waiting, 60}, {Part::idle, 50}}));
  EXPECT_EQ(record.sources[1].windows[0].parts,
            (Divided{{Part::kernel, 700}, {Part::collective, 0}, {Part::waiting, 100}, {Part::idle, 50}}))
      << "never more than its collectives took";
}

TEST(Ranks, NumbersJoinWindowsThatBeganAtDifferentTimes) {
  const std::vector<RankCollectives> ranks = {
      rank_of(0, {{0, 10, 4}, {100, 110, 5}, {200, 210, 6}}, "world", 8),
      rank_of(3, {{700, 710, 5}, {800, 810, 6}, {900, 910, 7}}, "world", 8),
  };
  const RankReport report = rank_report(ranks);
  EXPECT_EQ(report.collectives, 2u);
  EXPECT_EQ(report.ranks[1].offset_ns, 600);
  EXPECT_TRUE(report.detail.ends_with("6 ranks of the job are not here, and who came last may be one of them"))
      << report.detail;
}

TEST(Ranks, ClocksAreJoinedThroughOthersAndTheResidualIsTold) {
  const auto list = [](std::int32_t rank, std::vector<std::pair<std::string, Called>> calls) {
    CollectiveList made;
    for (const auto& [group, call] : calls) {
      made.add("AllReduce", group, call.sequence, {.start_ns = call.start_ns, .end_ns = call.end_ns});
    }
    return made.take(rank, 0);
  };
  const std::vector<RankCollectives> ranks = {
      list(0, {{"a", {0, 10, 1}}, {"a", {100, 110, 2}}, {"a", {200, 210, 3}}}),
      list(1, {{"a", {1000, 1010, 1}}, {"a", {1100, 1114, 2}}, {"a", {1200, 1214, 3}}, {"b", {1300, 1310, 1}}}),
      list(2, {{"b", {300, 310, 1}}}),
  };
  const RankReport report = rank_report(ranks);
  EXPECT_TRUE(report.has_common_clock);
  EXPECT_EQ(report.ranks[1].offset_ns, 1004);
  EXPECT_EQ(report.ranks[1].residual_ns, 0);
  EXPECT_EQ(report.ranks[2].offset_ns, 4);
}

TEST(Ranks, WithoutCommonCollectivesThereIsNoCommonClock) {
  const std::vector<RankCollectives> strangers = {rank_of(0, {{0, 10, 1}}, "a"), rank_of(1, {{0, 10, 1}}, "b")};
  const RankReport report = rank_report(strangers);
  EXPECT_FALSE(report.has_common_clock);
  EXPECT_EQ(report.detail, "no collective is seen on two ranks: there is no common clock");
  EXPECT_EQ(report.ranks[0].waiting_ns, 0);
  EXPECT_FALSE(rank_report({}).has_common_clock);

  const std::vector<RankCollectives> pairs = {rank_of(0, {{0, 10, 1}}, "a"), rank_of(1, {{50, 60, 1}}, "a"),
                                              rank_of(2, {{0, 10, 1}}, "b"), rank_of(3, {{20, 60, 1}}, "b")};
  const RankReport two = rank_report(pairs);
  EXPECT_FALSE(two.has_common_clock);
  EXPECT_TRUE(two.detail.ends_with("they are 2 sets without a common clock")) << two.detail;
  EXPECT_EQ(two.ranks[3].waiting_ns, 30);
}

TEST(Ranks, ATraceHandsOverItsCollectivesWithWhatIsNotHidden) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  analysis.rank(2, 4);
  trace.add(kStream, Activity::kernel, "gemm", 0, 60);
  trace.add(kOtherStream, Activity::collective, "AllReduce", 20, 100, {.group = trace.name("world"), .sequence = 5});
  const TraceReading reading = analysis.take();
  ASSERT_EQ(reading.collectives.size(), 1u);
  const RankCollectives& list = reading.collectives.front();
  EXPECT_EQ(list.rank, 2);
  EXPECT_EQ(list.ranks, 4);
  EXPECT_TRUE(list.by_sequence);
  ASSERT_EQ(list.all.size(), 1u);
  EXPECT_EQ(list.all.front().exposed_ns, 60);
  EXPECT_EQ(list.all.front().key, rank_of(0, {{0, 1, 5}}).all.front().key);

  // The same that was in it shorter elsewhere: 60 not hidden, 10 of them the transfer.
  const std::vector<RankCollectives> ranks = {list, rank_of(1, {{90, 100, 5}})};
  EXPECT_EQ(rank_report(ranks).ranks[0].exposed_waiting_ns, 50);
}

}  // namespace
}  // namespace varve
