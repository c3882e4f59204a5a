#include "compare/account/fixed_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "compare/sides/measure.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr double kAlike = 1.05;  // the longest of all units ÷ the shortest
constexpr double kFarFromIt =
    0.25;  // of the metric's change: as much of it the time may show and still not be about it

bool all_have_windows(const std::vector<const Unit*>& units) {
  return std::all_of(units.begin(), units.end(), [](const Unit* unit) { return unit->window.has_value(); });
}

std::vector<double> times_of(const std::vector<const Unit*>& units, bool of_windows) {
  std::vector<double> seconds;
  for (const Unit* unit : units) {
    seconds.push_back(of_windows ? static_cast<double>(unit->window->length_ns) * 1e-9 : unit->wall_seconds);
  }
  return seconds;
}
}  // namespace

std::string reason_of_fixed_time(const std::vector<const Unit*>& a, const std::vector<const Unit*>& b,
                                 const MetricComparison& primary) {
  if (a.empty() || b.empty() || is_built_in_metric(primary.metric) || primary.speed == Speed::noise ||
      direction(primary) == 0) {
    return "";
  }
  const bool of_windows = all_have_windows(a) && all_have_windows(b);
  const std::vector<double> of_a = times_of(a, of_windows), of_b = times_of(b, of_windows);
  const auto [a_low, a_high] = std::minmax_element(of_a.begin(), of_a.end());
  const auto [b_low, b_high] = std::minmax_element(of_b.begin(), of_b.end());
  const double shortest = std::min(*a_low, *b_low), longest = std::max(*a_high, *b_high);
  if (!(shortest > 0) || longest > kAlike * shortest) return "";
  const double time_change = std::fabs(std::log(mean(of_b) / mean(of_a)));
  if (!(time_change < kFarFromIt * std::fabs(std::log(primary.ratio.value)))) return "";
  return fmt::format(
      "{} took {} to {}, on both sides alike, and {} did not stay alike: a program that runs for a fixed time{}. What "
      "a "
      "unit uses says nothing about it then. Give it a fixed amount of work to see what its kernels contribute",
      of_windows ? "what " + primary.metric + " speaks of" : "all units", format_seconds(shortest),
      format_seconds(longest), primary.metric, of_windows ? "" : ", or one that does much beside what it measures");
}

}  // namespace varve
