#include "stats/deviation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stats/descriptive.h"

namespace varve {
namespace {

TEST(DeviationInterval, IsThatOfTheTables) {
  const Interval interval = deviation_interval(1, 9, 0.95);  // chi-squared of 9: 2.700 and 19.023
  EXPECT_NEAR(interval.low, std::sqrt(9 / 19.0228), 1e-4);
  EXPECT_NEAR(interval.high, std::sqrt(9 / 2.70039), 1e-4);
}

TEST(DeviationInterval, WithoutDegreesEverythingIsPossible) {
  const Interval interval = deviation_interval(1, 0, 0.9);
  EXPECT_EQ(interval.low, 0);
  EXPECT_TRUE(std::isinf(interval.high));
}

TEST(DeviationInterval, CoversTheTruthAsOftenAsItSays) {
  std::mt19937_64 generator(5);
  std::normal_distribution<double> normal;
  int covered = 0;
  constexpr int kDrawn = 20'000;
  for (int trial = 0; trial < kDrawn; ++trial) {
    std::vector<double> values(5);
    for (double& value : values) value = normal(generator);
    const Interval interval = deviation_interval(standard_deviation(values), 4, 0.9);
    covered += interval.low <= 1 && interval.high >= 1;
  }
  EXPECT_NEAR(static_cast<double>(covered) / kDrawn, 0.9, 0.01);
}

}  // namespace
}  // namespace varve
