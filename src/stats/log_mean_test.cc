#include "stats/log_mean.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace varve {
namespace {

TEST(LogMean, LiesBetweenTheGeometricAndTheArithmeticMean) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> exponent(-6, 6);
  for (int round = 0; round < 2000; ++round) {
    const double x = std::exp(exponent(random));
    const double y = round % 2 == 0 ? std::exp(exponent(random)) : x * (1 + 1e-3 * exponent(random));
    const double mean = log_mean(x, y);
    EXPECT_GE(mean, std::sqrt(x * y) * (1 - 1e-12));
    EXPECT_LE(mean, (x + y) / 2 * (1 + 1e-12));
    EXPECT_NEAR(mean, log_mean(y, x), 1e-12 * mean);
  }
  EXPECT_DOUBLE_EQ(log_mean(5, 5), 5);
}

TEST(ProductChange, SumsUpAndChangesSignsOnly) {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> amount(0.1, 100);
  for (int round = 0; round < 2000; ++round) {
    const double count_a = amount(random), each_a = amount(random), count_b = amount(random), each_b = amount(random);
    const ProductChange forth = split_product_change(count_a, each_a, count_b, each_b);
    const ProductChange back = split_product_change(count_b, each_b, count_a, each_a);
    EXPECT_NEAR(forth.by_count + forth.by_each, count_b * each_b - count_a * each_a, 1e-9);
    EXPECT_NEAR(forth.by_count, -back.by_count, 1e-9);
    EXPECT_NEAR(forth.by_each, -back.by_each, 1e-9);
    const double mean = log_mean(count_a * each_a, count_b * each_b);
    EXPECT_NEAR(forth.by_each, mean * std::log(each_b / each_a), 1e-7);
  }
  EXPECT_DOUBLE_EQ(split_product_change(3, 10, 3, 12).by_count, 0);
}

}  // namespace
}  // namespace varve
