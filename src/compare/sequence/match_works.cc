#include "compare/sequence/match_works.h"

#include <algorithm>
#include <utility>

#include "compare/sequence/align.h"

namespace varve {

namespace {
// Whether operations with shapes are left, and on the other side code that was compiled for the program.
bool is_taken_over(const std::vector<MatchItem>& items, const ItemPlaces& left, const std::vector<MatchItem>& others,
                   const ItemPlaces& left_of_others) {
  const bool computes =
      std::any_of(left.begin(), left.end(), [&](std::uint32_t i) { return items[i].name != items[i].bare_name; });
  const bool compiled_too =
      std::any_of(left.begin(), left.end(), [&](std::uint32_t i) { return items[i].is_compiled; });
  return computes && !compiled_too && std::any_of(left_of_others.begin(), left_of_others.end(), [&](std::uint32_t j) {
           return others[j].is_compiled;
         });
}

// What stands between the same products on one stream of each side, and before the first and behind the last. Only
// what has shapes: the rest is how a framework finds its way to it.
void between_anchors(StepMatching& step, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& anchors,
                     std::vector<bool>& done_a, std::vector<bool>& done_b) {
  const auto stream_of = [&](std::size_t place, ItemRange StepGap::*side) {
    return *std::find_if(step.streams.begin(), step.streams.end(),
                         [&](const StepGap& gap) { return place < (gap.*side).end; });
  };
  for (std::size_t k = 0; k <= anchors.size() && !anchors.empty(); ++k) {
    const auto& at = anchors[std::min(k, anchors.size() - 1)];
    ItemRange a = stream_of(at.first, &StepGap::a).a, b = stream_of(at.second, &StepGap::b).b;
    if (k < anchors.size()) a.end = at.first, b.end = at.second;
    if (k > 0) {
      const auto& before = anchors[k - 1];
      const bool on_one_stream = before.first >= a.begin && before.second >= b.begin;
      if (!on_one_stream) continue;
      a.begin = before.first + 1, b.begin = before.second + 1;
    }
    const auto take = [](const std::vector<MatchItem>& items, const ItemRange& range, const std::vector<bool>& done) {
      ItemPlaces places;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const MatchItem& item = items[i];
        const bool is_free = !done[i] && item.work == kNoToken && item.bare_name != item.name;
        if (is_free) places.push_back(static_cast<std::uint32_t>(i));
      }
      return places;
    };
    const ItemPlaces places_a = take(step.a, a, done_a), places_b = take(step.b, b, done_b);
    if (places_a.empty() || places_b.empty()) continue;
    step.match.groups.push_back({MatchedBy::position, places_a, places_b});
    for (const std::uint32_t i : places_a) done_a[i] = true;
    for (const std::uint32_t j : places_b) done_b[j] = true;
  }
}
}  // namespace

bool are_of_two_frameworks(const StepMatching& step) {
  const auto computes = [](const MatchItem& item) { return item.work != kNoToken; };
  return std::any_of(step.a.begin(), step.a.end(), computes) && std::any_of(step.b.begin(), step.b.end(), computes);
}

void match_works(StepMatching& step) {
  const auto products = [](const std::vector<MatchItem>& items) {
    ItemPlaces places;
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      if (items[i].work != kNoToken) places.push_back(i);
    }
    return places;
  };
  const auto works = [](const std::vector<MatchItem>& items, const ItemPlaces& places) {
    std::vector<MatchKey> keys;
    for (const std::uint32_t i : places) keys.push_back(items[i].work);
    return keys;
  };
  const ItemPlaces of_a = products(step.a), of_b = products(step.b);
  const KeyTokens tokens = tokens_of(works(step.a, of_a), works(step.b, of_b));
  std::vector<std::pair<std::uint32_t, std::uint32_t>> anchors;
  for (const CommonRun& run : align(tokens.a, tokens.b)) {
    for (std::size_t k = 0; k < run.length; ++k) anchors.emplace_back(of_a[run.a + k], of_b[run.b + k]);
  }
  std::vector<bool> done_a(step.a.size()), done_b(step.b.size());
  for (const auto& [i, j] : anchors) {
    step.match.groups.push_back({MatchedBy::work, {i}, {j}});
    done_a[i] = done_b[j] = true;
  }
  between_anchors(step, anchors, done_a, done_b);
  for (std::uint32_t i = 0; i < step.a.size(); ++i) {
    if (!done_a[i]) step.left_a.push_back(i);
  }
  for (std::uint32_t j = 0; j < step.b.size(); ++j) {
    if (!done_b[j]) step.left_b.push_back(j);
  }
  match_elsewhere(step, &MatchItem::work, MatchedBy::work);
  match_elsewhere(step, &MatchItem::name, MatchedBy::nothing);
  if (is_taken_over(step.a, step.left_a, step.b, step.left_b) ||
      is_taken_over(step.b, step.left_b, step.a, step.left_a)) {
    step.match.groups.push_back({MatchedBy::compiled, step.left_a, step.left_b});
    return;
  }
  leave_alone(step);
}

}  // namespace varve
