#include "compare/account/account_shares.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/units.h"
#include "compare/sides/measure.h"
#include "stats/fieller.h"
#include "stats/paired_verdict.h"

namespace varve {

namespace {
constexpr double kLargestShare = 2;  // beyond it parts cancel, and none of them explains the little that is left

// A unit does more than what the metric measures (it starts, imports, compiles) and the metric more than what a CPU
// does (it waits), so the two need not change alike; but where one changed by more than twice the other, most of it is
// about something else.
constexpr double kAgreement = 2;

bool is_exchange(KernelState state) {
  return state == KernelState::replaced || state == KernelState::appeared || state == KernelState::vanished;
}

// What the metric says about the time that a piece of work takes: ln(B / A), whatever the metric's direction.
Interval log_cost(const MetricComparison& metric) {
  const double low = std::log(metric.ratio.interval.low), high = std::log(metric.ratio.interval.high);
  return metric.better == Better::lower ? Interval{low, high} : Interval{-high, -low};
}

double log_change(double change, double before) {
  return before > 0 && before + change > 0 ? std::log1p(change / before) : -std::numeric_limits<double>::infinity();
}

// Whether both intervals allow that cost and account changed alike, to a factor of two. The account's change excludes
// none.
bool may_agree(const KernelAccount& account, const MetricComparison& primary) {
  Interval change{log_change(account.total.interval.low, account.a_seconds),
                  log_change(account.total.interval.high, account.a_seconds)};
  Interval cost = log_cost(primary);
  if (std::isnan(cost.low) || std::isnan(cost.high)) return true;  // no interval, no contradiction
  if (account.total.value < 0) {
    change = {-change.high, -change.low};
    cost = {-cost.high, -cost.low};
  }
  return cost.high >= change.low / kAgreement && cost.low <= change.high * kAgreement;
}

std::string quantity_of(const KernelAccount& account) { return quantity_title(account.kind.quantity) + " a unit"; }

std::string disagreement(const KernelAccount& account, const MetricComparison& primary, int metric_moved) {
  const std::string quantity = quantity_of(account);
  const int moved = account.total.value < 0 ? 1 : -1;
  if (metric_moved != 0 && metric_moved != moved) {
    return fmt::format(
        "{} and {} disagree: B is {} by the one and uses {} of the other, so parts of the {} do not explain the metric",
        primary.metric, quantity, metric_moved > 0 ? "better" : "worse", moved > 0 ? "less" : "more",
        quantity_title(account.kind.quantity));
  }
  const Interval cost = log_cost(primary);
  return fmt::format(
      "{} changed by {}, while by {} the time for a piece of work changed by {} to {}: much of a unit is not in the "
      "metric (import, compiling, a loop of fixed time), or the metric waits. Give it a fixed amount of work, long "
      "beside its start, to see what its kernels contribute",
      quantity, format_change(1 + account.total.value / account.a_seconds), primary.metric,
      format_change(std::exp(cost.low)), format_change(std::exp(cost.high)));
}

// Whether the account's change is too small, also at the ends of its interval, to be that of the metric.
bool is_ruled_out(const KernelAccount& account, const Interval& cost) {
  const Interval& change = account.total.interval;
  return cost.low > 0 ? log_change(change.high, account.a_seconds) * kAgreement < cost.low
                      : log_change(change.low, account.a_seconds) * kAgreement > cost.high;
}

// What is to be said where a metric moved and the account did not.
std::string where_the_metric_moved(const KernelAccount& account, const MetricComparison& primary, bool side_by_side) {
  if (!account.explains_metric) {
    return fmt::format(
        ", while {} moved: that may be in a part of a unit which the rest of it hides. Give it work that "
        "is long beside its start, or let it say which part of a unit the metric speaks of",
        primary.metric);
  }
  if (!is_ruled_out(account, log_cost(primary))) {
    return fmt::format(", while {} moved; it may have moved as much", primary.metric);
  }
  return fmt::format(", while {} moved: the change is in {}, which samples of the CPU do not see", primary.metric,
                     side_by_side ? "how many threads were at work at a time" : "time spent waiting");
}

std::optional<Estimate> share_of(const std::vector<double>& total, const std::vector<double>& part) {
  const Ratio ratio = paired_ratio(total, part);
  if (ratio.set != RatioSet::bounded) return std::nullopt;
  const Estimate& share = ratio.estimate;
  const bool narrow = share.interval.high - share.interval.low < std::fabs(share.value);
  return narrow && std::fabs(share.value) <= kLargestShare ? std::optional(share) : std::nullopt;
}
}  // namespace

std::string reason_to_withhold(const KernelAccount& account, const MetricComparison& primary, bool paired,
                               int more_threads) {
  if (!paired) return "the sides were measured one after the other: what drifted in between is in every part";
  if (account.pairs < kFewestPairs)
    return fmt::format("{} {} are too few: at least {}", account.pairs, account.by_block ? "blocks" : "pairs",
                       kFewestPairs);
  if (primary.better == Better::unknown) {
    return fmt::format("whether more or less of {} is better is not known, so nothing can be said to explain it",
                       primary.metric);
  }
  const Interval& interval = account.total.interval;
  const int metric_moved = direction(primary);
  if (interval.low <= 0 && interval.high >= 0) {
    std::string why =
        fmt::format("the change of {} ({}) cannot be told from none (95 % interval {} to {})", quantity_of(account),
                    format_seconds(account.total.value), format_seconds(interval.low), format_seconds(interval.high));
    return metric_moved != 0 && primary.speed != Speed::noise
               ? why + where_the_metric_moved(account, primary, more_threads == metric_moved)
               : why;
  }
  const auto coarsest = std::max_element(
      account.rows.begin(), account.rows.end(),
      [](const KernelChange& left, const KernelChange& right) { return left.sampling_error < right.sampling_error; });
  if (std::fabs(account.total.value) < coarsest->sampling_error) {
    return fmt::format("the change of {} ({}) is below what counting samples can resolve ({} for {})",
                       quantity_of(account), format_seconds(account.total.value),
                       format_seconds(coarsest->sampling_error), coarsest->label);
  }
  return may_agree(account, primary) ? "" : disagreement(account, primary, metric_moved);
}

void add_shares(KernelAccount& account, const RowSeries& whole, const std::vector<RowSeries>& rows,
                const std::vector<std::vector<RowSeries>>& parts) {
  const std::vector<double> total = differences(whole);
  // ln(X_B / X_A) of X = 1 / T, over T's share: what a share of 1 is in log points (STATS 4.2).
  const double points = std::log(account.a_seconds / account.b_seconds);
  RowSeries exchanged = whole;
  for (Series* side : {&exchanged.a, &exchanged.b}) *side = {std::vector<double>(side->seconds.size(), 0)};
  bool any_exchange = false;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    KernelChange& row = account.rows[i];
    row.share = share_of(total, differences(rows[i]));
    row.points = row.change.value / account.total.value * points;
    left_out += row.share ? 0 : 1;
    for (std::size_t part = 0; part < row.parts.size(); ++part) {
      row.parts[part].share = share_of(total, differences(parts[i][part]));
    }
    if (!is_exchange(row.state)) continue;
    any_exchange = true;
    add_series(exchanged, rows[i]);
  }
  if (any_exchange) {
    account.exchanged_share = share_of(total, differences(exchanged));
    if (!account.exchanged_share) {
      account.notes.push_back("how much the exchange of kernels explains cannot be told: the interval is too wide");
    }
  }
  if (left_out > 0) {
    account.notes.push_back(
        fmt::format("no share is given where its 95 % interval is wider than itself, or where parts cancel: {} of {} "
                    "rows",
                    left_out, account.rows.size()));
  }
}

}  // namespace varve
