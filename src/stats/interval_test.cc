#include "stats/interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "stats/fieller.h"
#include "stats/power.h"

namespace varve {

TEST(Interval, StudentQuantilesAreTheTabulatedOnes) {
  EXPECT_NEAR(student_t(0.95, 1), 12.7062, 1e-4);
  EXPECT_NEAR(student_t(0.95, 9), 2.26216, 1e-5);
  EXPECT_NEAR(student_t(0.90, 9), 1.83311, 1e-5);
  EXPECT_NEAR(student_t(0.95, 1e6), 1.95996, 1e-4);
  EXPECT_NEAR(student_p(2.26216, 9), 0.05, 1e-6);
}

TEST(Interval, MeanOfAKnownSample) {
  const auto estimate = estimate_mean({1, 2, 3, 4, 5});
  ASSERT_TRUE(estimate);
  const Interval interval = interval_of(*estimate, 0.95);
  EXPECT_NEAR(interval.low, 3 - 2.776445 * std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(interval.high, 3 + 2.776445 * std::sqrt(0.5), 1e-6);
  EXPECT_FALSE(estimate_mean({1}));
}

TEST(Interval, WelchOnUnequalSpreads) {
  const auto difference = estimate_difference({1, 2, 3, 4, 5}, {2, 4, 6, 8, 10});
  ASSERT_TRUE(difference);
  EXPECT_DOUBLE_EQ(difference->value, 3);
  EXPECT_DOUBLE_EQ(difference->error, std::sqrt(2.5));
  EXPECT_NEAR(difference->degrees, 6.25 / 1.0625, 1e-12);
  EXPECT_NEAR(p_value(*difference), 0.1075, 5e-4);
  EXPECT_FALSE(estimate_difference({1}, {1, 2}));
}

TEST(Interval, NoSpreadIsAPoint) {
  const auto estimate = estimate_mean({2, 2, 2});
  EXPECT_EQ(interval_of(*estimate, 0.95).low, 2);
  EXPECT_EQ(p_value(*estimate), 0);
  EXPECT_EQ(p_value(*estimate_mean({0, 0, 0})), 1);
}

// The worked example of Benjamini and Hochberg 1995, section 3.2: four hypotheses at q = 0.05.
TEST(Interval, FalseDiscoveryRateOfThePaper) {
  const std::vector<double> p{.0344, .0001, .0004, .0019, .0095, .0201, .0278, .0298,
                              .0459, .3240, .4262, .5719, .6528, .7590, 1.000};
  const std::vector<bool> found = discoveries(p, 0.05);
  EXPECT_EQ(std::count(found.begin(), found.end(), true), 4);
  EXPECT_FALSE(found[0]);
  EXPECT_TRUE(found[1] && found[2] && found[3] && found[4]);
  EXPECT_TRUE(discoveries({}, 0.05).empty());
}

TEST(Fieller, ProportionalPairsGiveTheFactorExactly) {
  const Ratio ratio = paired_ratio({1, 2, 3, 4}, {2, 4, 6, 8});
  EXPECT_EQ(ratio.set, RatioSet::bounded);
  EXPECT_NEAR(ratio.estimate.value, 2, 1e-12);
  EXPECT_NEAR(ratio.estimate.interval.low, 2, 1e-6);
  EXPECT_NEAR(ratio.estimate.interval.high, 2, 1e-6);
}

// Every bound must itself stand on the edge of the test that defines it.
TEST(Fieller, BoundsSolveTheDefiningInequality) {
  const std::vector<double> x{1.0, 1.2, 0.9, 1.1, 1.3, 0.8}, y{0.4, 0.7, 0.3, 0.6, 0.5, 0.45};
  const Ratio ratio = paired_ratio(x, y);
  ASSERT_EQ(ratio.set, RatioSet::bounded);
  for (const double rho : {ratio.estimate.interval.low, ratio.estimate.interval.high}) {
    std::vector<double> rest;
    for (std::size_t i = 0; i < x.size(); ++i) rest.push_back(y[i] - rho * x[i]);
    const auto estimate = estimate_mean(rest);
    EXPECT_NEAR(std::fabs(estimate->value) / estimate->error, student_t(0.95, 5), 1e-9);
  }
  EXPECT_LT(ratio.estimate.interval.low, ratio.estimate.value);
  EXPECT_GT(ratio.estimate.interval.high, ratio.estimate.value);
}

TEST(Fieller, UnboundedAndNoneAreSaid) {
  const Ratio unbounded = paired_ratio({1, -1, 0.5, -0.3}, {1, 1, 1, 2});
  EXPECT_EQ(unbounded.set, RatioSet::unbounded);
  EXPECT_TRUE(std::isinf(unbounded.estimate.interval.high));
  EXPECT_EQ(paired_ratio({1}, {1}).set, RatioSet::none);
  EXPECT_EQ(paired_ratio({1, -1}, {1, 2}).set, RatioSet::none);
}

TEST(Power, PairsOfTheNotes) {
  EXPECT_EQ(pairs_for_effect(0.5, 1), 45);
  EXPECT_EQ(pairs_for_effect(1, 1), 13);
  EXPECT_EQ(pairs_for_effect(-2, 1), 5);
  EXPECT_EQ(pairs_for_effect(3, 1), 4);
  EXPECT_EQ(pairs_for_same(1, 1), 13);
}

TEST(Power, NeverRunsAway) {
  EXPECT_EQ(pairs_for_effect(0, 1), kPairsCap);
  EXPECT_EQ(pairs_for_effect(1e-9, 1), kPairsCap);
  EXPECT_EQ(pairs_for_effect(1, std::nan("")), kPairsCap);
  EXPECT_EQ(pairs_for_same(0, 1), kPairsCap);
  EXPECT_EQ(pairs_for_same(-1, 1), kPairsCap);
  EXPECT_EQ(pairs_for_effect(1, 0), 2);
}

}  // namespace varve
