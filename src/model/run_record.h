#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/components.h"
#include "model/conditions/unit_conditions.h"
#include "model/finding.h"
#include "model/kernels/profile.h"
#include "model/setup/run_setup.h"
#include "model/stack.h"
#include "model/unit_recording.h"
#include "model/window.h"

namespace varve {

// `unknown` where the program did not say so and neither unit nor name tell: then no side is called better.
enum class Better { higher, lower, unknown };

// How the several values of one metric in a unit became one number.
enum class Combined { none, sum, mean, median, highest, lowest, rate };

// One number of one unit. What the program wrote several times was made one, which `combined` tells.
struct Metric {
  std::string name;  // "tokens/s", or one of built_in_metrics()
  std::string unit;  // "1/s", "s"; may be empty
  Better better = Better::lower;
  double value = 0;
  int count = 1;
  std::optional<double> work{};  // done for it in the whole unit: tokens, samples, steps; where the program says so
  Combined combined = Combined::none;
  std::string source{};  // where it was read, where that is not $VARVE_METRICS: "output", "redis-benchmark CSV"
};

enum class UnitRole {
  warmup,    // executed and kept, never part of a verdict
  timing,    // what the verdict rests on
  evidence,  // executed with a recorder, which costs time; never part of a verdict
};

// What gives a reader cause to distrust a unit.
enum class Mark {
  steal,          // the hypervisor gave much of the CPUs to others
  switches,       // it had to share its CPUs with other threads
  others,         // other programs took the CPUs
  throttled,      // CPUs or a GPU were slowed down for heat or power
  slow_clock,     // CPUs or a GPU ran at a lower clock than in the other units
  foreign_gpu,    // another program was on its GPU
  paging,         // it waited for pages to come from a disk
  leftovers,      // processes that it had started outlived it
  unknown_use,    // it could not be waited for: its resources are not known
  first_of_side,  // caches may have been cold
};
struct UnitMark {
  Mark mark = Mark::steal;
  std::string text;  // "machine steal 12 %"
  bool operator==(const UnitMark&) const = default;
};

// How a unit's process ended.
struct UnitEnd {
  int exit_code = 0;           // meaningful when signal is 0 and it did not time out
  int signal = 0;              // the signal that ended it
  bool timed_out = false;      // Varve ended it at --timeout
  bool interrupted = false;    // the user pressed Ctrl-C, or a scheduler ended the job
  bool server_failed = false;  // the server that it was a client of ended before it did

