#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/readings/output_equality.h"
#include "harness/sources/metric_sources.h"
#include "model/run_record.h"

namespace varve {

// What to execute once.
struct UnitRequest {
  std::string program;                                    // path of the executable
  const std::vector<std::string>* command = nullptr;      // arguments, the program's name first; not owned
  const std::vector<std::string>* environment = nullptr;  // "NAME=VALUE"; not owned
  int environment_pad = 0;                                // bytes of VARVE_PAD to add
  double timeout_seconds = 0;                             // 0 is none
  std::string window_metric;                              // whose window is that of the unit; "": of the first written
  std::function<void(std::string_view)> output;           // gets stdout and stderr as they come; may be empty
  const MetricSources* sources = nullptr;  // where numbers are read beside $VARVE_METRICS; not owned, none: nowhere
  OutputWatch* outputs = nullptr;          // holds outputs against those of other units; not owned, may be none
  int watched = -1;                        // a descriptor to watch while the unit runs; -1: none. Lent
  std::function<void()> readable;          // called whenever it can be read
};

// What became of it. Times are in seconds of CLOCK_MONOTONIC and CPU time; fields named as in Unit mean the same.
struct UnitOutcome {
  std::string not_started;  // why the program could not be started at all; "" when it was
  UnitEnd end;
  double started_at = 0;  // on the monotonic clock
  double wall_seconds = 0;
  double user_seconds = 0;
  double system_seconds = 0;
  std::optional<double> steal_seconds;
  std::optional<std::uint64_t> peak_memory_bytes;
  std::string peak_memory_note;
  std::uint64_t involuntary_switches = 0;
  Result<std::vector<Metric>> metrics = std::vector<Metric>{};
  std::string metrics_note;
  std::string work_fault;
  std::vector<OutputCheck> outputs;
  UnitConditions conditions;
  std::optional<MeasuredWindow> window;
  std::string window_fault;
  std::optional<int> threads_at_work;
  std::string cpus;
  std::string cpus_allowed;
  std::vector<Library> libraries;
  ProfileRecord seen;  // of each profile without its window and whole
  std::vector<UnitMark> marks;
  std::string last_output;  // up to 8 KiB, raw
};

// Executes units one at a time. The scheduler's tests put a fake in its place.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual UnitOutcome execute(const UnitRequest& request) = 0;
  // A fixed piece of work between units, where there is one.
  virtual std::optional<Canary> canary() { return std::nullopt; }
};

}  // namespace varve
