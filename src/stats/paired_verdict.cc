#include "stats/paired_verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/descriptive.h"
#include "stats/mean_interval.h"
#include "stats/power.h"

namespace varve {

namespace {
// `low` and `high` already point so that positive is an improvement.
Speed decide(const Interval& gain_95, const Interval& gain_90, double m) {
  if (gain_95.low > m) return Speed::faster;
  if (gain_95.high < -m) return Speed::slower;
  if (gain_90.low > -m && gain_90.high < m) return Speed::same;
  if (gain_95.low > 0) return Speed::faster_touching_margin;
  if (gain_95.high < 0) return Speed::slower_touching_margin;
  return Speed::ambiguous;
}

Interval turned(const Interval& interval, Better better) {
  return better == Better::lower ? Interval{-interval.high, -interval.low} : interval;
}

bool is_change(Speed speed) {
  return speed == Speed::faster || speed == Speed::slower || speed == Speed::faster_touching_margin ||
         speed == Speed::slower_touching_margin;
}

// `ambiguous` ends when either a change or sameness is shown, whichever takes fewer pairs. A change that is known but
// overlaps the margin ends beyond the margin or within it, wherever the estimate lies.
int pairs_to_decide(Speed speed, double log_ratio, double m, double pair_sd) {
  const double size = std::fabs(log_ratio);
  const bool change_known = speed == Speed::faster_touching_margin || speed == Speed::slower_touching_margin;
  if (change_known && size > m) return pairs_for_effect(size - m, pair_sd);
  const int same = pairs_for_same(m - size, pair_sd);
  return change_known ? same : std::min(same, pairs_for_effect(size, pair_sd));
}
}  // namespace

LogVerdict judge_pairs(const std::vector<double>& log_ratios, double margin, Better better) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  LogVerdict verdict;
  verdict.log_95 = verdict.log_90 = {-kInfinity, kInfinity};
  verdict.log_ratio = estimate_mean(log_ratios);
  const auto pairs = static_cast<int>(log_ratios.size());
  if (!verdict.log_ratio) {
    verdict.speed = pairs == 1 ? Speed::no_spread : Speed::too_few;
    return verdict;
  }
  verdict.log_95 = interval_of_mean(log_ratios, 0.95);
  verdict.log_90 = interval_of_mean(log_ratios, 0.90);
  const double m = std::log1p(margin);
  verdict.speed =
      pairs < kFewestPairs ? Speed::too_few : decide(turned(verdict.log_95, better), turned(verdict.log_90, better), m);
  const bool decided = verdict.speed == Speed::faster || verdict.speed == Speed::slower || verdict.speed == Speed::same;
  if (!decided) {
    const int needed = pairs_to_decide(verdict.speed, verdict.log_ratio->value, m, standard_deviation(log_ratios));
    verdict.pairs_needed = std::min(kPairsCap, std::max({needed, pairs + 1, kFewestPairs}));
  }
  if (better == Better::unknown && is_change(verdict.speed)) {
    verdict.speed = Speed::direction_unknown;
    verdict.pairs_needed.reset();  // more of them would not tell
  }
  return verdict;
}

}  // namespace varve
