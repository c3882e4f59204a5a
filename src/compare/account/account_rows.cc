#include "compare/account/account_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text.h"
#include "compare/account/implementations.h"
#include "compare/account/takeovers.h"
#include "compare/matching/library_name.h"
#include "compare/matching/match.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr double kFalseDiscoveries = 0.05;  // of the rows that are called changed (STATS 3, "Many rows")
constexpr const char* kNobody = "(for no operation that is known)";

using ByCaller = std::map<std::string, SeenKernels>;
using LeafIndex = std::map<std::pair<std::string, KernelKey>, std::size_t>;

std::vector<std::string> names_of(const std::vector<KernelKey>& keys, const SeenKernels& seen) {
  std::vector<std::string> names;
  for (const KernelKey& key : keys) names.push_back(seen.at(key).kernel->key.name);
  return names;
}

std::set<std::string> builds_of(const std::vector<KernelKey>& keys, const SeenKernels& seen) {
  std::set<std::string> builds;
  for (const KernelKey& key : keys) builds.insert(seen.at(key).kernel->key.build_id);
  return builds;
}

template <class Condition>
bool all_kernels(const KernelGroup& group, const SeenKernels& seen_a, const SeenKernels& seen_b, Condition condition) {
  return std::all_of(group.a.begin(), group.a.end(),
                     [&](const auto& key) { return condition(*seen_a.at(key).kernel); }) &&
         std::all_of(group.b.begin(), group.b.end(),
                     [&](const auto& key) { return condition(*seen_b.at(key).kernel); });
}

Leaf leaf_of(const std::string& caller, const KernelGroup& group, const SeenKernels& seen_a, const SeenKernels& seen_b,
             const SeenUnits& seen) {
  Leaf leaf{.caller = caller, .row = {}, .series = empty_series(seen)};
  leaf.row.label = group.label == "(kernel)" ? "(the operating system)" : group.label;
  leaf.row.state = group.state;
  leaf.by_caller_alone = group.by_caller_alone;
  leaf.row.family = group.family;
  leaf.row.library = group.library;
  leaf.row.a = names_of(group.a, seen_a);
  leaf.row.b = names_of(group.b, seen_b);
  const std::set<std::string> builds_a = builds_of(group.a, seen_a), builds_b = builds_of(group.b, seen_b);
  const bool is_pool = group.label == kRareKernels;  // of no one code: which of them ran moves its builds
  leaf.other_build = !is_pool && !builds_a.contains("") && !builds_b.contains("") && builds_a != builds_b;
  leaf.generated = all_kernels(group, seen_a, seen_b, [](const Kernel& kernel) {
    return kernel.named == Named::generated || is_generated_file(kernel.key.library);
  });
  leaf.system = all_kernels(group, seen_a, seen_b, [](const Kernel& kernel) { return kernel.named == Named::system; });
  return leaf;
}

bool all_tell_callers(const std::vector<SeenUnit>& units) {
  return std::any_of(units.begin(), units.end(), [](const SeenUnit& each) { return tells_callers(*each.profile); });
}

// Adds what the units of a side took to the leaves; `rest` takes what the rows leave of the whole.
void fill_side(const std::vector<SeenUnit>& units, const KernelTable& kernels, const AccountBasis& basis, bool callers,
               const LeafIndex& index, std::vector<Leaf>& leaves, RowSeries& rest, Series RowSeries::*side) {
  constexpr double kSquare = 1e-18;  // nanoseconds squared in seconds squared
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Profile& profile = *units[i].profile;
    const Counting counting = counting_of(profile);
    const double square = kSquare * units[i].scale * units[i].scale;
    std::map<std::size_t, ProfileRow> sums;
    for (const ProfileRow& row : profile.rows) {
      const std::string caller = callers ? caller_of(row, kernels) : std::string();
      ProfileRow& sum = sums[index.at({caller, key_across_builds(kernels[row.key.kernel])})];
      sum.samples = add_counts(sum.samples, row.samples);
      sum.time.total_ns = add_ns(sum.time.total_ns, row.time.total_ns);
    }
    for (const auto& [leaf, sum] : sums) {
      Series& series = leaves[leaf].series.*side;
      series.seconds[i] = units[i].seconds(sum.time.total_ns);
      series.variance += square * basis.variance(sum, counting);
    }
    (rest.*side).seconds[i] = units[i].seconds(profile.remainder_ns());
    (rest.*side).variance += square * basis.remainder_variance(counting);
  }
}

void estimate(KernelChange& row, const RowSeries& values, const SeenUnits& seen) {
  row.a_seconds = mean_seconds(values, values.a);
  row.b_seconds = mean_seconds(values, values.b);
  const MeanEstimate change = *estimate_change(values, seen.paired);
  row.change = {change.value, interval_of(change, 0.95)};
  const auto units = static_cast<double>(std::min(seen.a.size(), seen.b.size()));
  row.sampling_error = std::sqrt(values.a.variance + values.b.variance) / units;
}

