#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/answers/rank_report.h"
#include "model/fact.h"
#include "model/kernels/profile.h"

namespace varve {

// A part of a trace that was passed over.
struct TraceDamage {
  std::uint64_t at = 0;  // byte of the trace, inflated
  std::string what;
};

// Why a trace holds no kernel.
enum class KernelAbsence {
  none_absent,    // it holds some
  not_traced,     // its witness did not record them, or does not say that it did
  none_launched,  // it recorded them, and nothing was launched
  lost,           // things were launched whose kernels are not there, or a part of the trace is missing
};

// What can be told of how whole a trace is. Kernels are those of devices, collectives among them.
struct TraceTally {
  std::uint64_t events = 0;  // of all kinds
  std::uint64_t launches = 0, kernels = 0;
  std::int64_t kernels_ns = 0;                // as the trace tells them
  std::uint64_t launches_without_kernel = 0;  // that started nothing that is known
  std::uint64_t kernels_before_window = 0;    // launched before the first call that was seen: the first of their stream
  std::uint64_t kernels_without_launch = 0;   // any others that no call started, where calls were traced
  std::uint64_t kernels_in_graphs = 0;        // of which only the region is known that launched the graph
  std::uint64_t zero_durations = 0;           // kernels that took no time
  std::uint64_t impossible_durations = 0;     // kernels that ran on after their successor on the stream had begun
  std::int64_t before_window_ns = 0, without_launch_ns = 0, in_graphs_ns = 0;
  std::int64_t impossible_ns = 0;      // of kernels_ns
  std::int64_t resolution_ns = 0;      // no time is told finer; 0: not known
  std::uint64_t left_out = 0;          // events beyond those that a timeline holds
  std::uint64_t environments = 0;      // environments of processes that it holds: not fit to be published
  bool capped = false;                 // it ends at a round number of events
  std::vector<std::string> sentences;  // all of this that a reader must know, for people; none when all is well
};

// A step of the program: one round of what repeats.
struct TraceStep {
  std::string name;
  std::int64_t start_ns = 0, length_ns = 0;
  std::int64_t kernel_ns = 0;  // time of kernels that its operations started, or that ran in it where links are missing
  std::map<Part, std::int64_t> parts;  // of every device: they sum to its length, as often as there are devices
  bool complete = true;                // its beginning and its end lie in the window
};

struct TraceSteps {
  enum class Found { annotated, repeated, none };
  Found found = Found::none;
  std::string detail;  // the annotation, the period in kernels, or why there are none
  std::vector<TraceStep> steps;
  bool cut_to = false;  // what was counted is from the first that is complete to the last
  // Of whole rounds behind those that are listed, which are too many: when the last ends, how long they ran. While a
  // trace is read; no document has it.
  std::int64_t unlisted_end_ns = 0, unlisted_ns = 0;
};

// Where the window of one device went.
struct DividedWindow {
  std::int32_t rank = -1, device = -1;  // -1: not told
  std::map<Part, std::int64_t> parts;   // they sum to its length
};

// A trace that was read.
struct TraceSource {
  std::string file;                   // its name, without folders
  std::string format;                 // "perf script"
  std::map<std::string, Fact> facts;  // what it discloses of the stack under it
  std::uint64_t damaged = 0;          // parts that were passed over
  std::vector<TraceDamage> damage;    // the first of them
  std::int32_t rank = -1, ranks = 0;  // -1 and 0: not told
  KernelAbsence absence = KernelAbsence::none_absent;
  TraceTally tally;
  TraceSteps steps;
  std::vector<DividedWindow> windows;  // of its devices, where a timeline is known
};

// What `varve kernels` found: the traces, and what ran in all of them together.
struct KernelsRecord {
  std::string tool_version;
  std::vector<TraceSource> sources;
  ProfileRecord record;
  RankReport ranks;  // what they waited for; without ranks where no two were read together
};

// Adds the traces of another record behind its own, and what ran in them to what ran. What ranks waited for is a matter
// of all ranks together: it is dropped.
void merge(KernelsRecord& into, KernelsRecord&& from);

// Whether it tells what ran: kernels, code of a CPU, operations, or that nothing was launched where that was looked
// for.
bool has_evidence(const KernelsRecord& record);

}  // namespace varve
