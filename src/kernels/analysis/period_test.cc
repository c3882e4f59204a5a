#include "kernels/analysis/period.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace varve {
namespace {

using Names = std::vector<std::uint32_t>;

void append(Names& to, const Names& what, std::size_t times = 1) {
  for (std::size_t i = 0; i < times; ++i) to.insert(to.end(), what.begin(), what.end());
}

TEST(Period, ARoundOfManyEqualLayersIsFoundAndNotTheLayer) {
  const Names layer = {1, 2, 3, 4, 5, 1, 2, 6};
  Names round = {10, 11};
  append(round, layer, 80);
  append(round, {12, 13, 14});
  Names names = {90, 91, 92, 93, 94};  // a beginning that never comes again
  append(names, round, 3);
  append(names, {95, 96});
  const PeriodSearch found = find_period(names);
  EXPECT_EQ(found.period.length, round.size());
  EXPECT_EQ(found.period.rounds(), 3u);
  EXPECT_EQ(found.period.begin, 5u);
  EXPECT_EQ(found.reason, "");
}

TEST(Period, WholeAndPartialRounds) {
  Names names = {3, 4};
  append(names, {1, 2, 3, 4}, 5);
  append(names, {1});
  const PeriodSearch found = find_period(names);
  EXPECT_EQ(found.period.length, 4u);
  EXPECT_EQ(found.period.begin, 0u);
  EXPECT_EQ(found.period.end, names.size());
}

TEST(Period, RefusesWithAReason) {
  EXPECT_EQ(find_period({}).reason, "there are only 0");
  Names distinct(100);
  for (std::uint32_t i = 0; i < distinct.size(); ++i) distinct[i] = i;
  EXPECT_EQ(find_period(distinct).reason, "no stretch of the 100 repeats");
  EXPECT_EQ(find_period(Names(50, 7)).reason, "one and the same follows itself");
  Names mostly_other = distinct;
  append(mostly_other, {1, 2, 3}, 6);
  EXPECT_EQ(find_period(mostly_other).reason, "the longest stretch that repeats is 18 of 118");
}

TEST(Period, WhatItFindsRepeats) {
  std::mt19937_64 random(5);
  int found_some = 0;
  for (int trial = 0; trial < 300; ++trial) {
    Names round(1 + random() % 40), names;
    for (std::uint32_t& name : round) name = static_cast<std::uint32_t>(random() % 6);
    for (std::uint64_t i = random() % 10; i > 0; --i) names.push_back(static_cast<std::uint32_t>(random() % 6));
    append(names, round, 1 + random() % 6);
    const PeriodSearch found = find_period(names);
    if (found.period.length == 0) {
      EXPECT_NE(found.reason, "");
      continue;
    }
    ++found_some;
    EXPECT_GE(found.period.rounds(), 2u);
    ASSERT_LE(found.period.end, names.size());
    for (std::size_t i = found.period.begin; i + found.period.length < found.period.end; ++i) {
      ASSERT_EQ(names[i], names[i + found.period.length]);
    }
  }
  EXPECT_GT(found_some, 100);
}

}  // namespace
}  // namespace varve
