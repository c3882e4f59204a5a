#include "harness/protocol/stopping.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "stats/descriptive.h"
#include "stats/mean_interval.h"
#include "stats/paired_verdict.h"

namespace varve {

namespace {
bool serves_blocks(const Variant& variant) { return variant.server && variant.server->lives == "block"; }

// Of rounds the means of their blocks, where units of a block share a server.
std::vector<double> counted(const std::map<int, double>& rounds, bool by_block) {
  std::map<int, std::vector<double>> blocks;
  for (const auto& [round, value] : rounds) blocks[by_block ? round / 2 : round].push_back(value);
  std::vector<double> values;
  for (const auto& [block, inside] : blocks) values.push_back(mean(inside));
  return values;
}

double half_interval(const std::vector<double>& logs) {
  if (static_cast<int>(logs.size()) < kFewestPairs) return std::numeric_limits<double>::infinity();
  const Interval interval = interval_of_mean(logs, 0.95);
  return (interval.high - interval.low) / 2;
}

// ln(value) of the finished timing units of each variant, by round.
using LogsBySide = std::map<std::string, std::map<int, double>>;
LogsBySide logs_of(const Run& run) {
  LogsBySide logs;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::timing || !unit.end.ok()) continue;
    const std::optional<Metric> metric = find_metric(unit, run.protocol.primary_metric);
    if (metric && metric->value > 0)
      logs[unit.variant][unit.pair < 0 ? unit.block : unit.pair] = std::log(metric->value);
  }
  return logs;
}

bool block_is_whole(const Run& run) {
  if (run.units.empty() || run.variants.size() < 2) return true;
  const auto last = static_cast<int>(2 * run.variants.size()) - 1;
  return run.units.back().role != UnitRole::timing || run.units.back().position == last;
}

double seconds_of_timing(const Run& run) {
  const auto first =
      std::find_if(run.units.begin(), run.units.end(), [](const Unit& unit) { return unit.role == UnitRole::timing; });
  if (first == run.units.end()) return 0;
  return run.units.back().started_seconds + run.units.back().wall_seconds - first->started_seconds;
}
}  // namespace

double widest_half_interval(const Run& run) {
  const LogsBySide logs = logs_of(run);
  double widest = 0;
  for (std::size_t side = run.variants.size() == 1 ? 0 : 1; side < run.variants.size(); ++side) {
    const auto first = logs.find(run.variants.front().name), other = logs.find(run.variants[side].name);
    if (first == logs.end() || other == logs.end()) return std::numeric_limits<double>::infinity();
    std::map<int, double> values;
    for (const auto& [round, value] : other->second) {
      const auto partner = first->second.find(round);
      if (side == 0) values[round] = value;
      if (side > 0 && partner != first->second.end()) values[round] = value - partner->second;
    }
    const bool by_block = side > 0 && (serves_blocks(run.variants.front()) || serves_blocks(run.variants[side]));
    widest = std::max(widest, half_interval(counted(values, by_block)));
  }
  return widest;
}

bool is_enough(const ProtocolRules& rules, const Run& run) {
  if (rules.stop_seconds > 0 && seconds_of_timing(run) >= rules.stop_seconds) return true;
  return rules.stop_width > 0 && block_is_whole(run) && widest_half_interval(run) <= std::log1p(rules.stop_width);
}

}  // namespace varve
