#include "compare/account/recorded_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace varve {

namespace {
constexpr const char* kOutside = "(outside of what was recorded)";

struct RecordedSide {
  const Unit* unit = nullptr;
  const Profile* profile = nullptr;
  const KernelTable* kernels = nullptr;
  double scale = 1;

  double seconds(std::int64_t ns) const { return static_cast<double>(ns) * 1e-9 * scale; }
};

bool is_recorded_kind(ProfileKind kind) {
  return kind != kCpuSamples && (kind.quantity == Quantity::call_time || kind.quantity == Quantity::device_time);
}

std::optional<RecordedSide> recorded_side(const Run& run, const Variant& variant, ProfileKind kind) {
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::evidence || unit.variant != variant.name || !unit.end.ok()) continue;
    const Profile* profile = unit.profiles.find(kind);
    if (profile != nullptr && !profile->rows.empty()) return RecordedSide{&unit, profile, &run.kernels};
  }
  return std::nullopt;
}

std::set<ProfileKind> recorded_kinds(const Sides& sides) {
  std::set<ProfileKind> kinds;
  for (const Unit& unit : sides.run_a->units) {
    if (unit.role != UnitRole::evidence) continue;
    for (const auto& [kind, profile] : unit.profiles.by_kind) {
      if (is_recorded_kind(kind)) kinds.insert(kind);
    }
  }
  return kinds;
}

std::string without_shapes(const std::string& name) { return name.substr(0, name.find(" [")); }

// By operation, else by what ran itself; and below an operation by kernel.
using RowIndex = std::map<std::string, std::size_t>;

struct RecordedRows {
  std::vector<KernelChange> rows;
  RowIndex index;
  std::map<std::pair<std::size_t, std::string>, std::size_t> parts;
  struct Calls {
    std::uint64_t a = 0, b = 0;
  };
  std::map<std::string, Calls> calls;  // by operation
};

KernelChange named_row(const std::string& label, const Kernel& kernel) {
  KernelChange row{.label = label};
  row.family = kernel.meaning.family;
  return row;
}

