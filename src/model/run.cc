#include "model/run.h"

namespace varve {

std::optional<Metric> find_metric(const Unit& unit, const std::string& name) {
  for (const Metric& metric : unit.metrics) {
    if (metric.name == name) return metric;
  }
  if (name == "wall time") return Metric{name, "s", Better::lower, unit.wall_seconds, 1};
  if (name == "CPU time") return Metric{name, "s", Better::lower, unit.user_seconds + unit.system_seconds, 1};
  return std::nullopt;
}

}  // namespace varve
