#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace varve {

// Sorts what mostly is sorted already, as traces are: finds the ascending runs and merges neighbours until one is left.
// O(n) for one run, O(n log runs) for few; with many it is an ordinary stable sort. Stable.
template <class T, class Less>
void sort_runs(std::vector<T>& values, Less less) {
  constexpr std::size_t kMostRuns = 64;
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i < values.size() && ends.size() <= kMostRuns; ++i) {
    if (less(values[i], values[i - 1])) ends.push_back(i);
  }
  if (ends.empty()) return;
  if (ends.size() > kMostRuns) {
    std::stable_sort(values.begin(), values.end(), less);
    return;
  }
  ends.push_back(values.size());
  const auto at = [&](std::size_t place) { return values.begin() + static_cast<std::ptrdiff_t>(place); };
  while (ends.size() > 1) {
    std::vector<std::size_t> merged;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      const std::size_t begin = i == 0 ? 0 : ends[i - 1];
      const std::size_t last = std::min(i + 1, ends.size() - 1);
      if (last > i) std::inplace_merge(at(begin), at(ends[i]), at(ends[last]), less);
      merged.push_back(ends[last]);
    }
    ends = std::move(merged);
  }
}

}  // namespace varve
