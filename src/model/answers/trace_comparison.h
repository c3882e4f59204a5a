#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/comparison.h"
#include "model/kernels/profile.h"

namespace varve {

// What happened to kernels between two traces.
enum class Exchange {
  same,          // the same kernel; of copies and collectives: the same name
  other_launch,  // the same name and code, and another grid, block or shared memory
  // The same name, and it was compiled anew or is another variant: other registers, or of what a compiler writes for
  // the program also another block or shared memory, or another grid for the same shapes.
  other_code,
  replaced,  // others came for it
  appeared,  // in B alone
  vanished,  // in A alone
};

// Why a replacement is taken for one.
enum class ExchangeReason {
  none,
  operation,  // they serve one operation
  fusion,     // the name of the one kernel lists what the several others of its place do
  work,       // they compute one product with one set of shapes, by names of two frameworks
  compiled,   // code that was compiled for the program took over all of them
  position,   // they stand between the same neighbours
};

// What a change came of: how often something ran, and how long each time; without a remainder (stats/log_mean.h). In
// nanoseconds of one unit.
struct ChangeParts {
  double calls_ns = 0, each_ns = 0;
};

// What happened in the same way to the same kernels, wherever it did. Amounts are sums over what was compared; of a
// comparison per step they are of `units` steps (TraceComparison::a.units).
struct ExchangeGroup {
  Part part = Part::kernel;  // kernel, collective or copy
  Exchange exchange = Exchange::same;
  ExchangeReason reason = ExchangeReason::none;
  std::string operation;                           // that they serve, without shapes; empty: not known
  std::vector<std::string> a, b;                   // what ran each time, in its order
  std::vector<std::int64_t> each_a_ns, each_b_ns;  // how long each of these took, all times together
  // The place in each list of what takes most, with all that ran inside of it.
  std::size_t a_main = 0, b_main = 0;
  std::string detail;  // "registers 32 → 64"
  // What the kernel that takes most computes in, "fp32", and the file it came from; empty: not told.
  std::string a_precision, b_precision, a_library, b_library;
  std::uint64_t a_times = 0, b_times = 0;
  std::int64_t a_ns = 0, b_ns = 0;
  std::optional<ChangeParts> change;  // of one kernel that ran on both sides
};

// The lines of the account, in the order in which they are shown.
enum class AccountLineKind {
  same,
  other_launch,
  other_code,
  replaced,
  appeared,
  vanished,
  collective,  // transferring and waiting, where nobody can tell them apart
  transfer,    // of collectives what the rank took that was in it shortest
  waiting,     // of collectives what they waited for the rank that came last
  copy,
  // Below zero: what ran while something else did, which would otherwise count twice.
  overlap,             // kernels beside kernels
  overlap_collective,  // collectives beside kernels, or each other
  overlap_copy,        // copies beside anything
  idle_launch,
  idle_synchronise,
  idle_host,
  idle,
};

// One part of the window. All lines of a side sum to its window, to the nanosecond.
struct AccountLine {
  AccountLineKind kind = AccountLineKind::same;
  std::int64_t a_ns = 0, b_ns = 0;
  std::uint64_t a_items = 0, b_items = 0;  // kernels, collectives or copies; 0 of what has none
};

// An operation of the framework with everything that ran for it.
struct OperationChange {
  std::string name;  // without shapes; empty: what ran for none that is known
  std::int64_t a_ns = 0, b_ns = 0;
  std::uint64_t a_items = 0, b_items = 0;
};

// One device of a rank on both sides; amounts are of all of its trace.
struct RankChange {
  std::int32_t rank = -1, device = -1;                    // of A, or of B where A has none; -1: not told
  std::int64_t a_window_ns = 0, b_window_ns = 0;          // 0: this side does not show it
  std::int64_t a_items_ns = 0, b_items_ns = 0;            // of kernels
  std::int64_t a_collective_ns = 0, b_collective_ns = 0;  // waiting included
  std::int64_t a_waiting_ns = -1, b_waiting_ns = -1;      // of these; -1: not known
};

// A number of each side, of all of its trace; nothing where the trace does not tell.
struct TraceMeasure {
  enum class Unit { count, time, share };  // time in nanoseconds

  std::string id;  // "launches", "tensor_cores"
  Unit unit = Unit::count;
  std::optional<double> a, b;
};

// A release that is known to choose other kernels, and that the two sides are on either side of.
struct KnownChange {
  std::string id, component, a, b;  // "cudnn", "8.9.2", "9.1.0"
  std::string change, source;
};

struct TraceSideSummary {
  std::string label;           // the file's name, or the folder's
  std::string format;          // "Kineto (Chrome trace JSON)"
  std::string device;          // "Tesla V100-DGXS-32GB"; empty: not told
  std::uint64_t files = 1;     // of several ranks
  std::uint64_t units = 1;     // steps that the amounts are of; 1 where all of the trace was compared
  std::uint64_t steps = 0;     // complete ones that were found
  std::int64_t window_ns = 0;  // of all devices together; 0: not known
  std::int64_t items_ns = 0;   // of kernels, or of operations, their own time
  std::uint64_t items = 0;
  std::int64_t with_operation_ns = 0;  // of items_ns what belongs to a known operation
  std::int64_t matched_ns = 0;         // of items_ns what has a counterpart by name or by operation
  std::int64_t compiling_ns = 0;       // of items_ns what went into compiling the program
  std::uint64_t not_in_steps = 0;      // kernels that a comparison per step left out
  // Of all of the trace, whatever is compared of it; collectives are among its items.
  std::int64_t trace_window_ns = 0, trace_items_ns = 0;
};

// Two traces beside each other: what changed, and how the change adds up. No verdict on speed: there are no pairs.
struct TraceComparison {
  enum class Basis {
    steps,   // as many steps on both sides: all of both traces, step by step
    a_step,  // other numbers of steps: what a complete step came to
    whole,   // no steps on at least one side: all of both traces as one sequence
    totals,  // at least one side tells no order: by name and operation alone
  };

  std::string created_at, tool_version;
  TraceSideSummary a, b;
  Basis basis = Basis::whole;
  std::string basis_detail;    // why: "6 steps each, marked by ProfilerStep#N"
  bool of_operations = false;  // no kernel was seen: operations take their place
  std::vector<AccountLine> lines;
  std::vector<ExchangeGroup> groups;        // by falling change
  std::vector<OperationChange> operations;  // by falling change; empty where none is known
  std::vector<RankChange> ranks;            // by rank; empty where neither side shows several
  std::vector<TraceMeasure> measures;       // side by side
  std::string collectives_detail;           // what can be told of waiting; empty where there are no collectives
  std::vector<ControlItem> facts;           // what the traces disclose of the stacks, in the order of the catalogue
  std::vector<KnownChange> known_changes;   // of releases, for exactly the steps between the two stacks
  std::vector<std::string> remarks;         // what a reader must know of the traces
};

// Amounts of a side for one unit, in nanoseconds.
inline double for_one(std::int64_t ns, const TraceSideSummary& side) {
  return static_cast<double>(ns) / static_cast<double>(side.units);
}

}  // namespace varve
