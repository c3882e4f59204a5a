#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "harness/benchmark.h"

namespace varve {

// Reads an experiment file (TOML 1.0; docs/RUN.md has every key) into a plan. `folder` is the one that it stands in:
// paths in it start there, and so do the commands unless it names another directory. `environment` is what PATH and
// LD_LIBRARY_PATH of a variant are added to. Error: what is wrong with it, with the line, and for a key that is not
// known the nearest that is.
Result<RunPlan> read_experiment(std::string_view text, const std::string& path, const std::string& folder,
                                const std::map<std::string, std::string>& environment);

// The plan of the experiment file at `path`.
Result<RunPlan> load_experiment(const std::string& path, const std::map<std::string, std::string>& environment);

// A file to begin with, every key explained in it.
std::string_view experiment_template();

}  // namespace varve
