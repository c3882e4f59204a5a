#include "compare/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "compare/account_shares.h"
#include "compare/fixed_time.h"
#include "compare/matching/account_basis.h"
#include "compare/matching/match.h"
#include "compare/matching/operation_notes.h"
#include "stats/descriptive.h"
#include "stats/interval.h"

namespace varve {

namespace {
constexpr double kFalseDiscoveries = 0.05;  // of the rows that are called changed (STATS 3, "Many rows")

// A unit that a witness saw, with the kernels that its profile speaks of.
struct SeenUnit {
  const Unit* unit = nullptr;
  const Profile* profile = nullptr;
};

// The units an account rests on; in one document still partner by partner.
struct SeenUnits {
  std::vector<SeenUnit> a, b;
  bool paired = true;
  int left_out = 0;
};

SeenUnits seen_units(const Sides& sides, ProfileKind kind) {
  SeenUnits seen;
  seen.paired = sides.one_document;
  if (sides.one_document) {
    for (std::size_t i = 0; i < sides.units_a.size(); ++i) {
      const Profile* a = sides.units_a[i]->profiles.find(kind);
      const Profile* b = sides.units_b[i]->profiles.find(kind);
      if (a != nullptr && b != nullptr) {
        seen.a.push_back({sides.units_a[i], a});
        seen.b.push_back({sides.units_b[i], b});
      } else {
        ++seen.left_out;
      }
    }
    return seen;
  }
  for (const auto& [units, to] : {std::pair{&sides.units_a, &seen.a}, std::pair{&sides.units_b, &seen.b}}) {
    for (const Unit* unit : *units) {
      if (const Profile* profile = unit->profiles.find(kind)) to->push_back({unit, profile});
    }
    seen.left_out += static_cast<int>(units->size() - to->size());
  }
  return seen;
}

// A row's time in every unit of a side, and how uncertain it is by counting, summed over units.
struct Series {
  std::vector<double> seconds;
  double variance = 0;  // in square seconds
};

struct RowSeries {
  Series a, b;
};

double seconds_of(std::int64_t ns) { return static_cast<double>(ns) * 1e-9; }

std::optional<MeanEstimate> estimate_change(const std::vector<double>& a, const std::vector<double>& b, bool paired) {
  if (!paired) return estimate_difference(a, b);
  std::vector<double> changes;
  for (std::size_t i = 0; i < a.size(); ++i) changes.push_back(b[i] - a[i]);
  return estimate_mean(changes);
}

std::vector<double> differences(const RowSeries& row) {
  std::vector<double> values;
  for (std::size_t i = 0; i < row.a.seconds.size(); ++i) values.push_back(row.b.seconds[i] - row.a.seconds[i]);
  return values;
}

std::vector<double> wholes(const std::vector<SeenUnit>& units) {
  std::vector<double> seconds;
  for (const SeenUnit& seen : units) seconds.push_back(seconds_of(seen.profile->whole_ns));
  return seconds;
}

// Spreads what was seen of a side's units over the groups; the last row takes what the rows leave of the whole.
// `group_of` has the group of every kernel that was seen, by its id.
void fill_series(const std::vector<SeenUnit>& units, const std::vector<std::size_t>& group_of,
                 const AccountBasis& basis, std::vector<RowSeries>& rows, Series RowSeries::*side) {
  constexpr double kSquare = 1e-18;  // nanoseconds squared in seconds squared
  for (RowSeries& row : rows) (row.*side).seconds.assign(units.size(), 0);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Profile& profile = *units[i].profile;
    std::vector<ProfileRow> groups(rows.size() - 1);
    for (const ProfileRow& row : profile.rows) {
      ProfileRow& group = groups[group_of[static_cast<std::size_t>(row.key.kernel)]];
      group.samples = add_counts(group.samples, row.samples);
      group.time.total_ns = add_ns(group.time.total_ns, row.time.total_ns);
    }
    const Counting counting = counting_of(profile);
    for (std::size_t group = 0; group < groups.size(); ++group) {
      (rows[group].*side).seconds[i] = seconds_of(groups[group].time.total_ns);
      (rows[group].*side).variance += kSquare * basis.variance(groups[group], counting);
    }
    (rows.back().*side).seconds[i] = seconds_of(profile.remainder_ns());
    (rows.back().*side).variance += kSquare * basis.remainder_variance(counting);
  }
}

std::vector<std::string> names_of(const std::vector<KernelKey>& keys, const SeenKernels& seen) {
  std::vector<std::string> names;
  for (const KernelKey& key : keys) names.push_back(seen.at(key).kernel->key.name);
  return names;
}

// Rows that are called `same` until their change stands out among all rows.
void mark_changed(std::vector<KernelChange>& rows, const std::vector<double>& p_values) {
  const std::vector<bool> found = discoveries(p_values, kFalseDiscoveries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].state == KernelState::same && found[i]) rows[i].state = KernelState::changed;
  }
}

std::vector<const Unit*> units_of(const std::vector<SeenUnit>& seen) {
  std::vector<const Unit*> units;
  for (const SeenUnit& each : seen) units.push_back(each.unit);
  return units;
}

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

