#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cmd/document_files.h"
#include "cmd/flags.h"
#include "cmd/run/metric_flags.h"
#include "cmd/verb.h"
#include "harness/benchmark.h"

namespace varve {

// What the command line of `varve run` says. What is not given is left to the experiment file, then to the defaults.
struct RunFlags {
  MeasuredCommands commands;
  std::string file;   // of the experiment
  bool init = false;  // write one
  std::string name;
  std::optional<std::string> metric;
  std::optional<double> margin_percent;
  std::optional<int> units, keep_going;
  std::optional<double> timeout, stop_after, stop_width, sampling;
  std::string warmup, prepare, cleanup, kernels;
  std::vector<std::string> against_environment;  // of each --against-env its words, after kNextAgainst
  std::vector<std::string> scans;
  std::optional<std::uint64_t> seed;
  std::string server, ready_url, ready_line, server_start;
  std::optional<int> ready_port;
  std::optional<double> ready_within;
  std::string resume;
  std::optional<int> add_pairs;
  MetricFlags metrics;
  bool quiet = false, full = false, check_noise = false;
  OutputOptions output;
};

// The rows of the flags of `varve run`.
std::vector<Flag> run_flags(RunFlags& options);

// What to measure. Error: what is wrong with the command line or the experiment file.
Result<RunPlan> plan_of(const RunFlags& options, const World& world);

// Variables that an option, an experiment or Varve's own environment sets and that no library is known to read, but one
// letter off some that is: a question each, for people.
std::vector<std::string> doubtful_variables(const RunPlan& plan, const World& world);

}  // namespace varve
