#include "harness/plan.h"

#include <gtest/gtest.h>

#include <map>

namespace varve {
namespace {

// One line a block (or role): "w" marks a warm-up unit, the number is the pair, "-" none.
std::string order_of(const std::vector<PlannedUnit>& plan) {
  std::string text;
  for (const PlannedUnit& unit : plan) {
    if (!text.empty()) text += unit.role == UnitRole::timing && unit.position == 0 ? "|" : " ";
    if (unit.role == UnitRole::warmup) text += "w";
    text += variant_name(unit.side);
    if (unit.role == UnitRole::timing) text += unit.pair < 0 ? "-" : std::to_string(unit.pair);
  }
  return text;
}

TEST(Plan, TwoVariantsWarmUpInTurnsThenRunInBlocksAbba) {
  EXPECT_EQ(order_of(plan_units(2, 4, 2)), "wA wB wA wB|A0 B0 B1 A1|A2 B2 B3 A3");
}

TEST(Plan, OddCountEndsWithHalfABlock) {
  EXPECT_EQ(order_of(plan_units(2, 3, 1)), "wA wB|A0 B0 B1 A1|A2 B2");
  EXPECT_EQ(order_of(plan_units(2, 1, 0)), "A0 B0");
}

TEST(Plan, OneVariantIsAPlainSequence) { EXPECT_EQ(order_of(plan_units(1, 3, 2)), "wA wA|A-|A-|A-"); }

TEST(Plan, BlocksAndPositionsAreNumberedFromNought) {
  std::vector<PlannedUnit> plan = plan_units(2, 4, 1);
  EXPECT_EQ(plan[0].block, -1);
  EXPECT_EQ(plan[2].block, 0);
  EXPECT_EQ(plan[5].position, 3);
  EXPECT_EQ(plan[6].block, 1);
  EXPECT_EQ(plan[9].position, 3);
}

TEST(Plan, EveryPairHasOneUnitOfEachSideSideBySide) {
  std::vector<PlannedUnit> plan = plan_units(2, 17, 3);
  std::map<int, std::vector<std::size_t>> pairs;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].pair >= 0) pairs[plan[i].pair].push_back(i);
  }
  ASSERT_EQ(pairs.size(), 17u);
  for (const auto& [pair, members] : pairs) {
    ASSERT_EQ(members.size(), 2u) << pair;
    EXPECT_EQ(members[1], members[0] + 1) << pair;
    EXPECT_NE(plan[members[0]].side, plan[members[1]].side) << pair;
  }
}

}  // namespace
}  // namespace varve
