#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cmd/flags.h"
#include "harness/benchmark.h"

namespace varve {

// The flags of `varve run` that say where numbers are read and what must be equal before they are compared.
struct MetricFlags {
  std::vector<std::string> from_output, from_json, results;
  std::optional<std::string> several;
  std::vector<std::string> same_metrics, same_outputs;
  std::optional<double> tolerance;
  std::string cache_state, client_path;
};

std::vector<Flag> metric_flags(MetricFlags& flags);

// Puts what is given into the plan, on top of what an experiment file says; an Error where one cannot be read.
Status set_metrics(const MetricFlags& flags, RunPlan& plan);

}  // namespace varve
