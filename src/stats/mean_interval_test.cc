#include "stats/mean_interval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "stats/interval.h"

namespace varve {

namespace {
// How often the interval holds the middle, 0, of `count` values that `draw` makes.
template <typename Draw>
double coverage(std::size_t count, double confidence, Draw draw) {
  constexpr int kTrials = 2500;
  std::mt19937_64 generator(3);
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(count);
    std::generate(values.begin(), values.end(), [&] { return draw(generator); });
    const Interval interval = interval_of_mean(values, confidence);
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  return static_cast<double>(covered) / kTrials;
}

double bell(std::mt19937_64& generator) { return std::normal_distribution<double>()(generator); }

// Four in ten are torn apart by a wave, to either side, the rest is noise.
double torn(std::mt19937_64& generator) {
  const double wave = generator() % 10 < 4 ? (generator() % 2 == 0 ? 8.0 : -8.0) : 0.0;
  return wave + 0.7 * bell(generator);
}
}  // namespace

TEST(MeanInterval, CoversAsOftenAsItSays) {
  for (const std::size_t count : {8, 10, 13, 20}) {
    EXPECT_NEAR(coverage(count, 0.95, bell), 0.95, 0.015) << count;
    EXPECT_NEAR(coverage(count, 0.95, torn), 0.95, 0.015) << count;
    EXPECT_NEAR(coverage(count, 0.90, torn), 0.90, 0.015) << count;
  }
  EXPECT_NEAR(coverage(70, 0.95, torn), 0.95, 0.015) << "more values than bits in a word";
}

// The seven lowest means are 1, 3/2, 2, 7/3, 5/2, 3 and 11/3, and the end is of rank 256 x 0.025 = 6.4.
TEST(MeanInterval, EndsAtTheMeansOfSubsets) {
  const Interval interval = interval_of_mean({1, 2, 4, 8, 16, 32, 64, 128}, 0.95);
  EXPECT_NEAR(interval.low, 3 + 0.4 * (11.0 / 3 - 3), 1e-12);
  EXPECT_NEAR(interval.high, 208.0 / 3 - 0.4 * (208.0 / 3 - 68), 1e-12);
}

TEST(MeanInterval, TurnsWithTheSignsAndHoldsTheNarrower) {
  std::mt19937_64 generator(4);
  for (const std::size_t count : {2, 5, 8, 12, 13, 100}) {
    std::vector<double> values(count), turned(count);
    std::generate(values.begin(), values.end(), [&] { return torn(generator); });
    std::transform(values.begin(), values.end(), turned.begin(), std::negate<>());
    const Interval wide = interval_of_mean(values, 0.95), back = interval_of_mean(turned, 0.95),
                   narrow = interval_of_mean(values, 0.90);
    EXPECT_EQ(wide.low, -back.high) << count;
    EXPECT_EQ(wide.high, -back.low) << count;
    EXPECT_LE(wide.low, narrow.low) << count;
    EXPECT_GE(wide.high, narrow.high) << count;
  }
}

TEST(MeanInterval, OfFewValuesIsStudentsAndOfEqualOnesAPoint) {
  const std::vector<double> few{1, 2, 3, 4, 6, 9, 5};
  EXPECT_EQ(interval_of_mean(few, 0.95).low, interval_of(*estimate_mean(few), 0.95).low);
  const Interval point = interval_of_mean(std::vector<double>(8, 0.25), 0.95);
  EXPECT_EQ(point.low, 0.25);
  EXPECT_EQ(point.high, 0.25);
}

}  // namespace varve
