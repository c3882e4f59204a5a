#include "compare/traces/tally_totals.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace varve {

namespace {
using Totals = std::vector<GroupTally::Total>;

// Where a row counts; nothing for what is not compared.
std::optional<Part> part_of_row(Activity activity, Quantity quantity) {
  if (activity != Activity::operation) return part_of(activity);
  return quantity == Quantity::call_time ? std::optional(Part::kernel) : std::nullopt;
}

template <class Visit>
void each_row(const KernelsRecord& record, Quantity quantity, Visit visit) {
  for (const auto& [kind, profile] : record.record.profiles.by_kind) {
    if (kind.quantity != quantity) continue;
    for (const ProfileRow& row : profile.rows) {
      if (const auto part = part_of_row(row.key.activity, quantity)) visit(row, *part);
    }
  }
}

// What ran under one name, or for one operation.
struct Both {
  Totals a, b;
};

struct TotalKey {
  Part part = Part::kernel;
  std::uint32_t name = 0, operation = kNoToken, bare_operation = kNoToken;

  auto operator<=>(const TotalKey&) const = default;
};

// The rows of one side as totals by name and operation.
std::map<TotalKey, GroupTally::Total> totals_of(const KernelsRecord& record, bool of_b, Quantity quantity,
                                                const CommonNames& names) {
  std::map<TotalKey, GroupTally::Total> totals;
  each_row(record, quantity, [&](const ProfileRow& row, Part part) {
    const KernelId operation = quantity == Quantity::call_time ? row.key.kernel : row.key.operation;
    const MatchItem item = names.item(of_b, row.key.kernel, operation);
    GroupTally::Total& total = totals[{part, item.name, item.operation, item.bare_operation}];
    total.name = item.name;
    total.times += row.samples > 0 ? row.samples : row.time.count;
    total.ns += row.time.total_ns;
    Launch code{.registers = row.key.launch.registers};
    if (names.is_compiled(item.name)) {
      code.block = row.key.launch.block, code.shared_bytes = row.key.launch.shared_bytes;
    }
    total.codes.insert(code);
  });
  return totals;
}

void sum_side(const std::map<TotalKey, GroupTally::Total>& totals, bool of_b, const CommonNames& names,
              TraceSideSummary& side, std::map<std::string, OperationChange>& operations) {
  for (const auto& [key, total] : totals) {
    if (key.part != Part::kernel) continue;
    side.items += total.times;
    side.items_ns += total.ns;
    if (key.operation != kNoToken) side.with_operation_ns += total.ns;
    OperationChange& operation = operations[key.operation == kNoToken ? "" : names.text(key.bare_operation)];
    (of_b ? operation.b_ns : operation.a_ns) += total.ns;
    (of_b ? operation.b_items : operation.a_items) += total.times;
  }
  side.trace_items_ns = side.items_ns;
}
}  // namespace

std::optional<Quantity> common_quantity(const KernelsRecord& a, const KernelsRecord& b) {
  const auto has = [](const KernelsRecord& record, Quantity quantity) {
    bool any = false;
    each_row(record, quantity, [&](const ProfileRow&, Part) { any = true; });
    return any;
  };
  const bool on_device_a = has(a, Quantity::device_time), on_device_b = has(b, Quantity::device_time);
  if (on_device_a && on_device_b) return Quantity::device_time;
  // Where kernels ran on a device, the time in calls is that of launching them; elsewhere it is that of the work.
  if (on_device_a == on_device_b && has(a, Quantity::call_time) && has(b, Quantity::call_time)) {
    return Quantity::call_time;
  }
  if (has(a, Quantity::cpu_time) && has(b, Quantity::cpu_time)) return Quantity::cpu_time;
  return std::nullopt;
}

void tally_totals(const KernelsRecord& a, const KernelsRecord& b, Quantity quantity, const CommonNames& names,
                  TraceComparison& comparison, GroupTally& tally, std::map<std::string, OperationChange>& operations) {
  const auto totals_a = totals_of(a, false, quantity, names), totals_b = totals_of(b, true, quantity, names);
  sum_side(totals_a, false, names, comparison.a, operations);
  sum_side(totals_b, true, names, comparison.b, operations);
  std::map<std::pair<Part, std::uint32_t>, std::array<bool, 2>> by_name;
  for (const auto& [key, total] : totals_a) by_name[{key.part, key.name}][0] = true;
  for (const auto& [key, total] : totals_b) by_name[{key.part, key.name}][1] = true;
  std::map<std::pair<Part, std::uint32_t>, Both> same, alone;  // by name, and by operation
  const auto sort = [&](const auto& totals, Totals Both::*side) {
    for (const auto& [key, total] : totals) {
      const auto& on = by_name.at({key.part, key.name});
      if (on[0] && on[1]) {
        (same[{key.part, key.name}].*side).push_back(total);
      } else if (key.operation != kNoToken) {
        (alone[{key.part, key.operation}].*side).push_back(total);
      } else {
        const Both one{.a = side == &Both::a ? Totals{total} : Totals{},
                       .b = side == &Both::b ? Totals{total} : Totals{}};
        tally.add_totals(key.part, ExchangeReason::none, kNoToken, one.a, one.b);
      }
    }
  };
  sort(totals_a, &Both::a);
  sort(totals_b, &Both::b);
  for (const auto& [key, both] : same) tally.add_totals(key.first, ExchangeReason::none, kNoToken, both.a, both.b);
  std::map<std::pair<Part, std::uint32_t>, Both> of_other_shapes;
  for (const auto& [key, both] : alone) {
    if (!both.a.empty() && !both.b.empty()) {
      tally.add_totals(key.first, ExchangeReason::operation, names.bare(key.second), both.a, both.b);
      continue;
    }
    Both& into = of_other_shapes[{key.first, names.bare(key.second)}];
    into.a.insert(into.a.end(), both.a.begin(), both.a.end());
    into.b.insert(into.b.end(), both.b.begin(), both.b.end());
  }
  for (const auto& [key, both] : of_other_shapes) {
    tally.add_totals(key.first, ExchangeReason::operation, key.second, both.a, both.b);
  }
}

TraceSequence::Window divided_window(const KernelsRecord& record, Quantity quantity) {
  TraceSequence::Window window;
  for (const auto& [kind, profile] : record.record.profiles.by_kind) {
    if (kind.quantity != quantity || profile.parts.empty()) continue;
    for (const auto& [part, ns] : profile.parts) {
      window.parts[part] = add_ns(window.parts[part], ns);
      window.length_ns = add_ns(window.length_ns, ns);
    }
  }
  return window;
}

}  // namespace varve
