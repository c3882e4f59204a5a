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
  not_measured,       // the numbers are not of the same thing
};

// Whether the numbers may be compared (DISCLOSURE part 3).
enum class Control {
  controlled,            // exactly what is under test differs
  controlled_with_gaps,  // nothing else is known to differ, but not everything is known
  confounded,
  undecidable,   // a GPU was used, and what decides which kernels can run is not known
  not_measured,  // the numbers are not of the same thing: other work, units that failed, two benchmarks
};

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

// Things that moved together, as one variable: the packages of another environment, both halves of a driver.
struct BundleMember {
  std::string name;     // "torch", "GPU user driver (libcuda)"
  std::string a, b;     // versions; empty: not on this side
  std::string because;  // the member that asks for it ("torch"); empty: nobody that is known
};
struct Bundle {
  std::string item;                   // id of the item that it is about: "packages"
  std::string title;                  // "torch 2.1.2 → 2.15.0 and what came with it"
  std::vector<BundleMember> members;  // frameworks first, then kernel libraries, runtimes, the rest
  bool under_test = false;
  std::vector<std::string> follows{};  // ids of other items that are about it
  std::string unknown{};               // why its members are not known; empty: they are
};

struct SideSummary {
  std::string label;  // "A" or the file's name
  std::string command;
  int units = 0;
  double spread = 0;  // standard deviation of ln(value); meaningless with one unit
};

// The primary metric on both sides. Ratios are B / A; log ratios one a pair that counts.
struct MetricComparison {
  std::string metric, unit;
  Better better = Better::lower;
  bool paired = true;
  int pairs = 0;  // that count: of units, or of blocks; when unpaired those of the smaller side
  // One server served the units of a block: `pairs`, `log_ratios` and the spread are of means over blocks.
  bool by_block = false;
  double a_median = 0, b_median = 0;
  std::vector<double> log_ratios;  // ln(B/A) of each pair; empty when unpaired
  Estimate ratio;                  // B / A with the 95 % interval
  Interval ratio_90;               // the interval the equivalence test uses
  double pair_spread = 0;          // standard deviation of the log ratios
  double margin = 0.01;
  Speed speed = Speed::ambiguous;
  std::optional<int> pairs_needed;  // for a verdict at 90 % power if the estimate holds; nothing when one was reached
};

enum class KernelState {
  same,
  changed,
  replaced,
  recoded,  // the same name, and other code: another build of its library, or another library
  appeared,
  vanished,
  nameless,  // code of a library without symbols: which function ran is not known
  unseen,    // rows that one side did not show, none of which can be told from chance
  remainder,
};

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
  // The same share in log points of the metric: all of them sum to ln(X_B / X_A) of X = 1 / T, where T is the account's
  // time for a piece of work (STATS 4.2).
  std::optional<double> points{};
  std::string detail{};               // of an operation: "aten::…_math → aten::…_flash_attention_for_cpu"
  std::vector<KernelChange> parts{};  // of an operation: its kernels, which sum to it
};

// The change of one quantity a unit, as one witness saw it, split over kernels so that the rows sum to the total.
struct KernelAccount {
  ProfileKind kind;
  bool available = false;  // false: `why` says what is missing
  int pairs = 0;
  bool by_block = false;  // they are blocks, of units that share a server
  Estimate total;         // mean over the pairs of B − A, seconds a unit
  double a_seconds = 0, b_seconds = 0;
  std::vector<KernelChange> rows;  // largest |change| first; the last one is the remainder: "(not sampled)"
  std::string shares_withheld;     // why there are no shares; empty when there are
  std::string why;                 // why there is no account
  std::vector<std::string> notes;  // scope of the witness, lost samples, …
  // The rows that were replaced, appeared or vanished, taken together: what the exchange of kernels explains.
  std::optional<Estimate> exchanged_share;
  bool by_operation = false;     // rows are operations with their kernels as parts; else kernels
  bool explains_metric = false;  // it is of what the metric speaks of, and of no more
  bool recorded = false;         // by one unit a side that a recorder watched: no intervals, no shares
  std::string of{};              // "of the part of each unit that tokens/s speaks of", "a unit"
};

struct Comparison {
  std::string created_at;
  std::string tool_version;
  std::string title;         // the benchmark and what changed
  std::string benchmark{};   // "attention.py"
  std::string change{};      // "torch 2.1.2 → 2.15.0 and what came with it"; empty: nothing did
  bool one_document = true;  // both sides stand in one interleaved run
  SideSummary a, b;
  MetricComparison primary;
  std::vector<MetricComparison> others;  // exploratory: wall time, CPU time, further metrics
  std::vector<ControlItem> items;        // everything in the control set
  Control control = Control::controlled;
  std::vector<std::string> variable;    // ids of the items under test
  std::vector<Bundle> bundles{};        // differences that are one, member by member
  std::vector<KernelAccount> accounts;  // one a witness and quantity, side by side; that of CPU time first
  std::vector<Finding> findings;
  std::string metric_note{};     // why the primary metric is wall time, where the program wrote none
  std::string without_marked{};  // what the result is without marked units, as a sentence; empty: none is marked
  std::string verdict;           // one sentence
  std::string quote{};           // the strongest sentence that these numbers bear
  std::vector<std::string> explanations{};  // what explains most of the change, in words: at most three
  std::vector<std::string> assumptions{};   // what a single number of these takes for granted
  std::vector<std::string> reasons;         // why, and what would decide: for --explain
};

std::string_view to_string(Speed speed);
std::string_view to_string(Control control);
std::string_view to_string(ItemState state);
std::string_view to_string(KernelState state);
std::string speed_title(Speed speed);  // for people
// The same in the words of what is measured: of bytes a side is smaller or larger, and not faster or slower.
std::string speed_title(const MetricComparison& metric);
std::string better_word(const MetricComparison& metric);  // "faster", "smaller"
std::string worse_word(const MetricComparison& metric);
std::string control_title(Control control);

// What a verdict counts: pairs of units, or blocks where the units of one share a server.
std::string pair_noun(const MetricComparison& metric, int count);  // "pair", "pairs", "block", "blocks"
std::string pairs_text(const MetricComparison& metric);            // "10 pairs", "5 blocks with a server each"
std::string pairs_heading(const MetricComparison& metric);  // of a column: "pairs", "blocks"; not in turns: "units"

}  // namespace varve
