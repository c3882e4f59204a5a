#include "inject/totals.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "model/kernels/durations.h"

namespace varve::inject {
namespace {

TotalsSizes small_sizes() { return {.rows = 64, .blocks = 256, .names = 32, .text = 4096}; }

QuantileSketch sketch_of(const Totals& totals, const Total& row) {
  QuantileSketch sketch;
  for (std::uint32_t at = row.spread; at != 0; at = totals.block(at).next) {
    for (std::uint16_t i = 0; i < 32; ++i) {
      sketch.add_bucket(static_cast<std::uint16_t>(totals.block(at).octave * 32 + i), totals.block(at).counts[i]);
    }
  }
  return sketch;
}

// The reader puts the recorder's buckets into the model's sketch by their numbers.
TEST(CudaTotals, SpreadsDurationsAsTheModelDoes) {
  Totals totals;
  ASSERT_TRUE(totals.reserve({}));
  Durations expected;
  std::mt19937_64 random(7);
  TotalKey key;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t ns = random() >> (random() % 62 + 2);
    totals.add(key, 5, 5 + ns, 3, 0);
    expected.add(static_cast<std::int64_t>(ns));
  }
  ASSERT_EQ(totals.rows(), 1u);
  const Total& row = totals.row(0);
  EXPECT_EQ(row.count, expected.count);
  EXPECT_EQ(static_cast<std::int64_t>(row.min_ns), expected.min_ns);
  EXPECT_EQ(static_cast<std::int64_t>(row.max_ns), expected.max_ns);
  EXPECT_EQ(row.bytes, 60'000u);
  EXPECT_EQ(sketch_of(totals, row), expected.quantiles);
}

TEST(CudaTotals, CountsApartWhatCannotBe) {
  Totals totals;
  ASSERT_TRUE(totals.reserve(small_sizes()));
  totals.set_longest(100);
  TotalKey key;
  totals.add(key, 0, 10, 0, 0);
  totals.add(key, 10, 0, 0, 0);
  totals.add(key, 10, 9, 0, 0);
  totals.add(key, 10, 111, 0, 0);
  EXPECT_EQ(totals.rows(), 0u);
  EXPECT_EQ(totals.left_over().untimed, 2u);
  EXPECT_EQ(totals.left_over().backwards, 1u);
  EXPECT_EQ(totals.left_over().too_long, 1u);
  totals.add(key, 10, 110, 0, 0);
  EXPECT_EQ(totals.row(0).total_ns, 100u);
}

// Whatever comes: what is in rows and what found no room are all there was.
TEST(CudaTotals, LosesNothingUnsaidWhenThereIsNoRoom) {
  Totals totals;
  ASSERT_TRUE(totals.reserve(small_sizes()));
  std::mt19937_64 random(1);
  std::uint64_t all_ns = 0;
  constexpr std::uint64_t kAdded = 5000;
  for (std::uint64_t i = 0; i < kAdded; ++i) {
    TotalKey key;
    key.name = static_cast<NameNumber>(random() % 40);
    key.stream = static_cast<std::uint32_t>(random() % 10);
    const std::uint64_t ns = random() % 1'000'000;
    all_ns += ns;
    totals.add(key, 1, 1 + ns, 0, 0);
  }
  std::uint64_t count = totals.left_over().no_room, ns = totals.left_over().no_room_ns;
  for (std::uint32_t i = 0; i < totals.rows(); ++i) {
    const Total& row = totals.row(i);
    EXPECT_EQ(sketch_of(totals, row).count(), row.count);
    count += row.count;
    ns += row.total_ns;
  }
  EXPECT_LE(totals.rows(), 64u);
  EXPECT_TRUE(totals.is_coarse());
  EXPECT_GT(totals.left_over().no_room, 0u);
  EXPECT_EQ(count, kAdded);
  EXPECT_EQ(ns, all_ns);
}

// A module is unloaded, and another one's names lie where its names lay.
TEST(CudaTotals, LooksAgainAtAddressesInAnotherEpoch) {
  Totals totals;
  ASSERT_TRUE(totals.reserve(small_sizes()));
  char text[16] = "gemm";
  const NameNumber gemm = totals.name_at(text);
  EXPECT_EQ(totals.name_at(text), gemm);
  std::strcpy(text, "softmax");
  totals.begin_epoch();
  const NameNumber softmax = totals.name_at(text);
  EXPECT_NE(softmax, gemm);
  const char* elsewhere = "gemm";
  EXPECT_EQ(totals.name_at(elsewhere), gemm);
  EXPECT_EQ(totals.name_at(nullptr), kUnnamed);
}

TEST(CudaTotals, KnowsNoMoreNamesThanThereIsRoomFor) {
  Totals totals;
  ASSERT_TRUE(totals.reserve(small_sizes()));
  std::set<NameNumber> numbers;
  for (int i = 0; i < 100; ++i) {
    const std::string text = "kernel_" + std::to_string(i);
    numbers.insert(totals.name(text.c_str(), text.size()));
  }
  EXPECT_EQ(numbers.size(), 32u);  // 31 names, and "unnamed" for the others
  EXPECT_TRUE(numbers.contains(kUnnamed));
}

}  // namespace
}  // namespace varve::inject
