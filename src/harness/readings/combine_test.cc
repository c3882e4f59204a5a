#include "harness/readings/combine.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Reported reported(const std::string& name, double value, std::optional<int> rank = {},
                  std::optional<Stretch> stretch = {}) {
  Reported one;
  one.metric.name = name;
  one.metric.value = value;
  one.metric.better = Better::unknown;
  one.rank = rank;
  one.stretch = stretch;
  return one;
}

Stretch from_to(double from, double to) {
  return {static_cast<std::int64_t>(from * 1e9), static_cast<std::int64_t>(to * 1e9)};
}

TEST(Combine, FourRanksAreAddedUp) {
  std::vector<Reported> ranks;
  for (int rank = 0; rank < 4; ++rank) ranks.push_back(reported("tokens/s", 250, rank));
  EXPECT_EQ(combine_numbers(ranks, {}).value, 1000);
  EXPECT_EQ(combine_numbers(ranks, {}).combined, Combined::sum);
  for (Reported& one : ranks) one.rank.reset();
  EXPECT_EQ(combine_numbers(ranks, {}).value, 1000) << "of a rate several lines of one unit are added";
  for (Reported& one : ranks) one.rank = 0;
  EXPECT_EQ(combine_numbers(ranks, {}).value, 250) << "one process four times";
}

TEST(Combine, TimesTellWhatRanSideBySide) {
  // Two processes side by side for two seconds, then both again.
  const std::vector<Reported> all = {
      reported("tokens/s", 100, {}, from_to(0, 2)), reported("tokens/s", 120, {}, from_to(0, 2)),
      reported("tokens/s", 200, {}, from_to(2, 4)), reported("tokens/s", 180, {}, from_to(2, 4))};
  const CombinedNumber number = combine_numbers(all, {});
  EXPECT_DOUBLE_EQ(number.value, 300);
  EXPECT_EQ(number.combined, Combined::rate);
}

TEST(Combine, ByWhatTheMetricIs) {
  const auto two = [](const std::string& name) {
    return combine_numbers({reported(name, 1), reported(name, 3), reported(name, 8)}, {});
  };
  EXPECT_EQ(two("p99 latency").value, 3);
  EXPECT_EQ(two("ms/step").value, 3);
  EXPECT_EQ(two("tokens").value, 12);
  EXPECT_EQ(two("allocated bytes").value, 8);
  EXPECT_NE(two("accuracy").refused.find("3 different values of \"accuracy\""), std::string::npos);
  EXPECT_NE(two("tokens/s/user").refused, "") << "of whom, nobody says";
  EXPECT_EQ(combine_numbers({reported("accuracy", 3), reported("accuracy", 3)}, {}).value, 3);
}

TEST(Combine, AsTheUserWants) {
  const std::vector<Reported> all = {reported("accuracy", 1), reported("accuracy", 3), reported("accuracy", 8)};
  EXPECT_EQ(combine_numbers(all, Combined::mean).value, 4);
  EXPECT_EQ(combine_numbers(all, Combined::sum).value, 12);
  EXPECT_EQ(combine_numbers(all, Combined::lowest).value, 1);
  EXPECT_EQ(combine_numbers(all, Combined::highest).value, 8);
  EXPECT_EQ(combine_numbers(all, Combined::median).value, 3);
}

TEST(Combine, PrintedRatesAreNotAddedUp) {
  std::vector<Reported> steps = {reported("tokens/s", 812), reported("tokens/s", 820)};
  for (Reported& one : steps) one.combine = Combined::none;
  EXPECT_NE(combine_numbers(steps, {}).refused, "");
  EXPECT_EQ(combine_numbers(steps, Combined::median).value, 816);
}

TEST(WorkMismatch, RateTimesTimeIsTheWork) {
  Reported one = reported("tokens/s", 500, {}, from_to(10, 12));
  EXPECT_EQ(work_mismatch(one), "") << "no work is said";
  one.metric.work = 1005;
  EXPECT_EQ(work_mismatch(one), "");
  one.metric.work = 1024;
  EXPECT_EQ(work_mismatch(one), "tokens/s of 500 over 2.00 s make 1000, but 1024 was done");
  one.metric.name = "GFLOP/s";
  one.metric.work = 1e12;
  EXPECT_EQ(work_mismatch(one), "") << "counted in FLOP";
}

TEST(Reported, WhatEachUserGetsAddsUp) {
  ReportedMetrics all;
  all.add(reported("tokens/s", 1000));
  all.add(reported("tokens/s/user", 30));
  all.add(reported("concurrency", 32));
  EXPECT_EQ(all.close().work_fault, "tokens/s/user of 30 for each of 32 users cannot make tokens/s of 1000");
}

}  // namespace
}  // namespace varve
