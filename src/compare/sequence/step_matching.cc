#include "compare/sequence/step_matching.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace varve {

namespace {
// How often the list is some piece of itself, repeated; all divisors of that are possible too.
std::size_t repeats(const ItemPlaces& names) {
  for (std::size_t length = 1; length <= names.size() / 2; ++length) {
    if (names.size() % length != 0) continue;
    if (std::equal(names.begin() + static_cast<std::ptrdiff_t>(length), names.end(), names.begin())) {
      return names.size() / length;
    }
  }
  return 1;
}
}  // namespace

StepMatching start_matching(const std::vector<MatchStream>& streams) {
  StepMatching step;
  for (const MatchStream& stream : streams) {
    step.streams.push_back(
        {{step.a.size(), step.a.size() + stream.a.size()}, {step.b.size(), step.b.size() + stream.b.size()}});
    step.a.insert(step.a.end(), stream.a.begin(), stream.a.end());
    step.b.insert(step.b.end(), stream.b.begin(), stream.b.end());
  }
  return step;
}

KeyTokens tokens_of(const std::vector<MatchKey>& a, const std::vector<MatchKey>& b) {
  std::unordered_map<MatchKey, std::uint32_t> numbers;
  for (const std::vector<MatchKey>* side : {&a, &b}) {
    for (const MatchKey key : *side) numbers.try_emplace(key);
  }
  std::vector<MatchKey> all;
  for (const auto& [key, number] : numbers) all.push_back(key);
  std::sort(all.begin(), all.end());
  for (std::uint32_t i = 0; i < all.size(); ++i) numbers[all[i]] = i;
  KeyTokens tokens;
  tokens.a.reserve(a.size());
  tokens.b.reserve(b.size());
  for (const MatchKey key : a) tokens.a.push_back(numbers.at(key));
  for (const MatchKey key : b) tokens.b.push_back(numbers.at(key));
  return tokens;
}

void match_same(StepMatching& step, std::size_t i, std::size_t j) {
  step.match.same.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j));
}

void match_group(StepMatching& step, MatchedBy by, const ItemPlaces& a, const ItemPlaces& b) {
  if (a.empty() || b.empty()) {
    step.left_a.insert(step.left_a.end(), a.begin(), a.end());
    step.left_b.insert(step.left_b.end(), b.begin(), b.end());
    return;
  }
  const auto names = [](const std::vector<MatchItem>& items, const ItemPlaces& places) {
    ItemPlaces found;
    for (const std::uint32_t place : places) found.push_back(items[place].name);
    return found;
  };
  const std::size_t times = std::gcd(repeats(names(step.a, a)), repeats(names(step.b, b)));
  for (std::size_t k = 0; k < times; ++k) {
    const auto piece = [&](const ItemPlaces& places) {
      const auto length = static_cast<std::ptrdiff_t>(places.size() / times);
      const auto begin = places.begin() + static_cast<std::ptrdiff_t>(k) * length;
      return ItemPlaces(begin, begin + length);
    };
    step.match.groups.push_back({by, piece(a), piece(b)});
  }
}

void match_elsewhere(StepMatching& step, std::uint32_t MatchItem::*key_of, MatchedBy by) {
  std::map<std::uint32_t, std::pair<ItemPlaces, ItemPlaces>> by_key;
  for (const std::uint32_t i : step.left_a) by_key[step.a[i].*key_of].first.push_back(i);
  for (const std::uint32_t j : step.left_b) by_key[step.b[j].*key_of].second.push_back(j);
  step.left_a.clear();
  step.left_b.clear();
  for (auto& [key, places] : by_key) {
    auto& [a, b] = places;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    if (key == kNoToken || a.empty() || b.empty()) {
      step.left_a.insert(step.left_a.end(), a.begin(), a.end());
      step.left_b.insert(step.left_b.end(), b.begin(), b.end());
    } else if (by == MatchedBy::operation) {
      match_group(step, by, a, b);
    } else {
      const std::size_t both = std::min(a.size(), b.size());
      for (std::size_t k = 0; k < both; ++k) {
        if (by == MatchedBy::nothing) match_same(step, a[k], b[k]);
        if (by == MatchedBy::work) step.match.groups.push_back({by, {a[k]}, {b[k]}});
      }
      step.left_a.insert(step.left_a.end(), a.begin() + static_cast<std::ptrdiff_t>(both), a.end());
      step.left_b.insert(step.left_b.end(), b.begin() + static_cast<std::ptrdiff_t>(both), b.end());
    }
  }
}

void leave_alone(StepMatching& step) {
  for (const std::uint32_t i : step.left_a) step.match.groups.push_back({MatchedBy::nothing, {i}, {}});
  for (const std::uint32_t j : step.left_b) step.match.groups.push_back({MatchedBy::nothing, {}, {j}});
}

}  // namespace varve
