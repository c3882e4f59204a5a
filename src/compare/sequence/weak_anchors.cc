#include "compare/sequence/weak_anchors.h"

namespace varve {

namespace {
constexpr std::size_t kLongestWeak = 4, kTimesLarger = 3;

struct Between {
  std::size_t a = 0, b = 0;  // tokens of either side
};

Between between(const CommonRun& left, const CommonRun& right) {
  return {right.a - left.a - left.length, right.b - left.b - left.length};
}

// Whether one place is of one side alone, and of the other side something is missing at the other place.
bool belong_together(const Between& lone, const Between& other, std::size_t length) {
  if (lone.a == 0) return lone.b >= kTimesLarger * length && other.a > 0;
  return lone.b == 0 && lone.a >= kTimesLarger * length && other.b > 0;
}
}  // namespace

std::vector<CommonRun> without_weak_anchors(const std::vector<CommonRun>& runs, std::size_t a_size, std::size_t b_size,
                                            const std::function<bool(const CommonRun&)>& may_be_weak) {
  std::vector<CommonRun> kept{{0, 0, 0}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const CommonRun& run = runs[i];
    const CommonRun next = i + 1 < runs.size() ? runs[i + 1] : CommonRun{a_size, b_size, 0};
    const Between before = between(kept.back(), run), after = between(run, next);
    const bool is_weak = run.length <= kLongestWeak &&
                         (belong_together(before, after, run.length) || belong_together(after, before, run.length)) &&
                         may_be_weak(run);
    if (!is_weak) kept.push_back(run);
  }
  kept.erase(kept.begin());
  return kept;
}

}  // namespace varve