// Largest change first; the remainder stays last.
void sort_rows(std::vector<KernelChange>& rows) {
  std::stable_sort(rows.begin(), rows.end() - 1, [](const KernelChange& left, const KernelChange& right) {
    return std::fabs(left.change.value) > std::fabs(right.change.value);
  });
}

std::string sorted_join(const std::set<std::string>& texts) { return join({texts.begin(), texts.end()}, ", "); }

// What oneDNN itself said it ran, in the units that were executed for this evidence only.
void note_onednn(const Sides& sides, std::vector<std::string>& notes) {
  const auto implementations = [](const Run& run, const Variant& variant) {
    std::set<std::string> names;
    for (const Unit& unit : run.units) {
      const Profile* calls = unit.profiles.find(kOnednnCalls);
      if (unit.role != UnitRole::evidence || unit.variant != variant.name || calls == nullptr) continue;
      for (const ProfileRow& row : calls->rows) names.insert(run.kernels[row.key.kernel].key.name);
    }
    return names;
  };
  const auto a = implementations(*sides.run_a, *sides.variant_a), b = implementations(*sides.run_b, *sides.variant_b);
  if (a.empty() || b.empty()) return;
  std::set<std::string> only_a, only_b;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(only_a, only_a.end()));
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::inserter(only_b, only_b.end()));
  if (only_a.empty() && only_b.empty()) {
    notes.push_back(fmt::format("oneDNN reports the same {} implementations on both sides", a.size()));
    return;
  }
  if (!only_a.empty()) notes.push_back("oneDNN implementations only in A: " + sorted_join(only_a));
  if (!only_b.empty()) notes.push_back("oneDNN implementations only in B: " + sorted_join(only_b));
}

void note_scope(const SeenUnits& seen, const AccountBasis& basis, std::vector<std::string>& notes) {
  std::set<std::string> scopes, unseen;
  std::uint64_t samples = 0, counted = 0, lost = 0;
  for (const auto* units : {&seen.a, &seen.b}) {
    for (const SeenUnit& each : *units) {
      const Profile& profile = *each.profile;
      scopes.insert(profile.scopes.begin(), profile.scopes.end());
      unseen.insert(profile.unseen.begin(), profile.unseen.end());
      samples = add_counts(samples, profile.samples());
      lost = add_counts(lost, profile.lost);
      for (const ProfileRow& row : profile.rows) counted = add_counts(counted, row.time.count);
    }
  }
  if (basis.kind == kCpuSamples) {
    notes.push_back(fmt::format("{} CPU samples of {} code", samples, sorted_join(scopes)));
  } else {
    notes.push_back(
        fmt::format("{}, by {}: {} executions", sorted_join(scopes), to_string(basis.kind.witness), counted));
  }
  if (lost > 0) notes.push_back(fmt::format("{} samples were lost; their time is in \"{}\"", lost, basis.remainder));
  for (const std::string& text : unseen) notes.push_back("not seen: " + text);
  if (seen.left_out > 0) {
    notes.push_back(fmt::format("{} {} without {} left out of the account", seen.left_out,
                                seen.paired ? "pairs" : "units",
                                basis.kind == kCpuSamples ? "samples" : to_string(basis.kind.witness)));
  }
  notes.push_back(
      fmt::format("rows are exploratory: \"changed\" allows {:.0f} % false ones among them", 100 * kFalseDiscoveries));
}

double outside_seconds(const std::vector<SeenUnit>& units) {
  std::vector<double> seconds;
  for (const SeenUnit& seen : units) seconds.push_back(seconds_of(seen.profile->outside_ns()));
  return mean(seconds);
}

void note_window(const SeenUnits& seen, const MetricComparison& primary, std::vector<std::string>& notes) {
  if (!seen.a.front().unit->window || !seen.b.front().unit->window) return;
  notes.push_back(fmt::format(
      "of the part of each unit that {} speaks of; outside of it {} of CPU time a unit of A and {} of B were seen",
      primary.metric, format_seconds(outside_seconds(seen.a)), format_seconds(outside_seconds(seen.b))));
}

std::string why_no_account(const Sides& sides, const SeenUnits& seen, ProfileKind kind) {
  const std::size_t least = std::min(seen.a.size(), seen.b.size());
  if (least >= 2) return {};
  if (least == 1) return seen.paired ? "a single pair was sampled: no spread" : "a single unit was sampled on a side";
  std::set<std::string> reasons;
  for (const auto* units : {&sides.units_a, &sides.units_b}) {
    for (const Unit* unit : *units) {
      for (std::string& reason : unit->profiles.reasons_absent(kind)) reasons.insert(std::move(reason));
    }
  }
  return reasons.empty() ? "no CPU samples were taken on both sides" : sorted_join(reasons);
}

std::vector<const Profile*> profiles_of(const std::vector<SeenUnit>& units) {
  std::vector<const Profile*> profiles;
  for (const SeenUnit& seen : units) profiles.push_back(seen.profile);
  return profiles;
}

