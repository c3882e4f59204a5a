#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/conditions/fixed_products.h"
#include "harness/marks/marked_steps.h"
#include "harness/process/server_process.h"
#include "harness/readings/output_equality.h"
#include "harness/sources/metric_sources.h"
#include "model/run_record.h"

namespace varve {

// What to execute once.
struct UnitRequest {
  std::string program;                                    // path of the executable
  const std::vector<std::string>* command = nullptr;      // arguments, the program's name first; not owned
  const std::vector<std::string>* environment = nullptr;  // "NAME=VALUE"; not owned
  std::string directory;                                  // to start in; empty: Varve's
  int environment_pad = 0;                                // bytes of VARVE_PAD to add
  std::optional<int> server;                              // the key of the started server that it is a client of
  double timeout_seconds = 0;                             // 0 is none
  std::string window_metric;                              // whose window is that of the unit; "": of the first written
  std::function<void(std::string_view)> output;           // gets stdout and stderr as they come; may be empty
  // Takes out what is not the program's own before anybody else gets it (RecordedUnit::output); may be empty.
  std::function<std::string_view(std::string_view)> own_output;
  std::string output_variable;  // the program is told by it which pipe its output goes to (SpawnPlace); "": it is not
  const MetricSources* sources = nullptr;  // where numbers are read beside $VARVE_METRICS; not owned, none: nowhere
  MarksAsked marks = MarksAsked::nothing;
  OutputWatch* outputs = nullptr;  // holds outputs against those of other units; not owned, may be none
  int watched = -1;                // a descriptor to watch while the unit runs; -1: none. Lent
  std::function<void()> readable;  // called whenever it can be read
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
  std::vector<Stretch> stretches;  // of the window, on the monotonic clock; none without one
  std::string window_fault;
  double telling_seconds = 0;  // what telling of its marks cost it, at most, where the window is theirs
  std::optional<int> threads_at_work;
  std::string cpus;
  std::string cpus_allowed;
  std::vector<Library> libraries;
  ProfileRecord seen;  // of each profile without its window and whole
  std::vector<UnitMark> marks;
  std::optional<ServerUse> server;
  std::string server_fault;    // how the server ended, where it did before the unit
  std::string interrupted_by;  // where end.interrupted: "the user (SIGINT)"
  std::string last_output;     // up to 8 KiB, raw
};

// Executes units one at a time. The scheduler's tests put a fake in its place.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual UnitOutcome execute(const UnitRequest& request) = 0;
  // A fixed piece of work between units, where there is one.
  virtual std::optional<Canary> canary() { return std::nullopt; }
  // CPU time between two samples of what runs; 0: none are taken. Once stopped they stay so.
  virtual double seconds_between_samples() const { return 0; }
  virtual void stop_sampling(const std::string& why) { (void)why; }
  // What units of the warm-up showed of stacks is heeded from now on.
  virtual void settle_sampling() {}
  // A fixed product on GPUs, between units.
  virtual GpuProducts gpu_products(const GpuProductsRequest& request) {
    (void)request;
    return {};
  }
  // A command that is not measured, before or after a unit: of the outcome only its end and last output are set.
  virtual UnitOutcome execute_aside(const UnitRequest& request) {
    (void)request;
    return {};
  }
  // Servers by keys of the caller's. All that still run are stopped with the executor.
  virtual Status start_server(int key, const ServerRequest& request) {
    (void)key, (void)request;
    return Done{};
  }
  virtual void stop_server(int key) { (void)key; }
};

}  // namespace varve
