#include "stats/round_order.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace varve {

namespace {
int rounds_of_a_set(int sides) {
  const int square = sides % 2 == 0 ? sides : 2 * sides;
  return square * ((24 + square - 1) / square);
}
}  // namespace

// Of any two sides each is measured first in half of the rounds of a set: a steady drift cancels.
TEST(RoundOrder, EverySideStandsAtEveryPlaceAndBeforeEveryOtherEquallyOften) {
  for (int sides = 2; sides <= 9; ++sides) {
    const int set = rounds_of_a_set(sides);
    for (int first : {0, 3 * set}) {
      std::map<std::pair<int, int>, int> stands, follows, precedes;
      for (int round = first; round < first + set; ++round) {
        const std::vector<int> order = round_order(sides, round, 5);
        ASSERT_EQ(order.size(), static_cast<std::size_t>(sides));
        for (std::size_t i = 0; i < order.size(); ++i) {
          ++stands[{order[i], static_cast<int>(i)}];
          if (i > 0) ++follows[{order[i - 1], order[i]}];
          for (std::size_t later = i + 1; later < order.size(); ++later) ++precedes[{order[i], order[later]}];
        }
      }
      EXPECT_EQ(stands.size(), static_cast<std::size_t>(sides * sides)) << sides;
      EXPECT_EQ(follows.size(), static_cast<std::size_t>(sides * (sides - 1))) << sides;
      for (const auto& [place, times] : stands) EXPECT_EQ(times, set / sides) << sides;
      for (const auto& [pair, times] : follows) EXPECT_EQ(times, set / sides) << sides;
      for (const auto& [pair, times] : precedes) EXPECT_EQ(times, set / 2) << sides;
    }
  }
}

TEST(RoundOrder, FollowsFromTheSeedAndDiffersFromSetToSet) {
  const auto letters = [](std::uint64_t seed, int first) {
    std::string text;
    for (int round = first; round < first + 24; ++round) text += round_order(2, round, seed).front() == 0 ? 'A' : 'B';
    return text;
  };
  EXPECT_EQ(letters(7, 0), letters(7, 0));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const int first : {0, 24, 48}) seen.insert(letters(seed, first));
  }
  EXPECT_EQ(seen.size(), 150u);
}

// Whichever round of a set is looked at, each side begins it equally often, and so is the round behind it.
TEST(RoundOrder, EveryOrderIsEquallyLikely) {
  constexpr int kSeeds = 20'000;
  int first = 0, changes = 0;
  std::map<std::vector<int>, int> orders;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    first += round_order(2, 3, seed).front() == 0;
    changes += round_order(2, 3, seed) != round_order(2, 4, seed);
    ++orders[round_order(3, 1, seed)];
  }
  const double three_errors = 3 * std::sqrt(0.25 * kSeeds);
  EXPECT_NEAR(first, kSeeds / 2.0, three_errors);
  EXPECT_NEAR(changes, kSeeds * 12.0 / 23, three_errors) << "of the other 23 rounds twelve begin with the other side";
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, times] : orders) EXPECT_NEAR(times, kSeeds / 6.0, three_errors);
}

}  // namespace varve
