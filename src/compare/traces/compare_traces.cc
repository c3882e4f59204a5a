#include "compare/traces/compare_traces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/version.h"
#include "compare/sequence/match_step.h"
#include "compare/traces/account_lines.h"
#include "compare/traces/common_names.h"
#include "compare/traces/group_tally.h"
#include "compare/traces/known_changes.h"
#include "compare/traces/rotate_steps.h"
#include "compare/traces/side_remarks.h"
#include "compare/traces/step_pairs.h"
#include "compare/traces/tally_totals.h"
#include "compare/traces/trace_facts.h"
#include "compare/traces/trace_measures.h"

namespace varve {

namespace {
using Basis = TraceComparison::Basis;
using Items = GroupTally::Items;

// Steps that were matched: the same step need not be matched twice.
class MatchedSteps {
 public:
  const StepMatch& match(std::vector<MatchStream>&& streams) {
    std::vector<Known>& known = by_hash_[hash_of(streams)];
    for (const Known& one : known) {
      if (equal(one.streams, streams)) return one.match;
    }
    StepMatch match = match_step(streams);
    known.push_back({std::move(streams), std::move(match)});
    return known.back().match;
  }

 private:
  struct Known {
    std::vector<MatchStream> streams;
    StepMatch match;
  };

  static bool equal(const std::vector<MatchStream>& x, const std::vector<MatchStream>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](const MatchStream& p, const MatchStream& q) { return p.a == q.a && p.b == q.b; });
  }
  static std::uint64_t hash_of(const std::vector<MatchStream>& streams) {
    std::uint64_t hash = streams.size();
    const auto mix = [&](std::uint64_t word) { hash = (hash ^ word) * 0x9E3779B97F4A7C15u, hash ^= hash >> 29; };
    for (const MatchStream& stream : streams) {
      for (const std::vector<MatchItem>* side : {&stream.a, &stream.b}) {
        mix(side->size());
        for (const MatchItem& item : *side) mix((std::uint64_t{item.name} << 32) | item.operation);
      }
    }
    return hash;
  }

  std::unordered_map<std::uint64_t, std::vector<Known>> by_hash_;
};

Items items_of(const StepItems& step) {
  Items items;
  for (const auto& stream : step.streams) items.insert(items.end(), stream.begin(), stream.end());
  return items;
}

std::vector<MatchStream> streams_of(const StepItems& a, const StepItems& b, const CommonNames& names) {
  std::vector<MatchStream> streams(a.streams.size());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    streams[i].a.reserve(a.streams[i].size());
    streams[i].b.reserve(b.streams[i].size());
    for (const TraceSequence::Item* item : a.streams[i]) {
      streams[i].a.push_back(names.item(false, item->kernel, item->operation));
    }
    for (const TraceSequence::Item* item : b.streams[i]) {
      streams[i].b.push_back(names.item(true, item->kernel, item->operation));
    }
  }
  return streams;
}

ExchangeReason reason_of(MatchedBy by) {
  switch (by) {
    case MatchedBy::operation:
      return ExchangeReason::operation;
    case MatchedBy::work:
      return ExchangeReason::work;
    case MatchedBy::compiled:
      return ExchangeReason::compiled;
    case MatchedBy::position:
      return ExchangeReason::position;
    case MatchedBy::nothing:
      break;
  }
  return ExchangeReason::none;
}

void tally_pair(const StepPair& pair, const StepItems& step_a, const StepItems& step_b, const StepMatch& match,
                GroupTally& tally) {
  const Items a = items_of(step_a), b = items_of(step_b);
  for (const auto& [i, j] : match.same) tally.add_same(*a[i], *b[j], pair.count_a, pair.count_b);
  for (const MatchedGroup& group : match.groups) {
    Items of_a, of_b;
    for (const std::uint32_t i : group.a) of_a.push_back(a[i]);
    for (const std::uint32_t j : group.b) of_b.push_back(b[j]);
    tally.add_group(reason_of(group.by), of_a, of_b, pair.count_a, pair.count_b);
  }
}

void add_collective(const TraceSequence::Item& item, CollectiveTimes& times) {
  if (item.waiting_ns < 0) {
    ++times.untold;
    times.untold_ns += item.duration_ns;
    return;
  }
  ++times.told;
  times.waiting_ns += item.waiting_ns;
  times.transfer_ns += item.duration_ns - item.waiting_ns;
}

