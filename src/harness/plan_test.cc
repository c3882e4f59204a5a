#include "harness/plan.h"

#include <gtest/gtest.h>

#include <map>

namespace varve {
namespace {

std::vector<PlannedUnit> rounds(int variants, int count, std::uint64_t seed = 1) {
  std::vector<PlannedUnit> plan;
  for (int round = 0; round < count; ++round) {
    const std::vector<PlannedUnit> one = plan_round(variants, round, seed);
    plan.insert(plan.end(), one.begin(), one.end());
  }
  return plan;
}

TEST(Plan, AWarmUpRoundHasOneUnitOfEach) {
  const std::vector<PlannedUnit> plan = plan_warmup_round(2);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(variant_name(plan[1].side), "B");
  EXPECT_EQ(plan[1].role, UnitRole::warmup);
  EXPECT_EQ(plan[1].pair, -1);
}

TEST(Plan, ARoundIsOneUnitOfEachAndTheyArePartners) {
  for (int variants = 2; variants <= 5; ++variants) {
    std::map<std::pair<int, int>, int> units;  // by pair and side
    for (const PlannedUnit& unit : rounds(variants, 7)) ++units[{unit.pair, unit.side}];
    EXPECT_EQ(units.size(), static_cast<std::size_t>(7 * variants));
    for (const auto& [which, times] : units) EXPECT_EQ(times, 1);
  }
}

TEST(Plan, OneVariantIsAPlainSequence) {
  const std::vector<PlannedUnit> plan = rounds(1, 3);
  ASSERT_EQ(plan.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(plan[static_cast<std::size_t>(i)].block, i);
    EXPECT_EQ(plan[static_cast<std::size_t>(i)].pair, -1);
  }
}

TEST(Plan, BlocksAndPositionsAreNumberedFromNought) {
  const std::vector<PlannedUnit> plan = rounds(2, 4);
  EXPECT_EQ(plan[0].block, 0);
  EXPECT_EQ(plan[3].position, 3);
  EXPECT_EQ(plan[4].block, 1);
  EXPECT_EQ(plan[7].position, 3);
  EXPECT_EQ(next_block(3), 4);
  EXPECT_EQ(next_block(4), 4);
  EXPECT_EQ(order_name(3), "drawn Williams squares of 3");
  EXPECT_EQ(order_name(2), "drawn pairs");
}

}  // namespace
}  // namespace varve