std::vector<bool> stand_out(const std::vector<const RowSeries*>& rows, const SeenUnits& seen) {
  std::vector<double> p_values;
  for (const RowSeries* row : rows) p_values.push_back(p_value(*estimate_change(*row, seen.paired)));
  return discoveries(p_values, kFalseDiscoveries);
}

bool is_one_sided(KernelState state) { return state == KernelState::appeared || state == KernelState::vanished; }

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// Whether most units of a side showed it.
bool is_usual(const std::vector<double>& seconds) {
  const auto shown = std::count_if(seconds.begin(), seconds.end(), [](double each) { return each > 0; });
  return 2 * static_cast<std::size_t>(shown) > seconds.size();
}

// Whether what one side alone showed may be chance: its change does not stand out, and it was seen a handful of times,
// or by few of the units. What was counted and not sampled is none.
bool may_be_chance(const RowSeries& series, bool stands_out) {
  const double variance = series.a.variance + series.b.variance;
  if (stands_out || variance == 0) return false;
  const double total = sum_of(series.a.seconds) + sum_of(series.b.seconds);
  return total * total < kHandfulOfSamples * variance || !(is_usual(series.a.seconds) || is_usual(series.b.seconds));
}

KernelChange unseen_row(std::size_t count, const char* what) {
  return {
      .label = fmt::format("({} {}{} seen on one side only, too rarely to tell)", count, what, count == 1 ? "" : "s"),
      .state = KernelState::unseen};
}

// What of a caller one side alone showed and may be chance, as one leaf; kernels that were taken for exchanged since
// each of them was seen on one side, too.
void fold_unseen(std::vector<Leaf>& leaves, const std::vector<bool>& found, const SeenUnits& seen) {
  std::map<std::string, std::vector<std::size_t>> folded;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const bool one_sided = is_one_sided(leaves[i].row.state) || leaves[i].by_caller_alone;
    if (!one_sided || !may_be_chance(leaves[i].series, found[i])) continue;
    folded[leaves[i].caller].push_back(i);
  }
  std::set<std::size_t> gone;
  for (const auto& [caller, members] : folded) {
    std::size_t kernels = 0;
    for (const std::size_t i : members) kernels += leaves[i].row.a.size() + leaves[i].row.b.size();
    Leaf fold{.caller = caller, .row = unseen_row(kernels, "kernel"), .series = empty_series(seen)};
    for (const std::size_t i : members) {
      const KernelChange& row = leaves[i].row;
      fold.row.a.insert(fold.row.a.end(), row.a.begin(), row.a.end());
      fold.row.b.insert(fold.row.b.end(), row.b.begin(), row.b.end());
      add_series(fold.series, leaves[i].series);
      gone.insert(i);
    }
    leaves.push_back(std::move(fold));
  }
  std::vector<Leaf> kept;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!gone.contains(i)) kept.push_back(std::move(leaves[i]));
  }
  leaves = std::move(kept);
}

// Rows that are called `same` until their change stands out among all rows.
void judge_leaves(std::vector<Leaf>& leaves, const SeenUnits& seen) {
  std::vector<const RowSeries*> series;
  for (const Leaf& leaf : leaves) series.push_back(&leaf.series);
  const std::vector<bool> found = stand_out(series, seen);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    KernelState& state = leaves[i].row.state;
    if (state == KernelState::same && found[i]) {
      state = leaves[i].other_build ? KernelState::recoded : KernelState::changed;
    }
  }
  fold_unseen(leaves, found, seen);
  for (Leaf& leaf : leaves) estimate(leaf.row, leaf.series, seen);
}

std::vector<Leaf> find_leaves(const Sides& sides, const SeenUnits& seen, const AccountBasis& basis, bool callers,
                              RowSeries& rest) {
  ByCaller of_a, of_b;
  for (const SeenUnit& each : seen.a) add_profile(of_a, *each.profile, sides.run_a->kernels, basis, callers);
  for (const SeenUnit& each : seen.b) add_profile(of_b, *each.profile, sides.run_b->kernels, basis, callers);
  std::set<std::string> names;
  for (const ByCaller* side : {&of_a, &of_b}) {
    for (const auto& [caller, kernels] : *side) names.insert(caller);
  }
  std::vector<Leaf> leaves;
  LeafIndex index_a, index_b;
  for (const std::string& caller : names) {
    const SeenKernels& seen_a = of_a[caller];
    const SeenKernels& seen_b = of_b[caller];
    for (const KernelGroup& group : match_kernels(seen_a, seen_b, !caller.empty())) {
      for (const KernelKey& key : group.a) index_a.emplace(std::pair(caller, key), leaves.size());
      for (const KernelKey& key : group.b) index_b.emplace(std::pair(caller, key), leaves.size());
      leaves.push_back(leaf_of(caller, group, seen_a, seen_b, seen));
    }
  }
  fill_side(seen.a, sides.run_a->kernels, basis, callers, index_a, leaves, rest, &RowSeries::a);
  fill_side(seen.b, sides.run_b->kernels, basis, callers, index_b, leaves, rest, &RowSeries::b);
  return leaves;
}

void add_row(AccountRows& to, KernelChange row, RowSeries series) {
  to.rows.push_back(std::move(row));
  to.series.push_back(std::move(series));
  to.parts.emplace_back();
}

