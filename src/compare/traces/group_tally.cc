#include "compare/traces/group_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace varve {

namespace {
std::int64_t sum_ns(const GroupTally::Items& items) {
  std::int64_t sum = 0;
  for (const TraceSequence::Item* item : items) sum += item->duration_ns;
  return sum;
}

// What two launches of one name say of its code. Sizes that are not told say nothing.
Exchange exchange_of(const Launch& a, const Launch& b) {
  if (a == Launch{} || b == Launch{} || a == b) return Exchange::same;
  return a.registers != b.registers && a.registers != 0 && b.registers != 0 ? Exchange::other_code
                                                                           : Exchange::other_launch;
}
}  // namespace

void GroupTally::add(const Key& key, std::int64_t ns_a, std::int64_t ns_b, bool count_a, bool count_b) {
  Sum& sum = sums_[key];
  if (count_a && !key.a.empty()) ++sum.a_times, sum.a_ns += ns_a;
  if (count_b && !key.b.empty()) ++sum.b_times, sum.b_ns += ns_b;
}

void GroupTally::add_same(const TraceSequence::Item& a, const TraceSequence::Item& b, bool count_a, bool count_b) {
  const Launch &launch_a = launches_a_[a.launch], &launch_b = launches_b_[b.launch];
  const std::uint32_t name = names_.bare_of_operations(names_.item(false, a.kernel, kNoKernel).name);
  Key key{.exchange = exchange_of(launch_a, launch_b), .a = {name}, .b = {name}};
  if (key.exchange == Exchange::other_code) {
    key.registers_a = launch_a.registers, key.registers_b = launch_b.registers;
  }
  add(key, a.duration_ns, b.duration_ns, count_a, count_b);
}

void GroupTally::add_group(ExchangeReason reason, const Items& a, const Items& b, bool count_a, bool count_b) {
  Key key{.exchange = b.empty() ? Exchange::vanished : a.empty() ? Exchange::appeared : Exchange::replaced,
          .reason = reason};
  const auto bare = [&](bool of_b, const TraceSequence::Item& item) { return names_.item(of_b, item.kernel, item.operation); };
  bool first = true;
  const auto take = [&](bool of_b, const Items& items, std::vector<std::uint32_t>& into) {
    for (const TraceSequence::Item* item : items) {
      const MatchItem one = bare(of_b, *item);
      into.push_back(names_.bare_of_operations(one.name));
      if (first) key.operation = one.bare_operation;
      if (one.bare_operation != key.operation) key.operation = kNoNumber;  // several: none in particular
      first = false;
    }
  };
  take(false, a, key.a);
  take(true, b, key.b);
  add(key, sum_ns(a), sum_ns(b), count_a, count_b);
}

void GroupTally::add_other(const TraceSequence::Item& item, bool of_b) {
  const std::uint32_t name = names_.item(of_b, item.kernel, kNoKernel).name;
  add({.part = item.part, .a = {name}, .b = {name}}, item.duration_ns, item.duration_ns, !of_b, of_b);
}

ExchangeGroup GroupTally::group_from(const Key& key, const Sum& sum) const {
  ExchangeGroup group{.part = key.part,
                      .exchange = key.exchange,
                      .reason = key.reason,
                      .operation = key.operation == kNoNumber ? "" : names_.text(key.operation),
                      .a_times = sum.a_times,
                      .b_times = sum.b_times,
                      .a_ns = sum.a_ns,
                      .b_ns = sum.b_ns};
  for (const std::uint32_t name : key.a) group.a.push_back(names_.text(name));
  for (const std::uint32_t name : key.b) group.b.push_back(names_.text(name));
  if (key.exchange == Exchange::other_code) {
    group.detail = fmt::format("registers {} → {}", key.registers_a, key.registers_b);
  }
  // Copies and collectives have no sequence: what one side does not show is of the other alone.
  if (key.part != Part::kernel && sum.b_times == 0) group.exchange = Exchange::vanished, group.b.clear();
  if (key.part != Part::kernel && sum.a_times == 0) group.exchange = Exchange::appeared, group.a.clear();
  return group;
}

std::vector<ExchangeGroup> GroupTally::take(std::uint64_t units_a, std::uint64_t units_b) const {
  std::vector<ExchangeGroup> groups;
  for (const auto& [key, sum] : sums_) groups.push_back(group_from(key, sum));
  const auto change = [&](const ExchangeGroup& group) {
    return std::abs(static_cast<double>(group.b_ns) / static_cast<double>(units_b) -
                    static_cast<double>(group.a_ns) / static_cast<double>(units_a));
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const ExchangeGroup& x, const ExchangeGroup& y) { return change(x) > change(y); });
  return groups;
}

}  // namespace varve
