#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/process/server_process.h"
#include "harness/recorders/kernels_way.h"
#include "harness/sources/metric_sources.h"
#include "model/run_record.h"
#include "world/world.h"

namespace varve {

// What the units of a variant are clients of. It gets their environment and directory.
struct ServerPlan {
  std::vector<std::string> command;
  bool each_block = false;  // one for the units of a block; else a fresh one for each unit
  ReadyRule ready;
};

// One side of the benchmark: a command line, executed without a shell, and what is set for this side only on top of
// Varve's own environment.
struct VariantPlan {
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::string directory = {};  // to start in; empty: where Varve stands
  std::string label = {};      // for people
  std::optional<ServerPlan> server = {};
  ScannedValues scanned = {};
};

// A run that is taken up again.
struct RunToContinue {
  Run run;
  int add_units = 0;  // a side, on top of its plan; 0: what its plan still lacks
};

// What to execute and how often.
struct RunPlan {
  std::string name;
  std::vector<VariantPlan> variants;  // "A", "B", …: the others are compared with the first
  int units = 10;        // timing units a side, at least 1; the most of them where `rules` may stop earlier
  int warmup = 2;        // warm-up units a side, before all timing units
  double margin = 0.01;  // equivalence margin, as a fraction
  std::optional<std::string> metric;  // the primary metric; without it the first the program writes, else wall time
  double timeout_seconds = 0;         // a unit; 0 is none
  ProtocolRules rules = {};           // prepare and cleanup as the shell is to get them
  KernelsWay kernels = KernelsWay::automatic;
  double sampling_hertz = 99;            // CPU samples a second of CPU time; 0 is none, as is --kernels=none
  std::uint64_t seed = 0;                // of the order of rounds and of the pads
  std::string repository = {};           // a folder whose git commit is recorded; empty: none
  std::vector<std::string> inputs = {};  // files to hash before the first unit
  std::optional<RunToContinue> continues = {};
  MetricSources sources = {};                      // where numbers are read beside $VARVE_METRICS
  std::vector<std::string> same_metrics = {};      // counts or values that must agree between the sides
  std::vector<std::string> same_outputs = {};      // files, or "-", that must agree between the sides
  double tolerance = 0;                            // relative, of numbers in either
  std::string cache_state = {}, client_path = {};  // named by the user; empty: not named
};

// Told what happens while a run executes, on the thread that called run_benchmark.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void planned(int total_units) { (void)total_units; }
  // After the warm-up units: how many pairs a verdict is likely to take. Lines for a person, without line ends.
  virtual void forecast(const std::vector<std::string>& lines) { (void)lines; }
  // Which recorder watches a unit that is about to start, and why: a line for a person.
  virtual void recording(const std::string& line) { (void)line; }
  // Something about the run as a whole that is said once: a line for a person.
  virtual void remark(const std::string& line) { (void)line; }
  // `index` counts from 0; evidence units come after the planned total and raise it.
  virtual void unit_started(int index, int total_units) { (void)index, (void)total_units; }
  // The last unit of `run` is there, and all before it. An Error ends the run: what is measured cannot be kept.
  virtual Status unit_finished(const Run& run) {
    (void)run;
    return Done{};
  }
  // The program's stdout and stderr, as they come.
  virtual void output(std::string_view bytes) { (void)bytes; }
};

// Executes the plan and returns its document. An Error only when the plan is bad and nothing could be measured: no
// command, a program that is not on PATH, counts out of range, a run to continue that was another. A command that
// fails, hangs or is killed, a metrics line that cannot be read and Ctrl-C end the run early: the Run has complete =
// false, a reason, a finding, and every unit measured so far. Installs a handler for SIGINT and SIGTERM while it runs
// and restores the old ones. Not re-entrant: one run at a time in a process.
Result<Run> run_benchmark(const RunPlan& plan, const World& world, RunObserver& observer);

}  // namespace varve