void add_part(AccountRows& to, std::size_t row, Leaf leaf) {
  add_series(to.series[row], leaf.series);
  to.rows[row].parts.push_back(std::move(leaf.row));
  to.parts[row].push_back(std::move(leaf.series));
}

bool has_time(const std::vector<double>& seconds) { return sum_of(seconds) > 0; }

// Of an operation that both sides have: whether what it is made of was exchanged.
bool is_exchanged(const KernelChange& row) {
  constexpr double kMuch = 0.1;  // of its time on either side
  double a = 0, b = 0;
  for (const KernelChange& part : row.parts) {
    const bool exchanged = part.state == KernelState::replaced || is_one_sided(part.state);
    a += exchanged ? part.a_seconds : 0;
    b += exchanged ? part.b_seconds : 0;
  }
  return a > kMuch * row.a_seconds && b > kMuch * row.b_seconds;
}

// Where no recorder names what an operation was made of: the kernels that took each other's place.
std::string exchanged_kernels(const KernelChange& row) {
  const KernelChange* largest = nullptr;
  for (const KernelChange& part : row.parts) {
    if (part.state != KernelState::replaced) continue;
    if (largest == nullptr || part.a_seconds + part.b_seconds > largest->a_seconds + largest->b_seconds)
      largest = &part;
  }
  return largest == nullptr ? "" : largest->label;
}

void judge_operations(AccountRows& account, const SeenUnits& seen) {
  std::vector<const RowSeries*> series;
  for (const RowSeries& each : account.series) series.push_back(&each);
  const std::vector<bool> found = stand_out(series, seen);
  std::vector<std::size_t> chance;
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    KernelChange& row = account.rows[i];
    estimate(row, account.series[i], seen);
    const bool in_a = has_time(account.series[i].a.seconds), in_b = has_time(account.series[i].b.seconds);
    row.state = found[i] ? KernelState::changed : KernelState::same;
    if (in_a != in_b) row.state = in_a ? KernelState::vanished : KernelState::appeared;
    if (in_a != in_b && may_be_chance(account.series[i], found[i])) chance.push_back(i);
    const bool joined = row.label.find(" → ") != std::string::npos;  // with the code that was compiled for it
    const bool exchanged = (joined || is_exchanged(row)) && !may_be_chance(account.series[i], found[i]);
    if (in_a && in_b && row.label != kNobody && (!row.detail.empty() || exchanged)) {
      row.state = KernelState::replaced;
      if (row.detail.empty() && !joined) row.detail = exchanged_kernels(row);
    }
  }
  if (chance.empty()) return;
  AccountRows kept{.by_operation = true, .rows = {}, .series = {}, .parts = {}};
  add_row(kept, unseen_row(chance.size(), "operation"), empty_series(seen));
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    if (std::find(chance.begin(), chance.end(), i) == chance.end()) {
      kept.rows.push_back(std::move(account.rows[i]));
      kept.series.push_back(std::move(account.series[i]));
      kept.parts.push_back(std::move(account.parts[i]));
      continue;
    }
    for (std::size_t part = 0; part < account.parts[i].size(); ++part) {
      add_part(kept, 0, {account.rows[i].label, account.rows[i].parts[part], account.parts[i][part]});
    }
  }
  estimate(kept.rows[0], kept.series[0], seen);
  account = std::move(kept);
}

// Leaves become the parts of the operations that they served.
AccountRows rows_by_operation(std::vector<Leaf> leaves, const Sides& sides, const SeenUnits& seen) {
  AccountRows account{.by_operation = true, .rows = {}, .series = {}, .parts = {}};
  std::map<std::string, std::size_t> row_of;
  for (Leaf& leaf : leaves) {
    const auto [at, is_new] = row_of.emplace(leaf.caller, account.rows.size());
    if (is_new) {
      KernelChange row{.label = leaf.caller.empty() ? kNobody : leaf.caller};
      row.family = family_of_operation(sides, leaf.caller);
      row.detail = exchanged_implementation(sides, row.family);
      add_row(account, std::move(row), empty_series(seen));
    }
    add_part(account, at->second, std::move(leaf));
  }
  judge_operations(account, seen);
  return account;
}
}  // namespace

AccountRows account_rows(const Sides& sides, const SeenUnits& seen, const AccountBasis& basis) {
  const bool callers = all_tell_callers(seen.a) && all_tell_callers(seen.b);
  RowSeries rest = empty_series(seen);
  std::vector<Leaf> leaves = find_leaves(sides, seen, basis, callers, rest);
  join_generated_code(leaves);
  judge_leaves(leaves, seen);
  AccountRows account;
  if (callers) {
    account = rows_by_operation(std::move(leaves), sides, seen);
  } else {
    for (Leaf& leaf : leaves) add_row(account, std::move(leaf.row), std::move(leaf.series));
  }
  KernelChange remainder{.label = basis.remainder, .state = KernelState::remainder};
  estimate(remainder, rest, seen);
  add_row(account, std::move(remainder), std::move(rest));
  return account;
}

}  // namespace varve