// What is counted of one side without looking at the other.
void tally_side(const TraceSequence& sequence, bool of_b, const CommonNames& names, Basis basis, TraceSideSummary& side,
                GroupTally& tally, std::map<std::string, OperationChange>& operations, CollectiveTimes& collectives) {
  std::unordered_map<std::uint32_t, OperationChange*> known;  // by number: texts are slow to look up
  side.trace_window_ns = sequence.whole.length_ns;
  for (const TraceSequence::Stream& stream : sequence.streams) {
    for (const TraceSequence::Item& item : stream.items) {
      if (item.part != Part::copy) side.trace_items_ns += item.duration_ns;
      if (!is_compared(sequence, item, basis)) {
        side.not_in_steps += item.part == Part::kernel ? 1 : 0;
        continue;
      }
      if (item.part != Part::kernel) {
        tally.add_other(item, of_b);
        if (item.part == Part::collective) add_collective(item, collectives);
        continue;
      }
      ++side.items;
      side.items_ns += item.duration_ns;
      const MatchItem one = names.item(of_b, item.kernel, item.operation);
      // What two frameworks call operations has nothing in common but the products.
      const std::uint32_t bare = names.of_two_frameworks() ? one.work : one.bare_operation;
      if (one.bare_operation != kNoToken) side.with_operation_ns += item.duration_ns;
      if (names.compiles(of_b, item.kernel)) side.compiling_ns += item.duration_ns;
      const auto [at, is_new] = known.try_emplace(bare);
      if (is_new) at->second = &operations[bare == kNoToken ? "" : names.text(bare)];
      OperationChange& operation = *at->second;
      (of_b ? operation.b_ns : operation.a_ns) += item.duration_ns;
      ++(of_b ? operation.b_items : operation.a_items);
    }
  }
}

TraceSequence::Window compared_window(const TraceSequence& sequence, Basis basis) {
  if (basis != Basis::a_step) return sequence.whole;
  TraceSequence::Window window;
  for (const TraceSequence::Step& step : sequence.steps) {
    if (!step.complete) continue;
    window.length_ns += step.window.length_ns;
    for (const auto& [part, ns] : step.window.parts) window.parts[part] += ns;
  }
  return window;
}

// Without parts where the window of a side is not known: then nothing is said of either.
TraceSequence::Window window_of_side(const ComparedTrace& side, Basis basis, std::optional<Quantity> quantity) {
  return basis == Basis::totals && quantity ? divided_window(side.record, *quantity)
                                            : compared_window(side.sequence, basis);
}

std::string device_of(const TraceSource& source) {
  const auto fact = source.facts.find("gpu.models");
  return fact == source.facts.end() || !fact->second.is_known() ? "" : shown_trace_fact(fact->second);
}

TraceSideSummary summary_of(const ComparedTrace& side, Basis basis) {
  const TraceSource& source = side.record.sources.front();
  TraceSideSummary summary{
      .label = source.file, .format = source.format, .device = device_of(source), .files = side.record.sources.size()};
  if (summary.files > 1) summary.label += fmt::format(" and {} more", summary.files - 1);
  for (const TraceSequence::Step& step : side.sequence.steps) summary.steps += step.complete ? 1 : 0;
  if (basis == Basis::a_step) summary.units = summary.steps;
  return summary;
}

// Kernels with a counterpart: by name, or for one operation.
void count_matched(const std::vector<ExchangeGroup>& groups, TraceSideSummary& a, TraceSideSummary& b) {
  for (const ExchangeGroup& group : groups) {
    const bool is_matched = group.exchange != Exchange::appeared && group.exchange != Exchange::vanished &&
                            group.reason != ExchangeReason::position && group.reason != ExchangeReason::compiled;
    if (group.part != Part::kernel || !is_matched) continue;
    a.matched_ns += group.a_ns;
    b.matched_ns += group.b_ns;
  }
}

std::vector<OperationChange> operations_from(std::map<std::string, OperationChange>&& by_name,
                                             const TraceSideSummary& a, const TraceSideSummary& b) {
  std::vector<OperationChange> all;
  if (by_name.size() < 2 && by_name.contains("")) return all;
  for (auto& [name, operation] : by_name) {
    operation.name = name;
    all.push_back(std::move(operation));
  }
  const auto change = [&](const OperationChange& one) { return std::abs(for_one(one.b_ns, b) - for_one(one.a_ns, a)); };
  std::stable_sort(all.begin(), all.end(),
                   [&](const OperationChange& x, const OperationChange& y) { return change(x) > change(y); });
  return all;
}

Status check_side(const ComparedTrace& side) {
  if (!side.record.sources.empty() && has_evidence(side.record)) return Done{};
  const std::string file = side.record.sources.empty() ? "" : side.record.sources.front().file;
  return Error{"comparing traces", file, "it tells of no kernel and no operation", "varve kernels says why"};
}

void tally_sequences(const ComparedTrace& a, const ComparedTrace& b, const CommonNames& names,
                     TraceComparison& comparison, GroupTally& tally, std::map<std::string, OperationChange>& operations,
                     CollectiveTimes& collectives_a, CollectiveTimes& collectives_b) {
  const Basis basis = comparison.basis;
  tally_side(a.sequence, false, names, basis, comparison.a, tally, operations, collectives_a);
  tally_side(b.sequence, true, names, basis, comparison.b, tally, operations, collectives_b);
  const PairedSteps steps = pair_steps(a.sequence, b.sequence, names, basis);
  const bool in_rounds = a.record.sources.front().steps.found == TraceSteps::Found::repeated;
  StepRotation rotation(names);
  MatchedSteps matched;
  for (const StepPair& pair : steps.pairs) {
    StepItems step_a = steps.a[pair.a], step_b = steps.b[pair.b];
    if (basis == Basis::a_step && in_rounds) rotation.apply(pair.device, step_a, step_b);
    tally_pair(pair, step_a, step_b, matched.match(streams_of(step_a, step_b, names)), tally);
  }
}

