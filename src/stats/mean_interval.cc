#include "stats/mean_interval.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>

#include "stats/drawn_bits.h"
#include "stats/interval.h"

namespace varve {

namespace {
constexpr std::size_t kMostSubsets = 4095;  // and the line is cut into one piece more
constexpr std::size_t kGroup = 8;           // values whose sums are added up beforehand
constexpr std::size_t kGroupSubsets = 256;
constexpr std::size_t kWord = 64;  // values whose subset one draw tells

// The sums of all subsets of up to eight values.
std::array<double, kGroupSubsets> sums_of_group(const double* values, std::size_t count) {
  std::array<double, kGroupSubsets> sums{};
  for (std::size_t subset = 1; subset < std::size_t{1} << count; ++subset) {
    sums[subset] = sums[subset & (subset - 1)] + values[std::countr_zero(subset)];
  }
  return sums;
}

// The means of all subsets but the empty one, or of as many as are looked at.
std::vector<double> subset_means(const std::vector<double>& values) {
  const std::size_t count = values.size(), words = (count + kWord - 1) / kWord;
  std::vector<std::array<double, kGroupSubsets>> groups;
  for (std::size_t first = 0; first < count; first += kGroup) {
    groups.push_back(sums_of_group(&values[first], std::min(kGroup, count - first)));
  }
  const bool all = count < kWord && (std::size_t{1} << count) - 1 <= kMostSubsets;
  const std::size_t subsets = all ? (std::size_t{1} << count) - 1 : kMostSubsets;
  const std::uint64_t last_word = ~std::uint64_t{0} >> (words * kWord - count);
  std::vector<double> means;
  means.reserve(subsets);
  for (std::size_t subset = 0; subset < subsets; ++subset) {
    double sum = 0;
    int size = 0;
    for (std::size_t word = 0; word < words; ++word) {
      std::uint64_t inside = all ? subset + 1 : drawn_bits(0, subset * words + word);
      if (word + 1 == words) inside &= last_word;
      size += std::popcount(inside);
      for (std::size_t group = word * kGroup; inside != 0; ++group, inside >>= kGroup) {
        sum += groups[group][inside % kGroupSubsets];
      }
    }
    if (size > 0) means.push_back(sum / size);
  }
  return means;
}

// The value of rank `rank`, counted from 1, by `before`; between two of them on the line from one to the other.
template <typename Before>
double ranked(std::vector<double>& means, double rank, Before before) {
  const auto whole = static_cast<std::ptrdiff_t>(rank);
  const auto next = means.begin() + whole;
  std::nth_element(means.begin(), next, means.end(), before);
  const double inner = *next, outer = *std::max_element(means.begin(), next, before);
  return outer + (rank - static_cast<double>(whole)) * (inner - outer);
}
}  // namespace

Interval interval_of_mean(const std::vector<double>& values, double confidence) {
  const std::optional<MeanEstimate> estimate = estimate_mean(values);
  assert(estimate);
  if (values.size() < kFewestTypicalValues || estimate->error == 0) return interval_of(*estimate, confidence);
  std::vector<double> means = subset_means(values);
  const double rank = static_cast<double>(means.size() + 1) * (1 - confidence) / 2;
  const double low = ranked(means, rank, std::less<>());
  return {low, ranked(means, rank, std::greater<>())};
}

}  // namespace varve
