#include "model/run_record.h"

#include "base/text.h"

namespace varve {

std::string command_text(const Variant& variant) {
  std::string text = variant.label.empty() ? "" : variant.label + ": ";
  const bool of_venv = variant.environment.contains("VIRTUAL_ENV");  // its PATH follows from it
  for (const auto& [name, value] : variant.environment) {
    if (!of_venv || name != "PATH") text += name + "=" + value + " ";
  }
  return text + join(variant.command, " ");
}

std::optional<Metric> find_metric(const Unit& unit, const std::string& name) {
  for (const Metric& metric : unit.metrics) {
    if (metric.name == name) return metric;
  }
  if (name == "wall time") return Metric{name, "s", Better::lower, unit.wall_seconds, 1};
  if (name == "CPU time") return Metric{name, "s", Better::lower, unit.user_seconds + unit.system_seconds, 1};
  return std::nullopt;
}

}  // namespace varve
