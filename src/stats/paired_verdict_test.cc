#include "stats/paired_verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stats/power.h"

namespace varve {

namespace {
// Log ratios with exactly this mean, spread evenly around it.
std::vector<double> around(double center, double half, int count = 10) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(center + half * (2.0 * i / (count - 1) - 1));
  return values;
}

Speed opposite(Speed speed) {
  switch (speed) {
    case Speed::faster:
      return Speed::slower;
    case Speed::slower:
      return Speed::faster;
    case Speed::faster_touching_margin:
      return Speed::slower_touching_margin;
    case Speed::slower_touching_margin:
      return Speed::faster_touching_margin;
    default:
      return speed;
  }
}
}  // namespace

TEST(PairedVerdict, EverySpeedHasItsCase) {
  const double margin = 0.01;
  EXPECT_EQ(judge_pairs(around(0.08, 0.005), margin, Better::higher).speed, Speed::faster);
  EXPECT_EQ(judge_pairs(around(0.08, 0.005), margin, Better::lower).speed, Speed::slower);
  EXPECT_EQ(judge_pairs(around(0.000, 0.005), margin, Better::lower).speed, Speed::same);
  EXPECT_EQ(judge_pairs(around(0.012, 0.010), margin, Better::higher).speed, Speed::faster_touching_margin);
  EXPECT_EQ(judge_pairs(around(0.012, 0.010), margin, Better::lower).speed, Speed::slower_touching_margin);
  EXPECT_EQ(judge_pairs(around(0.005, 0.100), margin, Better::lower).speed, Speed::ambiguous);
  EXPECT_EQ(judge_pairs(around(0.08, 0.005, 4), margin, Better::lower).speed, Speed::too_few);
  EXPECT_EQ(judge_pairs(around(0.08, 0.005), margin, Better::unknown).speed, Speed::direction_unknown);
  EXPECT_EQ(judge_pairs(around(-0.012, 0.010), margin, Better::unknown).speed, Speed::direction_unknown);
  EXPECT_EQ(judge_pairs(around(0.000, 0.005), margin, Better::unknown).speed, Speed::same);
  EXPECT_FALSE(judge_pairs(around(-0.012, 0.010), margin, Better::unknown).pairs_needed);
  EXPECT_EQ(judge_pairs({0.08}, margin, Better::lower).speed, Speed::no_spread);
  EXPECT_EQ(judge_pairs({}, margin, Better::lower).speed, Speed::too_few);
}

TEST(PairedVerdict, ASmallButCertainChangeWithinTheMarginIsSame) {
  EXPECT_EQ(judge_pairs(around(0.003, 0.001), 0.01, Better::higher).speed, Speed::same);
}

TEST(PairedVerdict, ReachedVerdictsAskForNoMorePairs) {
  EXPECT_FALSE(judge_pairs(around(0.08, 0.005), 0.01, Better::higher).pairs_needed);
  EXPECT_FALSE(judge_pairs(around(0, 0.005), 0.01, Better::higher).pairs_needed);
  const LogVerdict open = judge_pairs(around(0.005, 0.1), 0.01, Better::lower);
  ASSERT_TRUE(open.pairs_needed);
  EXPECT_GT(*open.pairs_needed, 10);
  // An estimate on the margin itself: sameness is out of reach, a change is not.
  const LogVerdict edge = judge_pairs(around(std::log1p(0.01), 0.03), 0.01, Better::lower);
  EXPECT_EQ(edge.speed, Speed::ambiguous);
  EXPECT_LT(*edge.pairs_needed, 60);
  EXPECT_GE(*judge_pairs(around(0.08, 0.005, 3), 0.01, Better::lower).pairs_needed, kFewestPairs);
}

TEST(PairedVerdict, SwappingTheSidesOnlyTurnsTheSign) {
  std::mt19937_64 generator(7);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> effect(-0.05, 0.05);
  for (int trial = 0; trial < 2000; ++trial) {
    const double center = effect(generator), spread = std::fabs(effect(generator));
    std::vector<double> forth, back;
    for (int i = 0; i < 3 + trial % 12; ++i) {
      forth.push_back(center + spread * normal(generator));
      back.push_back(-forth.back());
    }
    const LogVerdict a = judge_pairs(forth, 0.02, Better::lower), b = judge_pairs(back, 0.02, Better::lower);
    EXPECT_EQ(a.speed, opposite(b.speed));
    EXPECT_EQ(a.pairs_needed, b.pairs_needed);
    EXPECT_DOUBLE_EQ(a.log_95.low, -b.log_95.high);
    EXPECT_EQ(judge_pairs(forth, 0.02, Better::higher).speed, b.speed);
  }
}

}  // namespace varve
