#include "tables/messages/match_places.h"

#include <algorithm>

namespace varve {

namespace {
constexpr std::size_t kSameLineDistance = 300;  // bytes between two matches that speak of one thing

bool is_same_place(std::string_view text, std::size_t end, const PatternMatch& next) {
  if (next.begin < end) return true;
  if (next.begin - end > kSameLineDistance) return false;
  return text.substr(end, next.begin - end).find('\n') == std::string_view::npos;
}

bool is_better(const PatternMatch& a, const PatternMatch& b) {
  if (a.pattern->priority != b.pattern->priority) return a.pattern->priority > b.pattern->priority;
  return a.end - a.begin > b.end - b.begin;
}
}  // namespace

void by_place(std::vector<PatternMatch>& matches) {
  std::stable_sort(matches.begin(), matches.end(), [](const PatternMatch& a, const PatternMatch& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
}

std::vector<PatternMatch> best_of_places(std::string_view text, std::vector<PatternMatch> matches) {
  std::vector<PatternMatch> left;
  std::optional<std::size_t> best;  // in `left`: of the place that ends at `place_end`
  std::size_t place_end = 0;
  for (PatternMatch& match : matches) {
    if (!match.pattern->is_error) {
      left.push_back(std::move(match));
      continue;
    }
    const bool same = best && is_same_place(text, place_end, match);
    place_end = same ? std::max(place_end, match.end) : match.end;
    if (same && !is_better(match, left[*best])) {
      match.yields = true;
      if (!match.pattern->facts.empty()) left.push_back(std::move(match));
      continue;
    }
    if (same) left[*best].yields = true;
    best = left.size();
    left.push_back(std::move(match));
  }
  std::erase_if(left, [](const PatternMatch& match) { return match.yields && match.pattern->facts.empty(); });
  return left;
}

}  // namespace varve
