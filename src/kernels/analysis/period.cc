#include "kernels/analysis/period.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace varve {

namespace {
constexpr std::size_t kMostCandidates = 48;

// Distances to the last place at which the same `piece` names stood, with how often each occurs.
void count_distances(std::span<const std::uint32_t> names, std::size_t piece,
                     std::unordered_map<std::size_t, std::size_t>& counts) {
  if (names.size() < 2 * piece) return;
  constexpr std::uint64_t kBase = 0x9E3779B97F4A7C15u;
  std::uint64_t leaving = 1;  // what the first name of a piece weighs
  for (std::size_t i = 1; i < piece; ++i) leaving *= kBase;
  std::unordered_map<std::uint64_t, std::size_t> last;
  last.reserve(names.size());
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i >= piece) hash -= (names[i - piece] + 1) * leaving;
    hash = hash * kBase + names[i] + 1;
    if (i + 1 < piece) continue;
    const auto [at, is_new] = last.try_emplace(hash, i);
    if (is_new) continue;
    ++counts[i - at->second];
    at->second = i;
  }
}

// The most frequent distances for short and for long pieces: long ones tell rounds from the layers within them.
std::vector<std::size_t> candidates(std::span<const std::uint32_t> names) {
  std::vector<std::size_t> found;
  for (const std::size_t piece : {std::size_t{2}, std::size_t{8}, std::size_t{32}, std::size_t{128}}) {
    std::unordered_map<std::size_t, std::size_t> counts;
    count_distances(names, piece, counts);
    std::vector<std::pair<std::size_t, std::size_t>> ranked(counts.begin(), counts.end());
    const std::size_t kept = std::min(kMostCandidates / 4, ranked.size());
    std::partial_sort(
        ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept), ranked.end(),
        [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
    for (std::size_t i = 0; i < kept; ++i) found.push_back(ranked[i].first);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// The longest stretch that repeats after `length`.
Period longest_stretch(std::span<const std::uint32_t> names, std::size_t length) {
  Period best{length, 0, 0};
  std::size_t begin = 0;
  for (std::size_t i = 0; i + length <= names.size(); ++i) {
    if (i + length < names.size() && names[i] == names[i + length]) continue;
    const std::size_t end = i + length;
    if (i > begin && end - begin > best.end - best.begin) best = {length, begin, end};
    begin = i + 1;
  }
  return best;
}
}  // namespace

PeriodSearch find_period(std::span<const std::uint32_t> names) {
  constexpr std::size_t kFewest = 4;
  if (names.size() < kFewest) return {{}, fmt::format("there are only {}", names.size())};
  std::vector<Period> stretches;
  std::size_t longest = 0;
  for (const std::size_t length : candidates(names)) {
    const Period stretch = longest_stretch(names, length);
    if (stretch.end - stretch.begin < 2 * length) continue;
    stretches.push_back(stretch);
    longest = std::max(longest, stretch.end - stretch.begin);
  }
  if (stretches.empty()) return {{}, fmt::format("no stretch of the {} repeats", names.size())};
  const auto found = std::find_if(stretches.begin(), stretches.end(),
                                  [&](const Period& one) { return (one.end - one.begin) * 5 >= longest * 4; });
  if (2 * longest < names.size()) {
    return {{}, fmt::format("the longest stretch that repeats is {} of {}", longest, names.size())};
  }
  if (found->length == 1) return {{}, "one and the same follows itself"};
  return {*found, ""};
}

}  // namespace varve