void put(KernelChange& row, const std::string& name, double seconds, bool of_a) {
  (of_a ? row.a_seconds : row.b_seconds) += seconds;
  std::vector<std::string>& names = of_a ? row.a : row.b;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void add_recorded(const RecordedSide& side, bool of_a, RecordedRows& to) {
  for (const ProfileRow& row : side.profile->rows) {
    const double seconds = side.seconds(row.time.total_ns);
    const Kernel& kernel = (*side.kernels)[row.key.kernel];
    const bool served = row.key.operation != kNoKernel && row.key.operation != row.key.kernel;
    const Kernel& top = served ? (*side.kernels)[row.key.operation] : kernel;
    const std::string label = without_shapes(top.key.name);
    const auto [at, is_new] = to.index.emplace(label, to.rows.size());
    if (is_new) to.rows.push_back(named_row(label, top));
    put(to.rows[at->second], label, seconds, of_a);
    std::uint64_t& calls = of_a ? to.calls[label].a : to.calls[label].b;
    calls = add_counts(calls, row.time.count);
    if (!served) continue;
    std::vector<KernelChange>& parts = to.rows[at->second].parts;
    const std::string name = without_shapes(kernel.key.name);
    const auto [part, is_new_part] = to.parts.emplace(std::pair(at->second, name), parts.size());
    if (is_new_part) parts.push_back(named_row(name, kernel));
    put(parts[part->second], name, seconds, of_a);
  }
}

// One unit a side: what changed is known, and not how well.
Estimate without_spread(double value) { return {value, {std::nan(""), std::nan("")}}; }

void settle(KernelChange& row) {
  row.change = without_spread(row.b_seconds - row.a_seconds);
  if (row.a.empty() != row.b.empty()) row.state = row.a.empty() ? KernelState::appeared : KernelState::vanished;
  for (KernelChange& part : row.parts) settle(part);
  std::stable_sort(row.parts.begin(), row.parts.end(), [](const KernelChange& left, const KernelChange& right) {
    return std::fabs(left.change.value) > std::fabs(right.change.value);
  });
}

// How much more often B's window holds what both windows hold. A recorder watches a part of a unit, which begins and
// ends anywhere: only where all that is on both sides ran in one proportion do two windows hold the same work, or a
// multiple of it. Nothing, with a reason, where they do not.
struct WorkOfWindows {
  double b_for_a = 1;
  std::string why;
};

WorkOfWindows work_of_windows(const RecordedRows& rows) {
  WorkOfWindows work;
  bool any = false;
  std::string first;
  for (const auto& [label, calls] : rows.calls) {
    if (calls.a == 0 || calls.b == 0) continue;
    const double ratio = static_cast<double>(calls.b) / static_cast<double>(calls.a);
    const std::string text = fmt::format("{} ran {} in A and {} in B", label, calls.a, calls.b);
    if (!any) {
      work.b_for_a = ratio;
      first = text;
    } else if (ratio != work.b_for_a) {
      work.why = fmt::format("the recorded windows do not hold the same work: {}, {}", first, text);
      return work;
    }
    any = true;
  }
  if (!any) work.why = "nothing ran in both recorded windows, so nobody can tell whether they hold the same work";
  return work;
}

void note_recording(const RecordedSide& side, const char* name, std::vector<std::string>& notes) {
  if (!side.unit->recording) return;
  const UnitRecording& recording = *side.unit->recording;
  std::string text = fmt::format("{}: {}, window {}", name, recording.way, recording.window);
  if (recording.cost) {
    text += fmt::format(", cost {:.2f} of a timing unit by {}{}", *recording.cost, recording.cost_metric,
                        recording.indicative ? ": more than 5 %, so what was seen is indicative" : "");
  }
  notes.push_back(std::move(text));
  for (const std::string& unseen : side.profile->unseen) notes.push_back(fmt::format("{}: not seen: {}", name, unseen));
}

KernelAccount recorded_account(const RecordedSide& a, RecordedSide b, ProfileKind kind) {
  KernelAccount account;
  account.kind = kind;
  account.recorded = true;
  account.pairs = 1;
  account.of = "of what was recorded";
  account.shares_withheld = "one recorded unit a side has no spread";
  note_recording(a, "A", account.notes);
  note_recording(b, "B", account.notes);
  RecordedRows rows;
  add_recorded(a, true, rows);
  add_recorded(b, false, rows);
  const WorkOfWindows work = work_of_windows(rows);
  account.why = work.why;
  account.available = work.why.empty();
  if (!account.available) return account;
  if (work.b_for_a != 1) {
    b.scale = 1 / work.b_for_a;
    account.of += fmt::format("; B, which recorded {:.6g} times the work, for the work of A", work.b_for_a);
    rows = {};
    add_recorded(a, true, rows);
    add_recorded(b, false, rows);
  }
  for (KernelChange& row : rows.rows) settle(row);
  std::stable_sort(rows.rows.begin(), rows.rows.end(), [](const KernelChange& left, const KernelChange& right) {
    return std::fabs(left.change.value) > std::fabs(right.change.value);
  });
  account.rows = std::move(rows.rows);
  account.by_operation =
      std::any_of(account.rows.begin(), account.rows.end(), [](const KernelChange& row) { return !row.parts.empty(); });
  KernelChange remainder{.label = kOutside, .state = KernelState::remainder};
  remainder.a_seconds = a.seconds(a.profile->remainder_ns());
  remainder.b_seconds = b.seconds(b.profile->remainder_ns());
  remainder.change = without_spread(remainder.b_seconds - remainder.a_seconds);
  account.rows.push_back(std::move(remainder));
  account.a_seconds = a.seconds(a.profile->whole_ns);
  account.b_seconds = b.seconds(b.profile->whole_ns);
  account.total = without_spread(account.b_seconds - account.a_seconds);
  return account;
}
}  // namespace

std::vector<KernelAccount> recorded_accounts(const Sides& sides) {
  std::vector<KernelAccount> accounts;
  for (const ProfileKind kind : recorded_kinds(sides)) {
    const std::optional<RecordedSide> a = recorded_side(*sides.run_a, *sides.variant_a, kind);
    const std::optional<RecordedSide> b = recorded_side(*sides.run_b, *sides.variant_b, kind);
    if (a && b) accounts.push_back(recorded_account(*a, *b, kind));
  }
  return accounts;
}

}  // namespace varve