  bool ok() const { return exit_code == 0 && signal == 0 && !timed_out && !interrupted && !server_failed; }
};

// One execution of a variant's command in a fresh process group.
struct Unit {
  std::string variant;  // "A", "B", …
  UnitRole role = UnitRole::timing;
  int index = 0;               // in the order of execution, from 0
  int block = 0;               // of two rounds, from 0; warm-up and evidence units: -1
  int position = 0;            // inside the block: 0 to 3 for two variants
  int pair = -1;               // the round it belongs to, a unit of each variant, from 0; -1 when it has no partner
  double started_seconds = 0;  // since the run began, monotonic clock
  UnitEnd end;
  double wall_seconds = 0;
  double user_seconds = 0;
  double system_seconds = 0;
  std::optional<double> steal_seconds;             // of the whole machine while the unit ran (/proc/stat, 10 ms steps)
  std::optional<std::uint64_t> peak_memory_bytes;  // largest resident set of any one process; see peak_memory_note
  std::string peak_memory_note;                    // why it is missing
  std::uint64_t involuntary_switches = 0;          // context switches forced upon it
  int environment_pad = 0;      // bytes of VARVE_PAD put into its environment: Mytkowicz et al. 2009 (STATS 1)
  std::vector<Metric> metrics;  // as the program wrote them, in order of first appearance
  // Why there are fewer metrics than were asked for, or none: "the program wrote nothing to $VARVE_METRICS".
  std::string metrics_note;
  std::string work_fault;            // what was counted and what was timed do not fit together; empty: they do
  std::vector<OutputCheck> outputs;  // those that the user named
  UnitConditions conditions;
  // What the primary metric speaks of, and so does the profile of CPU samples. Nothing: all of the unit.
  std::optional<MeasuredWindow> window;
  std::string window_fault;                // why the window that the program wrote is not used
  std::optional<int> threads_at_work;      // with a fair part of the window's CPU samples; nothing: none was seen
  std::string cpus;                        // that CPU samples found it on: "0-3,8"; empty: not known
  std::string cpus_allowed;                // that its first process might run on at its end; empty: not known
  std::vector<Library> libraries;          // mapped while it ran, sorted by path; empty: nobody looked
  Profiles profiles;                       // what ran, by the ids of Run::kernels
  std::vector<UnitMark> marks;             // why a reader may distrust it; never dropped for it
  std::optional<UnitRecording> recording;  // of an evidence unit
  std::optional<ServerUse> server;         // of the server that it was a client of
};

// One side of a run: what was executed.
struct Variant {
  std::string name;                                // "A", "B", …
  std::vector<std::string> command;                // redacted, home shortened
  std::map<std::string, std::string> environment;  // what --against-env set for this side; redacted
  std::map<std::string, Fact> settings;            // the dispatch settings in force: allow-list, by variable name
  std::string program;                             // path of the executable, resolved on PATH, home shortened
  std::string program_digest;                      // SHA-256 of the file, empty when unreadable
  std::vector<NamedFile> files;                    // in the order of the arguments
  std::optional<int> other_variables;              // set for its units and not in the allow-list: by number alone
  std::vector<RecorderChoice> recorders;           // in the order in which they were considered
  std::map<std::string, Fact> framework;           // what frameworks were told, by the ids of data/framework_facts.json
  std::optional<ImportedPackages> packages;        // nothing: no Python was seen
  std::string label;                               // what the plan calls it: "torch 2.15"; empty: nothing
  std::string directory;                           // its units started in, home shortened; empty: where Varve did
  std::optional<ServerSetup> server;               // nothing: its units are no clients
  ScannedValues scanned;                           // what the plan put in the place of "{batch}" and the like
  std::optional<Toolkit> toolkit;                  // the CUDA toolkit that its variables lead to; nothing: none
  std::optional<ContainerImage> image;             // nothing: its command runs in none
};

// How the run was executed, fixed before it starts.
struct Protocol {
  int units = 0;               // a side
  int warmup = 0;              // a side
  double margin = 0.01;        // equivalence margin, as a fraction
  double timeout_seconds = 0;  // a unit; 0 is none
  std::string order;           // "A", "drawn pairs", "drawn Williams squares of 3": harness/plan.h; once "ABBA"
  std::string primary_metric;  // resolved: named by --metric, else the first the program wrote, else "wall time"
  std::uint64_t seed = 0;      // of the order of rounds and of the environment pads
  std::string metric_note;  // why the primary metric is what it is, where nobody named it and it is not the program's
  std::vector<std::string> work_metrics;  // counts that must agree between the sides before rates are compared
  std::vector<std::string> outputs;       // files, or "-", that must agree between the sides
  double output_tolerance = 0;            // relative, of numbers in them
  std::string cache_state;                // named by the user: "warm", "flushed", "rotated"; empty: not named
  std::string client_path;                // how clients reach what is measured: "loopback HTTP"; empty: not named
  ProtocolRules rules{};
};

// A line of the text that belongs beside a published number.
struct CardLine {
  std::string name, text;
};

// The document of one benchmark.
struct Run {
  std::string name;
  std::string created_at;  // RFC 3339, UTC
  std::string tool_version;
  Protocol protocol;
  Stack stack;                            // before the first unit
  std::vector<FactChange> stack_changes;  // between before the first unit and after the last
  std::vector<Variant> variants;          // A first, which the others are compared with
  std::vector<Unit> units;                // in the order of execution
  KernelTable kernels;                    // of the profiles of all units
  std::vector<Canary> canaries;           // between units
  std::vector<Finding> findings;
  std::vector<CardLine> card;                  // made when the run was finished; empty in older documents
  bool complete = true;                        // every planned unit ran and ended well
  std::string incomplete_reason;               // why not
  std::optional<WorkloadSource> source;        // what an experiment file says the workload is made of
  std::vector<NamedFile> inputs;               // that it names, hashed before the first unit
  std::vector<RunContinuation> continuations;  // each time it was taken up again
};

// The command line of a side as a shell would take it, with what was set for it and before all what the plan calls it:
// "K=V program --x", "torch 2.15: VIRTUAL_ENV=~/new python3 x.py" (the PATH of a virtual environment is left out).
std::string command_text(const Variant& variant);

// The metrics that Varve measures itself: "wall time", "CPU time", "peak memory" and, of GPUs, "GPU memory".
const std::vector<std::string>& built_in_metrics();
bool is_built_in_metric(std::string_view name);

// The value of a metric of a unit: one of its own, or a built-in one. Nothing when it has none.
std::optional<Metric> find_metric(const Unit& unit, const std::string& name);

// What the fixed products between units took on each GPU, in the order in which they were taken, by its address.
std::map<std::string, std::vector<double>> products_by_gpu(const Run& run);

std::string_view to_string(UnitRole role);
std::string_view to_string(Mark mark);
std::string_view to_string(Better better);
std::string_view to_string(Combined combined);
std::string_view to_string(WarmupRule rule);

}  // namespace varve
