#include "harness/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/units.h"
#include "stats/deviation.h"
#include "stats/paired_verdict.h"
#include "stats/power.h"

namespace varve {

namespace {
constexpr double kConfidence = 0.90;
constexpr int kMostForetold = 1000;  // pairs: above, a number would only seem to be one
constexpr int kWidestRange = 10;     // times the lower end

// Units that share a server count by the mean of their block.
bool counts_blocks(const RunPlan& plan) {
  return plan.variants.size() > 1 &&
         std::any_of(plan.variants.begin(), plan.variants.end(),
                     [](const VariantPlan& variant) { return variant.server && variant.server->each_block; });
}

std::string planned_text(const RunPlan& plan) {
  const bool most = plan.rules.stop_seconds > 0 || plan.rules.stop_width > 0;
  const int added = plan.continues ? plan.continues->add_units : 0;
  const int units = added > 0 ? added : plan.units;
  const int blocks = (units + 1) / 2;
  return fmt::format("Planned: {}{}{} {}{}.", most ? "at most " : "", units, added > 0 ? " more" : "",
                     plan.variants.size() == 1   ? (units == 1 ? "unit" : "units")
                     : plan.variants.size() == 2 ? (units == 1 ? "pair" : "pairs")
                     : units == 1                ? "round of a unit of each variant"
                                                 : "rounds of a unit of each variant",
                     counts_blocks(plan)
                         ? fmt::format(", which are {} {} with a server each", blocks, blocks == 1 ? "block" : "blocks")
                         : "");
}

// "7 to 40 pairs", or that it cannot be told.
std::string pairs_text(int (*pairs_for)(double, double), double size, const Interval& deviation, const char* noun) {
  const int low = std::max(kFewestPairs, pairs_for(size, deviation.low));
  const int high = std::max(kFewestPairs, pairs_for(size, deviation.high));
  if (low > kMostForetold) return fmt::format("more than {} {}", kMostForetold, noun);
  if (high == low) return fmt::format("{} {}", low, noun);
  if (high > kMostForetold || high > kWidestRange * low) {
    const std::string most = high > kMostForetold ? fmt::format("over {}", kMostForetold) : fmt::to_string(high);
    return fmt::format("cannot tell yet ({} to {} {})", low, most, noun);
  }
  return fmt::format("{} to {} {}", low, high, noun);
}
}  // namespace

std::optional<ForecastSpread> forecast_pair_spread(const std::vector<Unit>& units, const std::string& metric) {
  std::map<std::string, std::vector<double>> sides;
  for (const Unit& unit : units) {
    if (unit.role != UnitRole::warmup || !unit.end.ok()) continue;
    const std::optional<Metric> found = find_metric(unit, metric);
    if (found && found->value > 0) sides[unit.variant].push_back(std::log(found->value));
  }
  double sum_of_squares = 0, degrees = 0;
  int differences = 0;
  for (auto& [side, logs] : sides) {
    if (logs.size() >= 3) logs.erase(logs.begin());
    const auto count = static_cast<double>(logs.size());
    if (count < 2) continue;
    for (std::size_t i = 1; i < logs.size(); ++i) sum_of_squares += (logs[i] - logs[i - 1]) * (logs[i] - logs[i - 1]);
    differences += static_cast<int>(logs.size()) - 1;
    degrees += 2 * (count - 1) * (count - 1) / (3 * count - 4);
  }
  if (differences < 2) return std::nullopt;
  return ForecastSpread{std::sqrt(sum_of_squares / differences), degrees};
}

std::vector<std::string> forecast_lines(const RunPlan& plan, const std::vector<Unit>& units,
                                        const std::string& metric) {
  if (plan.variants.size() < 2) return {planned_text(plan)};  // there is no verdict to take pairs
  const char* noun = counts_blocks(plan) ? "blocks" : "pairs";
  const std::optional<ForecastSpread> spread = forecast_pair_spread(units, metric);
  if (!spread) {
    return {fmt::format("How many {} a verdict takes cannot be told yet: there are too few warm-up units. {}", noun,
                        planned_text(plan))};
  }
  const Interval range = deviation_interval(spread->deviation, spread->degrees, kConfidence);
  std::vector<std::string> lines;
  lines.push_back(
      fmt::format("{} of warm-up units spreads by {} between neighbours; from so few of them, pairs may "
                  "spread by {} to {}.",
                  metric, format_percent(spread->deviation), format_percent(range.low), format_percent(range.high)));
  std::string effects =
      fmt::format("To tell an effect of 5 %: {}", pairs_text(pairs_for_effect, std::log1p(0.05), range, noun));
  const double margin = std::log1p(plan.margin);
  if (plan.margin != 0.05) {
    effects +=
        fmt::format("; of {}: {}", format_percent(plan.margin), pairs_text(pairs_for_effect, margin, range, noun));
  }
  lines.push_back(effects + fmt::format("; to call them the same within {}: {}.", format_percent(plan.margin),
                                        pairs_text(pairs_for_same, margin, range, noun)));
  lines.push_back(planned_text(plan));
  return lines;
}

}  // namespace varve
