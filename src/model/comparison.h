#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/run_record.h"

namespace varve {

// An estimate with its 95 % interval. Unbounded sides are infinite.
struct Interval {
  double low = 0, high = 0;
};
struct Estimate {
  double value = 0;
  Interval interval;
};

// What the numbers say (STATS 3). B against A, in the direction that the metric calls better.
enum class Speed {
  faster,  // 95 % interval beyond the margin
  slower,
  faster_touching_margin,  // 95 % interval excludes no change, but its edge touches the margin
  slower_touching_margin,
  same,               // 90 % interval inside the margin (TOST)
  ambiguous,          // none of these: more pairs are needed
  too_few,            // fewer than five pairs
  order_confounded,   // one side was measured before the other: no verdict on speed is given
  no_spread,          // a single unit on a side
  direction_unknown,  // 95 % interval excludes no change, but whether more or less is better is not known
  noise,              // nothing was changed, yet the 95 % interval excludes no change
  not_measured,       // the sides did not do the same work, or computed something else: the numbers say nothing
};

// Whether the numbers may be compared (DISCLOSURE part 3).
enum class Control { controlled, controlled_with_gaps, confounded, undecidable };

// What happened to one thing that must be the same on both sides.
enum class ItemState {
  same,
  shared,  // both sides ran on one machine, interleaved: it cannot differ between them, known or not
  different,
  follows,  // differs because the variable under test made it differ (a library that a setting selects)
  unknown,  // missing on at least one side: never counted as same
  not_applicable,
};

struct ControlItem {
  std::string id;  // "cpu.model", "settings.OPENBLAS_CORETYPE", "library.libopenblas.so.0", "program"
  Layer layer = Layer::hardware;
  std::string title;
  std::string a, b;  // as text for people, with the reason where missing
  ItemState state = ItemState::same;
  bool under_test = false;
  // What of the difference is not recorded ("what differs inside it is not recorded"): such a difference confounds by
  // itself. Empty when it is known whole.
  std::string unrecorded{};
};

struct SideSummary {
  std::string label;  // "A" or the file's name
  std::string command;
  int units = 0;
  double spread = 0;  // standard deviation of ln(value); meaningless with one unit
};

// The primary metric on both sides. Ratios are B / A; log ratios one a pair.
struct MetricComparison {
  std::string metric, unit;
  Better better = Better::lower;
  bool paired = true;
  int pairs = 0;  // or the smaller side's units when unpaired
  double a_median = 0, b_median = 0;
  std::vector<double> log_ratios;  // ln(B/A) of each pair; empty when unpaired
  Estimate ratio;                  // B / A with the 95 % interval
  Interval ratio_90;               // the interval the equivalence test uses
  double pair_spread = 0;          // standard deviation of the log ratios
  double margin = 0.01;
  Speed speed = Speed::ambiguous;
  std::optional<int> pairs_needed;  // for a verdict at 90 % power if the estimate holds; nothing when one was reached
};

enum class KernelState { same, changed, replaced, appeared, vanished, remainder };

// A group of kernels matched between the sides, and its part in the change of an account.
struct KernelChange {
  std::string label;  // "sgemm_kernel: HASWELL → COOPERLAKE", "gelu"
  KernelState state = KernelState::same;
  Family family = Family::other;
  std::string library;                  // name of the file, without folders
  std::vector<std::string> a, b;        // kernel names of either side
  double a_seconds = 0, b_seconds = 0;  // mean seconds a unit
  Estimate change;                      // mean over the pairs of (B − A) seconds a unit
  double sampling_error = 0;            // standard error of `change` from counting samples alone, seconds
  // Of the total change: ratio of means over pairs with Fieller's interval. Only where it says something: narrower than
  // itself, and no more than twice the whole.
  std::optional<Estimate> share;
};

// The change of one quantity a unit, as one witness saw it, split over kernels so that the rows sum to the total.
struct KernelAccount {
  ProfileKind kind;
  bool available = false;  // false: `why` says what is missing
  int pairs = 0;
  Estimate total;  // mean over the pairs of B − A, seconds a unit
  double a_seconds = 0, b_seconds = 0;
  std::vector<KernelChange> rows;  // largest |change| first; the last one is the remainder: "(not sampled)"
  std::string shares_withheld;     // why there are no shares; empty when there are
  std::string why;                 // why there is no account
  std::vector<std::string> notes;  // scope of the witness, lost samples, …
  // The rows that were replaced, appeared or vanished, taken together: what the exchange of kernels explains.
  std::optional<Estimate> exchanged_share;
};

struct Comparison {
  std::string created_at;
  std::string tool_version;
  std::string title;
  bool one_document = true;  // both sides stand in one interleaved run
  SideSummary a, b;
  MetricComparison primary;
  std::vector<MetricComparison> others;  // exploratory: wall time, CPU time, further metrics
  std::vector<ControlItem> items;        // everything in the control set
  Control control = Control::controlled;
  std::vector<std::string> variable;    // ids of the items under test
  std::vector<KernelAccount> accounts;  // one a witness and quantity, side by side; that of CPU time first
  std::vector<Finding> findings;
  std::string metric_note;     // why the primary metric is wall time, where the program wrote none
  std::string without_marked;  // what the result is without marked units, as a sentence; empty: none is marked
  std::vector<std::string> not_measured;  // why the numbers say nothing about speed; empty: they do
  std::string verdict;                    // one sentence
  std::vector<std::string> reasons;       // why, and what would decide: for --explain
};

std::string_view to_string(Speed speed);
std::string_view to_string(Control control);
std::string_view to_string(ItemState state);
std::string_view to_string(KernelState state);
std::string speed_title(Speed speed);  // for people
std::string control_title(Control control);

}  // namespace varve
