#include "base/sort_runs.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

namespace varve {
namespace {

TEST(SortRuns, SortsLikeAStableSortWhateverTheRuns) {
  std::mt19937_64 random(3);
  for (const std::size_t runs : {0u, 1u, 2u, 3u, 7u, 63u, 64u, 65u, 300u}) {
    std::vector<std::pair<std::uint64_t, std::size_t>> values;
    for (std::size_t run = 0; run < runs; ++run) {
      std::vector<std::uint64_t> ascending(random() % 40);
      for (std::uint64_t& value : ascending) value = random() % 50;
      std::sort(ascending.begin(), ascending.end());
      for (const std::uint64_t value : ascending) values.emplace_back(value, values.size());
    }
    const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
    auto expected = values;
    std::stable_sort(expected.begin(), expected.end(), less);
    sort_runs(values, less);
    EXPECT_EQ(values, expected) << runs << " runs";
  }
}

}  // namespace
}  // namespace varve
