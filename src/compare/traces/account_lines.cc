#include "compare/traces/account_lines.h"

#include <map>

namespace varve {

namespace {
AccountLineKind line_of(const ExchangeGroup& group) {
  if (group.part == Part::copy) return AccountLineKind::copy;
  switch (group.exchange) {
    case Exchange::same:
      return AccountLineKind::same;
    case Exchange::other_launch:
      return AccountLineKind::other_launch;
    case Exchange::other_code:
      return AccountLineKind::other_code;
    case Exchange::replaced:
      return AccountLineKind::replaced;
    case Exchange::appeared:
      return AccountLineKind::appeared;
    case Exchange::vanished:
      break;
  }
  return AccountLineKind::vanished;
}

AccountLineKind line_of_idleness(Part part) {
  switch (part) {
    case Part::idle_launch:
      return AccountLineKind::idle_launch;
    case Part::idle_synchronise:
      return AccountLineKind::idle_synchronise;
    case Part::idle_host:
      return AccountLineKind::idle_host;
    default:
      return AccountLineKind::idle;
  }
}

// Whose overlap closes the busy time of a part.
AccountLineKind overlap_of(Part part) {
  if (part == Part::copy) return AccountLineKind::overlap_copy;
  return part == Part::kernel ? AccountLineKind::overlap : AccountLineKind::overlap_collective;
}

bool is_busy(Part part) {
  return part == Part::kernel || part == Part::collective || part == Part::waiting || part == Part::copy;
}

using Lines = std::map<AccountLineKind, AccountLine>;

// Adds an amount of one side that ran.
void add_items(Lines& lines, AccountLineKind kind, bool of_b, std::int64_t ns, std::uint64_t items) {
  AccountLine& line = lines[kind];
  (of_b ? line.b_ns : line.a_ns) += ns;
  (of_b ? line.b_items : line.a_items) += items;
}

void add_collectives(const CollectiveTimes& times, bool apart, bool of_b, Lines& lines) {
  const std::int64_t together_ns = times.untold_ns + (apart ? 0 : times.transfer_ns + times.waiting_ns);
  add_items(lines, AccountLineKind::collective, of_b, together_ns, times.untold + (apart ? 0 : times.told));
  if (!apart) return;
  add_items(lines, AccountLineKind::transfer, of_b, times.transfer_ns, times.told);
  add_items(lines, AccountLineKind::waiting, of_b, times.waiting_ns, 0);
}

// What nothing ran in, and how long something did.
void add_parts(const TraceSequence::Window& window, bool of_b, Lines& lines) {
  for (const auto& [part, ns] : window.parts) {
    add_items(lines, is_busy(part) ? overlap_of(part) : line_of_idleness(part), of_b, ns, 0);
  }
}
}  // namespace

std::vector<AccountLine> account_lines(const std::vector<ExchangeGroup>& groups, const AccountSide& a,
                                       const AccountSide& b) {
  Lines lines;
  const bool divided = !a.window.parts.empty() && !b.window.parts.empty();
  for (const ExchangeGroup& group : groups) {
    if (divided) {
      add_items(lines, overlap_of(group.part), false, -group.a_ns, 0);
      add_items(lines, overlap_of(group.part), true, -group.b_ns, 0);
    }
    if (group.part == Part::collective) continue;
    add_items(lines, line_of(group), false, group.a_ns, group.a_times * group.a.size());
    add_items(lines, line_of(group), true, group.b_ns, group.b_times * group.b.size());
  }
  const bool apart = a.collectives.told > 0 && b.collectives.told > 0;
  add_collectives(a.collectives, apart, false, lines);
  add_collectives(b.collectives, apart, true, lines);
  if (divided) {
    add_parts(a.window, false, lines);
    add_parts(b.window, true, lines);
  }
  std::vector<AccountLine> all;
  for (auto& [kind, line] : lines) {
    line.kind = kind;
    const bool is_empty = line.a_ns == 0 && line.b_ns == 0 && line.a_items == 0 && line.b_items == 0;
    if (!is_empty) all.push_back(line);
  }
  return all;
}

}  // namespace varve