Estimate estimate_of(const MeanEstimate& change) { return {change.value, interval_of(change, 0.95)}; }

KernelChange named_row(const KernelGroup& group, const SeenKernels& seen_a, const SeenKernels& seen_b) {
  KernelChange row;
  row.label = group.label;
  row.state = group.state;
  row.family = group.family;
  row.library = group.library;
  row.a = names_of(group.a, seen_a);
  row.b = names_of(group.b, seen_b);
  return row;
}

// The groups that the kernels of a side belong to, by their ids; what was not seen has none.
std::vector<std::size_t> groups_by_id(const KernelTable& kernels, const std::vector<KernelGroup>& groups,
                                      std::vector<KernelKey> KernelGroup::*side) {
  std::map<KernelKey, std::size_t> group_of;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const KernelKey& key : groups[i].*side) group_of.emplace(key, i);
  }
  std::vector<std::size_t> by_id;
  for (const Kernel& kernel : kernels.kernels()) {
    const auto found = group_of.find(key_across_builds(kernel));
    by_id.push_back(found == group_of.end() ? groups.size() : found->second);
  }
  return by_id;
}

// The rows of an account with the series they were computed from, in the same order; the remainder is last.
struct Rows {
  std::vector<KernelChange> rows;
  std::vector<RowSeries> series;
};

Rows build_rows(const Sides& sides, const SeenUnits& seen, const AccountBasis& basis) {
  SeenKernels seen_a, seen_b;
  for (const SeenUnit& each : seen.a) add_profile(seen_a, *each.profile, sides.run_a->kernels, basis);
  for (const SeenUnit& each : seen.b) add_profile(seen_b, *each.profile, sides.run_b->kernels, basis);
  const std::vector<KernelGroup> groups = match_kernels(seen_a, seen_b);
  Rows built;
  for (const KernelGroup& group : groups) built.rows.push_back(named_row(group, seen_a, seen_b));
  built.rows.push_back({.label = basis.remainder, .state = KernelState::remainder});
  built.series.resize(built.rows.size());
  fill_series(seen.a, groups_by_id(sides.run_a->kernels, groups, &KernelGroup::a), basis, built.series, &RowSeries::a);
  fill_series(seen.b, groups_by_id(sides.run_b->kernels, groups, &KernelGroup::b), basis, built.series, &RowSeries::b);

  const auto units = static_cast<double>(std::min(seen.a.size(), seen.b.size()));
  std::vector<double> p_values;
  for (std::size_t i = 0; i < built.rows.size(); ++i) {
    KernelChange& row = built.rows[i];
    const RowSeries& values = built.series[i];
    row.a_seconds = mean(values.a.seconds);
    row.b_seconds = mean(values.b.seconds);
    const auto change = estimate_change(values.a.seconds, values.b.seconds, seen.paired);
    row.change = estimate_of(*change);
    row.sampling_error = std::sqrt(values.a.variance + values.b.variance) / units;
    p_values.push_back(row.state == KernelState::remainder ? 1 : p_value(*change));
  }
  mark_changed(built.rows, p_values);
  return built;
}

KernelAccount account_of(const Sides& sides, const MetricComparison& primary, const AccountBasis& basis) {
  KernelAccount account;
  account.kind = basis.kind;
  const SeenUnits seen = seen_units(sides, basis.kind);
  account.why = why_no_account(sides, seen, basis.kind);
  if (!account.why.empty()) return account;
  account.why = reason_of_mixed_windows(seen, basis.kind);
  if (!account.why.empty()) return account;
  account.why = reason_of_fixed_time(units_of(seen.a), units_of(seen.b), primary);
  account.available = account.why.empty();
  account.pairs = static_cast<int>(std::min(seen.a.size(), seen.b.size()));
  Rows built = build_rows(sides, seen, basis);
  account.rows = std::move(built.rows);

  const RowSeries total{{wholes(seen.a)}, {wholes(seen.b)}};
  account.a_seconds = mean(total.a.seconds);
  account.b_seconds = mean(total.b.seconds);
  account.total = estimate_of(*estimate_change(total.a.seconds, total.b.seconds, seen.paired));
  account.shares_withheld = reason_to_withhold(account, primary, seen.paired);
  if (account.shares_withheld.empty()) {
    std::vector<std::vector<double>> parts;
    for (const RowSeries& row : built.series) parts.push_back(differences(row));
    add_shares(account, differences(total), parts);
  }
  sort_rows(account.rows);
  if (basis.kind == kCpuSamples) {
    note_window(seen, primary, account.notes);
    const std::vector<std::string> served =
        operation_notes({&sides.run_a->kernels, profiles_of(seen.a)}, {&sides.run_b->kernels, profiles_of(seen.b)});
    account.notes.insert(account.notes.end(), served.begin(), served.end());
  }
  note_scope(seen, basis, account.notes);
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
  }
  const auto is_void = [&](const KernelAccount& account) { return !account.available && account.kind != kCpuSamples; };
  std::erase_if(accounts, is_void);
}

}  // namespace varve
