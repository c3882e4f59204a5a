#include "model/kernels/durations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace varve {
namespace {

using Generator = std::mt19937_64;

// From a nanosecond to half an hour, every order of magnitude alike.
std::int64_t any_duration(Generator& generator) {
  return static_cast<std::int64_t>(std::exp(std::uniform_real_distribution<double>(0, 28)(generator)));
}

Durations sum_of(const std::vector<std::int64_t>& all) {
  Durations durations;
  for (const std::int64_t ns : all) durations.add(ns);
  return durations;
}

TEST(QuantileSketch, IsOffByAtMostOneSixtyFourth) {
  Generator generator(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> all(1 + generator() % 2000);
    for (std::int64_t& ns : all) ns = any_duration(generator);
    const Durations durations = sum_of(all);
    std::sort(all.begin(), all.end());
    for (const double probability : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(probability * static_cast<double>(all.size())));
      const auto exact = static_cast<double>(all[std::max<std::size_t>(rank, 1) - 1]);
      EXPECT_NEAR(static_cast<double>(durations.quantile(probability)), exact, exact / 64)
          << probability << " of " << all.size();
    }
  }
}

TEST(QuantileSketch, HasABucketForEveryDuration) {
  for (const std::int64_t ns : {std::int64_t{-5}, std::int64_t{0}, std::int64_t{1}, std::int64_t{63}, std::int64_t{64},
                                std::int64_t{65}, std::int64_t{1} << 40, INT64_MAX - 1, INT64_MAX}) {
    QuantileSketch sketch;
    sketch.add(ns);
    ASSERT_EQ(sketch.buckets().size(), 1u);
    EXPECT_LT(sketch.buckets()[0].number, QuantileSketch::kBuckets);
    const auto wanted = static_cast<double>(std::max<std::int64_t>(ns, 0));
    EXPECT_NEAR(static_cast<double>(sketch.quantile(0.5)), wanted, wanted / 64);
  }
  EXPECT_EQ(QuantileSketch().quantile(0.5), 0);
}

TEST(Durations, OfPartsMergedAreThoseOfAll) {
  Generator generator(2);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::int64_t> all(generator() % 300);
    for (std::int64_t& ns : all) ns = any_duration(generator);
    Durations merged;
    for (std::size_t from = 0; from < all.size();) {
      const std::size_t to = std::min(all.size(), from + generator() % 50);
      merged.merge(
          sum_of({all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)}));
      from = to;
    }
    EXPECT_EQ(merged, sum_of(all));
  }
}

// Some witnesses tell numbers and sums only: these count, and say nothing of how long a single one took.
TEST(Durations, OfWhichOnlyTheSumIsKnownHaveNoSpread) {
  const Durations sum{.count = 10, .total_ns = 1000};
  Durations known;
  known.add(5);
  Durations one = sum, other = known;
  one.merge(known);
  other.merge(sum);
  EXPECT_EQ(one, other);
  EXPECT_EQ(one.count, 11u);
  EXPECT_EQ(one.total_ns, 1005);
  EXPECT_EQ(one.min_ns, 5);
  EXPECT_FALSE(sum.has_spread());
  one.add(3);
  EXPECT_EQ(one.min_ns, 3);
}

TEST(Durations, StayAtTheLargestNumber) {
  Durations a, b;
  for (int i = 0; i < 3; ++i) a.add(INT64_MAX / 2);
  b.add(7);
  EXPECT_EQ(a.total_ns, INT64_MAX);
  Durations ab = a, ba = b;
  ab.merge(b);
  ba.merge(a);
  EXPECT_EQ(ab, ba);
  EXPECT_EQ(ab.total_ns, INT64_MAX);
  EXPECT_EQ(ab.min_ns, 7);
}

}  // namespace
}  // namespace varve