// Of totals: nobody can tell what of them was waiting.
CollectiveTimes collectives_of_groups(const std::vector<ExchangeGroup>& groups, bool of_b) {
  CollectiveTimes times;
  for (const ExchangeGroup& group : groups) {
    if (group.part != Part::collective) continue;
    times.untold_ns += of_b ? group.b_ns : group.a_ns;
    times.untold += of_b ? group.b_times * group.b.size() : group.a_times * group.a.size();
  }
  return times;
}

Error nothing_in_common(const ComparedTrace& a, const ComparedTrace& b) {
  return {"comparing traces", a.record.sources.front().file + " and " + b.record.sources.front().file,
          "they tell of different things: kernels, operations and samples of a CPU cannot be compared with one another",
          "Give two traces of one kind"};
}
}  // namespace

Result<TraceComparison> compare_traces(const ComparedTrace& a, const ComparedTrace& b, const std::string& created_at,
                                       const Knowledge* knowledge) {
  for (const ComparedTrace* side : {&a, &b}) {
    if (const Status evidence = check_side(*side); !evidence) return evidence.error();
  }
  const ChosenBasis basis =
      choose_basis(a.sequence, a.record.sources.front().steps, b.sequence, b.record.sources.front().steps);
  const std::optional<Quantity> quantity = common_quantity(a.record, b.record);
  const bool of_one_kind = a.sequence.of_operations == b.sequence.of_operations;
  if (basis.basis == Basis::totals ? !quantity : !of_one_kind) return nothing_in_common(a, b);
  const bool of_operations = basis.basis == Basis::totals ? quantity == Quantity::call_time : a.sequence.of_operations;
  AccountSide account_a{window_of_side(a, basis.basis, quantity), {}},
      account_b{window_of_side(b, basis.basis, quantity), {}};
  TraceComparison comparison{.created_at = created_at,
                             .tool_version = std::string(tool_version()),
                             .a = summary_of(a, basis.basis),
                             .b = summary_of(b, basis.basis),
                             .basis = basis.basis,
                             .basis_detail = basis.detail,
                             .of_operations = of_operations,
                             .lines = {},
                             .groups = {},
                             .operations = {},
                             .ranks = compare_ranks(a.sequence, b.sequence),
                             .measures = compare_measures(a, b),
                             .collectives_detail = collectives_detail(a, b),
                             .facts = compare_trace_facts(a.record, b.record),
                             .known_changes = {},
                             .remarks = {}};
  const CommonNames names(a.record.record.kernels, b.record.record.kernels, comparison.of_operations);
  GroupTally tally(names, a.sequence.launches, b.sequence.launches);
  std::map<std::string, OperationChange> operations;
  if (basis.basis == Basis::totals) {
    tally_totals(a.record, b.record, *quantity, names, comparison, tally, operations);
  } else {
    tally_sequences(a, b, names, comparison, tally, operations, account_a.collectives, account_b.collectives);
  }
  comparison.groups = tally.take(comparison.a.units, comparison.b.units);
  if (basis.basis == Basis::totals) {
    account_a.collectives = collectives_of_groups(comparison.groups, false);
    account_b.collectives = collectives_of_groups(comparison.groups, true);
  }
  comparison.lines = account_lines(comparison.groups, account_a, account_b);
  comparison.a.window_ns = account_a.window.length_ns, comparison.b.window_ns = account_b.window.length_ns;
  count_matched(comparison.groups, comparison.a, comparison.b);
  comparison.operations = operations_from(std::move(operations), comparison.a, comparison.b);
  if (knowledge != nullptr) comparison.known_changes = known_changes(a.record, b.record, *knowledge);
  for (const auto& [name, side] : {std::pair("A", &a), std::pair("B", &b)}) {
    for (std::string& remark : side_remarks(name, *side)) comparison.remarks.push_back(std::move(remark));
  }
  return comparison;
}

bool nothing_changed(const TraceComparison& comparison) {
  const bool same = std::all_of(comparison.groups.begin(), comparison.groups.end(), [](const ExchangeGroup& group) {
    return group.exchange == Exchange::same && group.a_ns == group.b_ns && group.a_times == group.b_times;
  });
  return same && std::all_of(comparison.lines.begin(), comparison.lines.end(),
                             [](const AccountLine& line) { return line.a_ns == line.b_ns; });
}

}  // namespace varve
