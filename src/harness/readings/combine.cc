#include "harness/readings/combine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/units.h"
#include "stats/descriptive.h"
#include "tables/metric_direction.h"

namespace varve {

namespace {

double stretch_seconds(const Stretch& stretch) { return static_cast<double>(stretch.end_ns - stretch.start_ns) * 1e-9; }

std::vector<double> reported_values(const std::vector<Reported>& all) {
  std::vector<double> values;
  for (const Reported& one : all) values.push_back(one.metric.value);
  return values;
}

double sum_of_values(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// A rate times its own time is what was done; over all the time that they cover together.
std::optional<double> rate_over_time(const std::vector<Reported>& all) {
  double done = 0;
  std::vector<Stretch> stretches;
  for (const Reported& one : all) {
    if (!one.stretch) return std::nullopt;
    done += one.metric.value * stretch_seconds(*one.stretch);
    stretches.push_back(*one.stretch);
  }
  double time = 0;
  for (const Stretch& stretch : united(std::move(stretches))) time += stretch_seconds(stretch);
  return time > 0 ? std::optional(done / time) : std::nullopt;
}

std::optional<double> rate_of_ranks(const std::vector<Reported>& all) {
  std::map<int, std::vector<double>> by_rank;
  for (const Reported& one : all) {
    if (!one.rank) return std::nullopt;
    by_rank[*one.rank].push_back(one.metric.value);
  }
  double sum = 0;
  for (const auto& [rank, values] : by_rank) sum += mean(values);
  return sum;
}

CombinedNumber combine_rates(const std::vector<Reported>& all) {
  if (const auto rate = rate_over_time(all)) return {*rate, Combined::rate, ""};
  if (const auto rate = rate_of_ranks(all)) return {*rate, Combined::sum, ""};
  return {sum_of_values(reported_values(all)), Combined::sum, ""};
}

CombinedNumber refuse_numbers(const std::vector<Reported>& all) {
  std::vector<double> values = reported_values(all);
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  if (*lowest == *highest) return {*lowest, Combined::median, ""};
  return {0, Combined::none,
          fmt::format("{} different values of \"{}\" in one unit, from {} to {}: nobody says whether they are to be "
                      "added or averaged (--several sum, mean, median, highest or lowest)",
                      all.size(), all.front().metric.name, *lowest, *highest)};
}

CombinedNumber combine_as(Combined way, std::vector<double> values) {
  switch (way) {
    case Combined::sum:
      return {sum_of_values(values), way, ""};
    case Combined::mean:
      return {mean(values), way, ""};
    case Combined::highest:
      return {*std::max_element(values.begin(), values.end()), way, ""};
    case Combined::lowest:
      return {*std::min_element(values.begin(), values.end()), way, ""};
    default:
      return {median(std::move(values)), Combined::median, ""};
  }
}

// 1, or a power of 1000 or 1024 either way: work counted in FLOP, the rate in GFLOP/s.
bool is_scale(double factor) {
  if (factor <= 0) return false;
  if (factor < 1) factor = 1 / factor;
  for (const double step : {1000.0, 1024.0}) {
    double scale = 1;
    for (int power = 0; power <= 5; ++power, scale *= step) {
      if (std::fabs(factor / scale - 1) <= 0.01) return true;
    }
  }
  return false;
}

}  // namespace

CombinedNumber combine_numbers(const std::vector<Reported>& all, std::optional<Combined> wanted) {
  if (all.size() == 1) return {all.front().metric.value, Combined::none, ""};
  const std::optional<Combined> way = wanted ? wanted : all.front().combine;
  if (way && *way != Combined::rate && *way != Combined::none) return combine_as(*way, reported_values(all));
  const MetricKind kind = metric_kind(all.front().metric.name, all.front().metric.unit);
  const bool one_after_the_other = way == Combined::none;
  if (one_after_the_other && (kind == MetricKind::rate || kind == MetricKind::count)) return refuse_numbers(all);
  switch (kind) {
    case MetricKind::rate:
      return combine_rates(all);
    case MetricKind::duration:
      return combine_as(Combined::median, reported_values(all));
    case MetricKind::size:
      return combine_as(Combined::highest, reported_values(all));
    case MetricKind::count:
      return combine_as(Combined::sum, reported_values(all));
    case MetricKind::other:
      break;
  }
  return refuse_numbers(all);
}

std::vector<Stretch> united(std::vector<Stretch> stretches) {
  std::sort(stretches.begin(), stretches.end(),
            [](const Stretch& a, const Stretch& b) { return a.start_ns < b.start_ns; });
  std::vector<Stretch> apart;
  for (const Stretch& stretch : stretches) {
    if (!apart.empty() && stretch.start_ns <= apart.back().end_ns) {
      apart.back().end_ns = std::max(apart.back().end_ns, stretch.end_ns);
    } else {
      apart.push_back(stretch);
    }
  }
  return apart;
}

std::string work_mismatch(const Reported& reported) {
  const Metric& metric = reported.metric;
  if (!reported.stretch || !metric.work || *metric.work <= 0 || metric.value <= 0) return "";
  if (metric_kind(metric.name, metric.unit) != MetricKind::rate) return "";
  const double done = metric.value * stretch_seconds(*reported.stretch);
  if (is_scale(done / *metric.work)) return "";
  return fmt::format("{} of {} over {} make {:.6g}, but {} was done", metric.name, metric.value,
                     format_seconds(stretch_seconds(*reported.stretch)), done, *metric.work);
}

}  // namespace varve
