#include "harness/recording.h"

#include <algorithm>
#include <cmath>

#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr double kIndicative = 1.05;                 // of the timing units: beyond it the account is of another program
constexpr double kTimesAsLong = 10, kLongerBy = 60;  // than the fastest timing unit: it will not end by itself

std::vector<const Unit*> finished_timing_units(const Run& run, const std::string& variant) {
  std::vector<const Unit*> units;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::timing && unit.variant == variant && unit.end.ok()) units.push_back(&unit);
  }
  return units;
}

// How much worse the recorded unit is, by one metric; 0 where that cannot be told.
double cost_by(const std::string& metric, const Unit& recorded, const std::vector<const Unit*>& timing) {
  const std::optional<Metric> found = find_metric(recorded, metric);
  if (!found || found->better == Better::unknown || !(found->value > 0)) return 0;
  std::vector<double> values;
  for (const Unit* unit : timing) {
    if (const std::optional<Metric> usual = find_metric(*unit, metric)) values.push_back(usual->value);
  }
  const double usual = median(values);
  if (!std::isfinite(usual) || usual <= 0) return 0;
  return found->better == Better::lower ? found->value / usual : usual / found->value;
}
}  // namespace

RecordingGround recording_ground(const World& world, const PreparedVariant& variant, const Run& run) {
  RecordingGround ground{.world = world,
                         .program = variant.program,
                         .environment = variant.variables,
                         .libraries = {},
                         .fastest_seconds = 0,
                         .usual_window = std::nullopt,
                         .is_second_try = false};
  std::vector<double> seconds;
  for (const Unit* unit : finished_timing_units(run, variant.document.name)) {
    seconds.push_back(unit->wall_seconds);
    if (unit->window) ground.usual_window = unit->window;
    ground.libraries.insert(ground.libraries.end(), unit->libraries.begin(), unit->libraries.end());
  }
  if (!seconds.empty()) ground.fastest_seconds = *std::min_element(seconds.begin(), seconds.end());
  const auto by_path = [](const Library& a, const Library& b) { return a.path < b.path; };
  std::stable_sort(ground.libraries.begin(), ground.libraries.end(), by_path);
  const auto same_path = [](const Library& a, const Library& b) { return a.path == b.path; };
  ground.libraries.erase(std::unique(ground.libraries.begin(), ground.libraries.end(), same_path),
                         ground.libraries.end());
  return ground;
}

double recording_limit(double timeout_seconds, double fastest_seconds) {
  if (timeout_seconds > 0) return 2 * timeout_seconds;  // recording costs time
  return fastest_seconds > 0 ? kTimesAsLong * fastest_seconds + kLongerBy : 0;
}

void note_recording_cost(const Run& run, const Unit& unit, UnitRecording& recording) {
  const std::vector<const Unit*> timing = finished_timing_units(run, unit.variant);
  for (const std::string& metric : {run.protocol.primary_metric, std::string("wall time")}) {
    const double cost = cost_by(metric, unit, timing);
    if (cost <= 0) continue;
    recording.cost = cost;
    recording.cost_metric = metric;
    recording.indicative = cost > kIndicative;
    return;
  }
}

}  // namespace varve
