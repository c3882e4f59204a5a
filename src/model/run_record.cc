#include "model/run_record.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

const std::vector<std::string>& built_in_metrics() {
  static const std::vector<std::string> names = {"wall time", "CPU time", "peak memory", "GPU memory"};
  return names;
}

bool is_built_in_metric(std::string_view name) {
  const std::vector<std::string>& names = built_in_metrics();
  return std::find(names.begin(), names.end(), name) != names.end();
}

namespace {
// What the unit added on its GPUs; nothing where another program was there too, whose share nobody knows.
std::optional<double> gpu_memory(const Unit& unit) {
  double bytes = 0;
  bool known = false;
  for (const GpuConditions& gpu : unit.conditions.gpus) {
    if (!gpu.memory_before_bytes || !gpu.memory_peak_bytes) return std::nullopt;
    if (*gpu.memory_peak_bytes <= *gpu.memory_before_bytes) continue;  // it was not on this one
    if (gpu.foreign_processes > 0) return std::nullopt;
    bytes += static_cast<double>(*gpu.memory_peak_bytes - *gpu.memory_before_bytes);
    known = true;
  }
  return known ? std::optional(bytes) : std::nullopt;
}
}  // namespace

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
  if (name == "peak memory" && unit.peak_memory_bytes) {
    return Metric{name, "bytes", Better::lower, static_cast<double>(*unit.peak_memory_bytes), 1};
  }
  if (name == "GPU memory") {
    if (const std::optional<double> bytes = gpu_memory(unit)) return Metric{name, "bytes", Better::lower, *bytes, 1};
  }
  return std::nullopt;
}

std::map<std::string, std::vector<double>> products_by_gpu(const Run& run) {
  std::map<std::string, std::vector<double>> products;
  for (const Canary& canary : run.canaries) {
    for (const GpuCanary& gpu : canary.gpus) products[gpu.pci_address].push_back(gpu.seconds);
  }
  return products;
}

}  // namespace varve
