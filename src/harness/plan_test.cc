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

std::vector<PlannedUnit> rounds(int variants, int count) {
  std::vector<PlannedUnit> plan;
  for (int round = 0; round < count; ++round) {
    const std::vector<PlannedUnit> one = plan_round(variants, round);
    plan.insert(plan.end(), one.begin(), one.end());
  }
  return plan;
}

TEST(Plan, TwoVariantsRunInBlocksAbba) {
  EXPECT_EQ(order_of(plan_warmup_round(2)), "wA wB");
  EXPECT_EQ(order_of(rounds(2, 4)), "A0 B0 B1 A1|A2 B2 B3 A3");
}

TEST(Plan, OddCountEndsWithHalfABlock) {
  EXPECT_EQ(order_of(rounds(2, 3)), "A0 B0 B1 A1|A2 B2");
  EXPECT_EQ(order_of(rounds(2, 1)), "A0 B0");
}

TEST(Plan, OneVariantIsAPlainSequence) {
  EXPECT_EQ(order_of(rounds(1, 3)), "A-|A-|A-");
  EXPECT_EQ(order_of(plan_warmup_round(1)), "wA");
}

TEST(Plan, ThreeVariantsRunInRowsAndTheirMirrorImages) {
  EXPECT_EQ(order_of(rounds(3, 6)), "A0 B0 C0 C1 B1 A1|B2 C2 A2 A3 C3 B3|C4 A4 B4 B5 A5 C5");
  EXPECT_EQ(order_text(3), "A B C, C B A, B C A");
  EXPECT_EQ(order_name(3), "mirrored Williams square of 3");
  EXPECT_EQ(order_name(2), "ABBA");
}

TEST(Plan, BlocksAndPositionsAreNumberedFromNought) {
  std::vector<PlannedUnit> plan = rounds(2, 4);
  EXPECT_EQ(plan[0].block, 0);
  EXPECT_EQ(plan[3].position, 3);
  EXPECT_EQ(plan[4].block, 1);
  EXPECT_EQ(plan[7].position, 3);
  EXPECT_EQ(next_block(3), 4);
  EXPECT_EQ(next_block(4), 4);
}

// The sum of the places of a variant within a block is that of every other: a linear drift cancels.
TEST(Plan, ALinearDriftCancelsInEveryBlock) {
  for (int variants = 2; variants <= 9; ++variants) {
    std::map<std::pair<int, int>, int> places;  // by block and side
    for (const PlannedUnit& unit : rounds(variants, 8)) places[{unit.block, unit.side}] += unit.position;
    for (const auto& [at, sum] : places)
      EXPECT_EQ(sum, 2 * variants - 1) << variants << " variants, block " << at.first;
  }
}

// Over all rows every variant stands at every place and follows every other equally often.
TEST(Plan, EveryVariantFollowsEveryOtherEquallyOften) {
  for (int variants = 2; variants <= 8; ++variants) {
    const int count = variants % 2 == 0 ? variants : 2 * variants;
    std::map<std::pair<int, int>, int> follows, stands;
    for (int round = 0; round < count; ++round) {
      const std::vector<PlannedUnit> one = plan_round(variants, round);
      ASSERT_EQ(one.size(), static_cast<std::size_t>(variants));
      for (std::size_t i = 0; i < one.size(); ++i) {
        ++stands[{one[i].side, static_cast<int>(i)}];
        if (i > 0) ++follows[{one[i - 1].side, one[i].side}];
        EXPECT_EQ(one[i].pair, round);
      }
    }
    EXPECT_EQ(follows.size(), static_cast<std::size_t>(variants * (variants - 1)));
    EXPECT_EQ(stands.size(), static_cast<std::size_t>(variants * variants));
    for (const auto& [pair, times] : follows) EXPECT_EQ(times, count / variants) << variants;
    for (const auto& [place, times] : stands) EXPECT_EQ(times, count / variants) << variants;
  }
}

}  // namespace
}  // namespace varve
