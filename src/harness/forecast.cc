#include "harness/forecast.h"

#include <fmt/format.h>

#include <cmath>

#include "base/units.h"
#include "stats/power.h"

namespace varve {

namespace {

std::string pairs_text(int pairs) {
  if (pairs >= kPairsCap) return "more than a million pairs";
  return fmt::format("about {} pairs", pairs);
}

}  // namespace

std::optional<double> forecast_pair_deviation(const std::vector<Unit>& units, const std::string& metric) {
  double sum_of_squares = 0;
  int differences = 0;
  for (const char* side : {"A", "B"}) {
    std::vector<double> logs;
    for (const Unit& unit : units) {
      if (unit.role != UnitRole::warmup || unit.variant != side || !unit.end.ok()) continue;
      const std::optional<Metric> found = find_metric(unit, metric);
      if (found && found->value > 0) logs.push_back(std::log(found->value));
    }
    for (std::size_t i = logs.size() >= 3 ? 2 : 1; i < logs.size(); ++i) {
      sum_of_squares += (logs[i] - logs[i - 1]) * (logs[i] - logs[i - 1]);
      ++differences;
    }
  }
  if (differences < 2) return std::nullopt;
  return std::sqrt(sum_of_squares / differences);
}

std::vector<std::string> forecast_lines(const RunPlan& plan, const std::vector<Unit>& units,
                                        const std::string& metric) {
  const std::optional<double> deviation = forecast_pair_deviation(units, metric);
  if (!deviation) {
    return {fmt::format("Too few usable warm-up units to tell how many pairs a verdict will take; {} a side would do.",
                        plan.variants.size() == 1 ? 4 : 2)};
  }
  std::vector<std::string> lines;
  lines.push_back(fmt::format("Pairs of {} are likely to spread by {} (standard deviation, from few warm-up units).",
                              metric, format_percent(*deviation)));
  lines.push_back(
      fmt::format("To tell an effect of 5 %: {}.", pairs_text(pairs_for_effect(std::log1p(0.05), *deviation))));
  const double margin = std::log1p(plan.margin);
  if (plan.margin != 0.05) {
    lines.push_back(fmt::format("To tell an effect of {}: {}.", format_percent(plan.margin),
                                pairs_text(pairs_for_effect(margin, *deviation))));
  }
  lines.push_back(fmt::format("To call them the same within {}: {}.", format_percent(plan.margin),
                              pairs_text(pairs_for_same(margin, *deviation))));
  lines.push_back(plan.variants.size() == 1 ? fmt::format("Planned: {} units.", plan.units)
                                            : fmt::format("Planned: {} pairs.", plan.units));
  return lines;
}

}  // namespace varve
