#include "compare/sides/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "stats/descriptive.h"
#include "stats/interval.h"
#include "stats/paired_verdict.h"

namespace varve {

namespace {
std::vector<double> logarithms(const std::vector<double>& values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  return logs;
}

double spread_or_zero(const std::vector<double>& values) { return values.size() < 2 ? 0 : standard_deviation(values); }

Interval exponential(const Interval& logs) { return {std::exp(logs.low), std::exp(logs.high)}; }

SideSummary summary(const std::string& label, const Variant& variant, const std::vector<double>& values) {
  return {.label = label,
          .command = command_text(variant),
          .units = static_cast<int>(values.size()),
          .spread = spread_or_zero(logarithms(values))};
}

void judge_paired(MetricComparison& metric, const std::vector<double>& log_a, const std::vector<double>& log_b) {
  for (std::size_t i = 0; i < log_a.size(); ++i) metric.log_ratios.push_back(log_b[i] - log_a[i]);
  metric.pairs = static_cast<int>(metric.log_ratios.size());
  metric.pair_spread = spread_or_zero(metric.log_ratios);
  const LogVerdict verdict = judge_pairs(metric.log_ratios, metric.margin, metric.better);
  metric.ratio = {std::exp(mean(metric.log_ratios)), exponential(verdict.log_95)};
  metric.ratio_90 = exponential(verdict.log_90);
  metric.speed = verdict.speed;
  metric.pairs_needed = verdict.pairs_needed;
}

// All of A came before all of B, or the other way round: what drifted in between is in the ratio, whatever the
// interval.
void judge_unpaired(MetricComparison& metric, const std::vector<double>& log_a, const std::vector<double>& log_b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  metric.paired = false;
  metric.pairs = static_cast<int>(std::min(log_a.size(), log_b.size()));
  metric.pair_spread = std::hypot(spread_or_zero(log_a), spread_or_zero(log_b));
  metric.speed = Speed::order_confounded;
  metric.ratio = {std::exp(mean(log_b) - mean(log_a)), {0, kInfinity}};
  metric.ratio_90 = {0, kInfinity};
  if (const auto difference = estimate_difference(log_a, log_b)) {
    metric.ratio.interval = exponential(interval_of(*difference, 0.95));
    metric.ratio_90 = exponential(interval_of(*difference, 0.90));
  }
}
}  // namespace

Result<Measured> measure(const Sides& sides, const std::string& name, double margin) {
  const MetricValues values = metric_values(sides, name);
  if (values.a.empty() || values.b.empty()) {
    const std::vector<std::string> common = common_metrics(sides);
    const auto near = nearest(name, common);
    return Error{"comparing", name, "the two sides have no positive value of this metric in common",
                 near ? fmt::format("did you mean {}?", *near) : "both sides have: " + join(common, ", ")};
  }
  Measured measured;
  measured.a = summary(sides.label_a, *sides.variant_a, values.a);
  measured.b = summary(sides.label_b, *sides.variant_b, values.b);
  measured.left_out = values.left_out;
  MetricComparison& metric = measured.comparison;
  metric.metric = values.kind.name;
  metric.unit = values.kind.unit;
  metric.better = values.kind.better;
  metric.margin = margin;
  metric.a_median = median(values.a);
  metric.b_median = median(values.b);
  metric.by_block = counts_blocks(sides);
  const auto judge = sides.one_document ? judge_paired : judge_unpaired;
  judge(metric, block_means(logarithms(values.a), values.blocks_a), block_means(logarithms(values.b), values.blocks_b));
  return measured;
}

int direction(const MetricComparison& metric) {
  const Interval& interval = metric.ratio.interval;
  const int sign = interval.low > 1 ? 1 : interval.high < 1 ? -1 : 0;
  if (metric.better == Better::unknown) return 0;
  return metric.better == Better::higher ? sign : -sign;
}

}  // namespace varve
