#include "stats/descriptive.h"

#include <gtest/gtest.h>

#include <cmath>

namespace varve {

TEST(Descriptive, KnownValues) {
  const std::vector<double> values{2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_DOUBLE_EQ(mean(values), 5);
  EXPECT_DOUBLE_EQ(standard_deviation(values), std::sqrt(32.0 / 7));
  EXPECT_DOUBLE_EQ(median(values), 4.5);
  EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.25), 1.75);  // R: quantile(1:4, 0.25), type 7
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 1), 4);
  EXPECT_DOUBLE_EQ(covariance({1, 2, 3}, {2, 4, 7}), 2.5);
}

TEST(Descriptive, SmallSpreadAroundALargeMeanKeepsItsDigits) {
  EXPECT_NEAR(standard_deviation({1e9 + 1, 1e9 + 2, 1e9 + 3}), 1, 1e-9);
}

TEST(Descriptive, TooFewNumbersGiveNoNumber) {
  EXPECT_TRUE(std::isnan(mean({})));
  EXPECT_TRUE(std::isnan(median({})));
  EXPECT_TRUE(std::isnan(standard_deviation({1})));
}

}  // namespace varve
