#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/kernels/profile.h"
#include "model/setup/run_setup.h"
#include "model/stack.h"
#include "model/unit_recording.h"
#include "model/window.h"

namespace varve {

// `unknown` where the program did not say so and neither unit nor name tell: then no side is called better.
enum class Better { higher, lower, unknown };

// One number of one unit. Of a metric the program wrote several times, the median and how many there were.
struct Metric {
  std::string name;  // "tokens/s", or "wall time", "CPU time"
  std::string unit;  // "1/s", "s"; may be empty
  Better better = Better::lower;
  double value = 0;
  int count = 1;
  std::optional<double> work{};  // done for it in the whole unit: tokens, samples, steps; where the program says so
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
  // What the primary metric speaks of, and so does the profile of CPU samples. Nothing: all of the unit.
  std::optional<MeasuredWindow> window;
  std::string window_fault;                // why the window that the program wrote is not used
  std::optional<int> threads_at_work;      // with a fair part of the window's CPU samples; nothing: none was seen
  std::string cpus;                        // that CPU samples found it on: "0-3,8"; empty: not known
  std::string cpus_allowed;                // that its first process might run on at its end; empty: not known
  std::vector<Library> libraries;          // mapped while it ran, sorted by path
  Profiles profiles;                       // what ran, by the ids of Run::kernels
  std::vector<UnitMark> marks;             // why a reader may distrust it; never dropped for it
  std::optional<UnitRecording> recording;  // of an evidence unit
  std::optional<ServerUse> server;         // of the server that it was a client of
};

// A regular file that the command names as an argument ("train.py", "--config=a.yaml"), or an input of the workload.
struct NamedFile {
  int argument = 0;     // its place in Variant::command; -1: none
  std::string path;     // as it is named; redacted, home shortened
  std::string digest;   // SHA-256 before the first unit; empty when there is none
  std::string missing;  // why there is none
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
};

// How the run was executed, fixed before it starts.
struct Protocol {
  int units = 0;               // a side
  int warmup = 0;              // a side
  double margin = 0.01;        // equivalence margin, as a fraction
  double timeout_seconds = 0;  // a unit; 0 is none
  std::string order;           // "A", "ABBA", "mirrored Williams square of 3": harness/plan.h
  std::string primary_metric;  // resolved: named by --metric, else the first the program wrote, else "wall time"
  std::uint64_t seed = 0;      // of the environment pads
  ProtocolRules rules{};
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
  std::vector<Finding> findings;
  bool complete = true;                        // every planned unit ran and ended well
  std::string incomplete_reason;               // why not
  std::optional<WorkloadSource> source;        // what an experiment file says the workload is made of
  std::vector<NamedFile> inputs;               // that it names, hashed before the first unit
  std::vector<RunContinuation> continuations;  // each time it was taken up again
};

// The command line of a side as a shell would take it, with what was set for it: "K=V program --x".
std::string command_text(const Variant& variant);

// The value of a metric of a unit: one of its own, or the built-in "wall time" and "CPU time". Nothing when it has
// none.
std::optional<Metric> find_metric(const Unit& unit, const std::string& name);

std::string_view to_string(UnitRole role);
std::string_view to_string(Mark mark);
std::string_view to_string(Better better);
std::string_view to_string(WarmupRule rule);

}  // namespace varve
