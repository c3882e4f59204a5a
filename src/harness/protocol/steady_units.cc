#include "harness/protocol/steady_units.h"

#include <fmt/format.h>

#include <algorithm>

#include "stats/steady_state.h"

namespace varve {

namespace {
int round_of(const Unit& unit) { return unit.pair < 0 ? unit.block : unit.pair; }

// The values of a side in the order of time, and the round of each.
struct SideSeries {
  std::vector<double> values;
  std::vector<int> rounds;
};

SideSeries series_of(const Run& run, const std::string& variant) {
  SideSeries series;
  for (const Unit& unit : run.units) {
    if (unit.variant != variant || unit.role != UnitRole::timing || !unit.end.ok()) continue;
    const std::optional<Metric> metric = find_metric(unit, run.protocol.primary_metric);
    if (!metric) continue;
    series.values.push_back(metric->value);
    series.rounds.push_back(round_of(unit));
  }
  return series;
}

Finding no_steady_state(const Run& run, const std::string& variant, std::size_t first, std::size_t all) {
  Finding finding;
  finding.id = "VRV-RUN-NO-STEADY-STATE";
  finding.layer = Layer::os;
  finding.severity = Severity::warning;
  finding.mender = Mender::application;
  finding.evidence = fmt::format("{} of {} changed its level after {} of {} units: no half of them is steady",
                                 run.protocol.primary_metric, variant, first, all);
  finding.consequence = "there is no steady state to compare; what the units say depends on when they ran";
  finding.fix = "take more units, or find out what changes: see the order of units in varve report";
  finding.source = "Barrett et al. 2017, doi 10.1145/3133876";
  return finding;
}
}  // namespace

void find_warmup(Run& run) {
  if (run.protocol.rules.warmup != WarmupRule::found) return;
  int first_round = 0;
  for (const Variant& variant : run.variants) {
    const SideSeries series = series_of(run, variant.name);
    const SteadyPart part = steady_part(series.values);
    if (!part.steady) {
      run.findings.push_back(no_steady_state(run, variant.name, part.first, series.values.size()));
      return;
    }
    if (part.first > 0) first_round = std::max(first_round, series.rounds[part.first]);
  }
  for (Unit& unit : run.units) {
    if (unit.role != UnitRole::timing || round_of(unit) >= first_round) continue;
    unit.role = UnitRole::warmup;
    unit.block = -1;
    unit.pair = -1;
    unit.position = 0;
  }
}

}  // namespace varve
