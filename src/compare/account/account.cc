#include "compare/account/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "compare/account/account_notes.h"
#include "compare/account/account_rows.h"
#include "compare/account/account_shares.h"
#include "compare/account/fixed_time.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
// CPU time of a part of some units and of all of others is no change of anything.
std::string reason_of_mixed_windows(const SeenUnits& seen, ProfileKind kind) {
  if (kind != kCpuSamples) return "";
  std::size_t with_window = 0;
  for (const auto* units : {&seen.a, &seen.b}) {
    for (const SeenUnit& each : *units) with_window += each.unit->window ? 1 : 0;
  }
  const std::size_t all = seen.a.size() + seen.b.size();
  if (with_window == 0 || with_window == all) return "";
  return fmt::format("{} of {} units say which part of them the metric speaks of, the others do not", with_window, all);
}

std::string why_no_account(const Sides& sides, const SeenUnits& seen, ProfileKind kind) {
  const std::size_t least = std::min(seen.a.size(), seen.b.size());
  if (least >= 2 && !seen.blocks.empty() && seen.blocks.front() == seen.blocks.back()) {
    return "a single block was sampled: no spread";
  }
  if (least >= 2) return {};
  std::set<std::string> reasons;
  for (const auto* units : {&sides.units_a, &sides.units_b}) {
    for (const Unit* unit : *units) {
      for (std::string& reason : unit->profiles.reasons_absent(kind)) reasons.insert(std::move(reason));
    }
  }
  if (!reasons.empty()) return join({reasons.begin(), reasons.end()}, ", ");
  if (least == 1) return seen.paired ? "a single pair was sampled: no spread" : "a single unit was sampled on a side";
  return "no CPU samples were taken on both sides";
}

bool all_have_windows(const SeenUnits& seen) {
  const auto has_window = [](const SeenUnit& each) { return each.unit->window.has_value(); };
  return std::all_of(seen.a.begin(), seen.a.end(), has_window) && std::all_of(seen.b.begin(), seen.b.end(), has_window);
}

// Where the steps that the program marks are the windows, from the first of them to the last.
std::string part_of_units(const SeenUnits& seen, const MetricComparison& primary) {
  const std::string marks = seen.a.empty() ? "" : seen.a.front().unit->window->marks;
  if (marks.empty()) return "of the part of each unit that " + primary.metric + " speaks of";
  return fmt::format("from the first \"{}\" of each unit to its last", marks);
}

// What the total is of: "of the part of each unit that tokens/s speaks of, for the work of 20480".
std::string scope_of(const SeenUnits& seen, const MetricComparison& primary) {
  const std::string part = all_have_windows(seen) ? part_of_units(seen, primary) : "of a whole unit";
  return seen.work ? fmt::format("{}, for {} of its work", part, format_number(*seen.work)) : part;
}

// A whole unit is what the built-in metrics speak of; of any other metric only its window is.
bool is_of_the_metric(const SeenUnits& seen, const MetricComparison& primary) {
  return all_have_windows(seen) || is_built_in_metric(primary.metric);
}

// Largest change first; the remainder stays last.
void sort_rows(std::vector<KernelChange>& rows) {
  const auto larger = [](const KernelChange& left, const KernelChange& right) {
    return std::fabs(left.change.value) > std::fabs(right.change.value);
  };
  std::stable_sort(rows.begin(), rows.end() - 1, larger);
  for (KernelChange& row : rows) std::stable_sort(row.parts.begin(), row.parts.end(), larger);
}

KernelAccount account_of(const Sides& sides, const MetricComparison& primary, const AccountBasis& basis) {
  KernelAccount account;
  account.kind = basis.kind;
  const SeenUnits seen = seen_units(sides, basis.kind, primary.metric);
  account.why = why_no_account(sides, seen, basis.kind);
  if (!account.why.empty()) return account;
  account.why = reason_of_mixed_windows(seen, basis.kind);
  if (!account.why.empty()) return account;
  // Units of a fixed time did unequal work; where they say how much, they are scaled to one amount of it.
  if (!seen.work) account.why = reason_of_fixed_time(units_of(seen.a), units_of(seen.b), primary);
  account.available = account.why.empty();
  account.by_block = !seen.blocks.empty();
  account.pairs = static_cast<int>(std::min(seen.a.size(), seen.b.size()));
  if (account.by_block) account.pairs = static_cast<int>(std::set(seen.blocks.begin(), seen.blocks.end()).size());
  account.of = scope_of(seen, primary);
  AccountRows rows = account_rows(sides, seen, basis);
  account.by_operation = rows.by_operation;
  account.rows = std::move(rows.rows);

  const RowSeries total = whole_series(seen);
  account.a_seconds = mean_seconds(total, total.a);
  account.b_seconds = mean_seconds(total, total.b);
  const MeanEstimate change = *estimate_change(total, seen.paired);
  account.total = {change.value, interval_of(change, 0.95)};
  account.explains_metric = is_of_the_metric(seen, primary);
  account.shares_withheld =
      reason_to_withhold(account, primary, seen.paired,
                         side_with_more_threads(threads_at_work(sides.units_a), threads_at_work(sides.units_b)));
  if (account.shares_withheld.empty()) {
    add_shares(account, total, rows.series, rows.parts);
  } else {
    account.explains_metric = false;
  }
  sort_rows(account.rows);
  const std::vector<std::string> notes = account_notes(sides, seen, basis, primary, account.by_operation);
  account.notes.insert(account.notes.begin(), notes.begin(), notes.end());
  return account;
}
}  // namespace

std::vector<KernelAccount> account_kernels(const Sides& sides, const MetricComparison& primary) {
  std::vector<KernelAccount> accounts;
  for (const AccountBasis& basis : account_bases()) {
    KernelAccount account = account_of(sides, primary, basis);
    const bool looked_at = account.available || !account.rows.empty();
    if (accounts.empty() || looked_at) accounts.push_back(std::move(account));
  }
  note_onednn(sides, accounts.front().notes);
  return accounts;
}

void withdraw_unavailable(std::vector<KernelAccount>& accounts) {
  for (KernelAccount& account : accounts) {
    if (account.available) continue;
    account.rows.clear();
    account.total = {};
    account.a_seconds = account.b_seconds = 0;
    account.pairs = 0;
    account.shares_withheld.clear();
    account.exchanged_share.reset();
    account.explains_metric = account.by_operation = false;
  }
  const auto is_void = [&](const KernelAccount& account) { return !account.available && account.kind != kCpuSamples; };
  std::erase_if(accounts, is_void);
}

}  // namespace varve
