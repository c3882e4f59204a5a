#include "compare/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "base/units.h"
#include "compare/match.h"
#include "compare/measure.h"
#include "stats/descriptive.h"
#include "stats/fieller.h"
#include "stats/interval.h"
#include "stats/paired_verdict.h"

namespace varve {

namespace {
constexpr const char* kWitness = "cpu-samples";
constexpr double kFalseDiscoveries = 0.05;  // of the rows that are called changed (STATS 3, "Many rows")

bool has_samples(const Unit& unit) { return unit.profile.witness == kWitness; }

double cpu_seconds(const Unit& unit) { return unit.user_seconds + unit.system_seconds; }

// The units the account rests on; in one document still partner by partner.
struct Sampled {
  std::vector<const Unit*> a, b;
  bool paired = true;
  int left_out = 0;
};

Sampled sampled_units(const Sides& sides) {
  Sampled sampled;
  sampled.paired = sides.one_document;
  if (sides.one_document) {
    for (std::size_t i = 0; i < sides.units_a.size(); ++i) {
      if (has_samples(*sides.units_a[i]) && has_samples(*sides.units_b[i])) {
        sampled.a.push_back(sides.units_a[i]);
        sampled.b.push_back(sides.units_b[i]);
      } else {
        ++sampled.left_out;
      }
    }
    return sampled;
  }
  for (const auto& [units, to] : {std::pair{&sides.units_a, &sampled.a}, std::pair{&sides.units_b, &sampled.b}}) {
    std::copy_if(units->begin(), units->end(), std::back_inserter(*to),
                 [](const Unit* unit) { return has_samples(*unit); });
    sampled.left_out += static_cast<int>(units->size() - to->size());
  }
  return sampled;
}

// A row's seconds in every unit of a side, and how uncertain the number of samples behind them is, summed over units.
struct Series {
  std::vector<double> seconds;
  double counting_variance = 0;  // in samples squared
};

struct RowSeries {
  Series a, b;
};

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

std::vector<double> cpu_series(const std::vector<const Unit*>& units) {
  std::vector<double> seconds;
  for (const Unit* unit : units) seconds.push_back(cpu_seconds(*unit));
  return seconds;
}

// The kernel samples at a fixed period of CPU time, so the number of samples of a unit is as good as given and only
// their division over kernels is left to chance: a row with k of the unit's n samples has the binomial variance
// k (1 - k/n).
void add_counting_variance(const std::vector<std::uint64_t>& samples, std::uint64_t all, std::vector<RowSeries>& rows,
                           Series RowSeries::*side) {
  for (std::size_t row = 0; row + 1 < rows.size() && all > 0; ++row) {
    const auto k = static_cast<double>(samples[row]);
    (rows[row].*side).counting_variance += k * (1 - k / static_cast<double>(all));
  }
  // The remainder is known to one sampling period more or less: the variance of a uniform distribution.
  (rows.back().*side).counting_variance += 1.0 / 12;
}

// Spreads the samples of a side's units over the groups; the last row takes what was not sampled.
void fill_series(const std::vector<const Unit*>& units, const std::unordered_map<KernelKey, std::size_t>& group_of,
                 std::vector<RowSeries>& rows, Series RowSeries::*side) {
  for (RowSeries& row : rows) (row.*side).seconds.assign(units.size(), 0);
  for (std::size_t i = 0; i < units.size(); ++i) {
    double sampled = 0;
    std::vector<std::uint64_t> samples(rows.size(), 0);
    for (const ProfileRow& row : units[i]->profile.rows) {
      const std::size_t group = group_of.at(kernel_key(row.kernel));
      (rows[group].*side).seconds[i] += row.seconds;
      samples[group] += row.samples;
      sampled += row.seconds;
    }
    add_counting_variance(samples, units[i]->profile.samples, rows, side);
    Series& remainder = rows.back().*side;
    remainder.seconds[i] = cpu_seconds(*units[i]) - sampled;
  }
}

// The error that counting samples of `period` seconds alone gives the change of a row's mean over `units`.
double counting_error(const RowSeries& row, double period, std::size_t units) {
  return std::sqrt(row.a.counting_variance + row.b.counting_variance) * period / static_cast<double>(units);
}

double common_period(const Sampled& sampled) {
  double period = 0;
  for (const auto* units : {&sampled.a, &sampled.b}) {
    for (const Unit* unit : *units) period = std::max(period, unit->profile.period_seconds);
  }
  return period;
}

std::vector<std::string> names_of(const std::vector<KernelKey>& keys, const SeenKernels& seen) {
  std::vector<std::string> names;
  for (const KernelKey& key : keys) names.push_back(seen.at(key).kernel.name);
  return names;
}

// Rows that are called `same` until their change stands out among all rows.
void mark_changed(std::vector<KernelChange>& rows, const std::vector<double>& p_values) {
  const std::vector<bool> found = discoveries(p_values, kFalseDiscoveries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].state == KernelState::same && found[i]) rows[i].state = KernelState::changed;
  }
}

bool is_exchange(KernelState state) {
  return state == KernelState::replaced || state == KernelState::appeared || state == KernelState::vanished;
}

// Why parts of this total would be parts of noise, or parts of something else than the metric. Empty: they are sound.
std::string reason_to_withhold(const KernelAccount& account, const MetricComparison& primary, bool paired) {
  if (!paired) return "the sides were measured one after the other: what drifted in between is in every part";
  if (account.pairs < kFewestPairs)
    return fmt::format("{} pairs are too few: at least {}", account.pairs, kFewestPairs);
  const Interval& interval = account.total.interval;
  const int metric_moved = direction(primary);
  if (interval.low <= 0 && interval.high >= 0) {
    std::string why =
        fmt::format("the change of CPU time a unit ({}) cannot be told from none (95 % interval {} to {})",
                    format_seconds(account.total.value), format_seconds(interval.low), format_seconds(interval.high));
    if (metric_moved != 0) {
      why += fmt::format(
          ", while {} moved: a program that runs for a fixed time, or time spent waiting. Give it a fixed "
          "amount of work to see what its kernels contribute",
          primary.metric);
    }
    return why;
  }
  const auto coarsest = std::max_element(
      account.rows.begin(), account.rows.end(),
      [](const KernelChange& left, const KernelChange& right) { return left.sampling_error < right.sampling_error; });
  if (std::fabs(account.total.value) < coarsest->sampling_error) {
    return fmt::format("the change of CPU time a unit ({}) is below what counting samples can resolve ({} for {})",
                       format_seconds(account.total.value), format_seconds(coarsest->sampling_error), coarsest->label);
  }
  const int cpu_moved = account.total.value < 0 ? 1 : -1;
  if (metric_moved != 0 && metric_moved != cpu_moved) {
    return fmt::format(
        "{} and CPU time a unit disagree: B is {} by the one and uses {} of the other, so parts of the "
        "CPU time do not explain the metric",
        primary.metric, metric_moved > 0 ? "better" : "worse", cpu_moved > 0 ? "less" : "more");
  }
  return {};
}

std::optional<Estimate> share_of(const std::vector<double>& total, const std::vector<double>& part) {
  const Ratio ratio = paired_ratio(total, part);
  return ratio.set == RatioSet::bounded ? std::optional(ratio.estimate) : std::nullopt;
}

void add_shares(KernelAccount& account, const std::vector<RowSeries>& series, const std::vector<double>& total) {
  std::vector<double> exchanged(total.size(), 0);
  bool any_exchange = false;
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    const std::vector<double> part = differences(series[i]);
    account.rows[i].share = share_of(total, part);
    if (!is_exchange(account.rows[i].state)) continue;
    any_exchange = true;
    for (std::size_t pair = 0; pair < part.size(); ++pair) exchanged[pair] += part[pair];
  }
  if (any_exchange) account.exchanged_share = share_of(total, exchanged);
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
      if (unit.role != UnitRole::evidence || unit.variant != variant.name || unit.profile.witness != "onednn-verbose") {
        continue;
      }
      for (const ProfileRow& row : unit.profile.rows) names.insert(row.kernel.name);
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

void note_scope(const Sampled& sampled, std::vector<std::string>& notes) {
  std::set<std::string> scopes, unseen;
  std::uint64_t samples = 0, lost = 0;
  for (const auto* units : {&sampled.a, &sampled.b}) {
    for (const Unit* unit : *units) {
      scopes.insert(unit->profile.scope);
      unseen.insert(unit->profile.unseen.begin(), unit->profile.unseen.end());
      samples += unit->profile.samples;
      lost += unit->profile.lost;
    }
  }
  notes.push_back(fmt::format("{} CPU samples of {} code", samples, sorted_join(scopes)));
  if (lost > 0) notes.push_back(fmt::format("{} samples were lost; their time is in \"(not sampled)\"", lost));
  for (const std::string& text : unseen) notes.push_back("not seen: " + text);
  if (sampled.left_out > 0) {
    notes.push_back(fmt::format("{} {} without samples left out of the account", sampled.left_out,
                                sampled.paired ? "pairs" : "units"));
  }
  notes.push_back(
      fmt::format("rows are exploratory: \"changed\" allows {:.0f} % false ones among them", 100 * kFalseDiscoveries));
}

std::string why_no_account(const Sides& sides, const Sampled& sampled) {
  const std::size_t least = std::min(sampled.a.size(), sampled.b.size());
  if (least >= 2) return {};
  if (least == 1)
    return sampled.paired ? "a single pair was sampled: no spread" : "a single unit was sampled on a side";
  std::set<std::string> unseen;
  for (const auto* units : {&sides.units_a, &sides.units_b}) {
    for (const Unit* unit : *units) unseen.insert(unit->profile.unseen.begin(), unit->profile.unseen.end());
  }
  return unseen.empty() ? "no CPU samples were taken on both sides" : sorted_join(unseen);
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

KernelChange remainder_row() {
  KernelChange row;
  row.label = "(not sampled)";
  row.state = KernelState::remainder;
  return row;
}

// The rows of an account with the series they were computed from, in the same order; the remainder is last.
struct Rows {
  std::vector<KernelChange> rows;
  std::vector<RowSeries> series;
};

Rows build_rows(const Sampled& sampled) {
  SeenKernels seen_a, seen_b;
  for (const Unit* unit : sampled.a) add_profile(seen_a, unit->profile);
  for (const Unit* unit : sampled.b) add_profile(seen_b, unit->profile);
  const std::vector<KernelGroup> groups = match_kernels(seen_a, seen_b);
  Rows built;
  std::unordered_map<KernelKey, std::size_t> group_of_a, group_of_b;
  for (const KernelGroup& group : groups) {
    for (const KernelKey& key : group.a) group_of_a.emplace(key, built.rows.size());
    for (const KernelKey& key : group.b) group_of_b.emplace(key, built.rows.size());
    built.rows.push_back(named_row(group, seen_a, seen_b));
  }
  built.rows.push_back(remainder_row());
  built.series.resize(built.rows.size());
  fill_series(sampled.a, group_of_a, built.series, &RowSeries::a);
  fill_series(sampled.b, group_of_b, built.series, &RowSeries::b);

  const double period = common_period(sampled);
  const std::size_t units = std::min(sampled.a.size(), sampled.b.size());
  std::vector<double> p_values;
  for (std::size_t i = 0; i < built.rows.size(); ++i) {
    KernelChange& row = built.rows[i];
    const RowSeries& values = built.series[i];
    row.a_seconds = mean(values.a.seconds);
    row.b_seconds = mean(values.b.seconds);
    const auto change = estimate_change(values.a.seconds, values.b.seconds, sampled.paired);
    row.change = estimate_of(*change);
    row.sampling_error = counting_error(values, period, units);
    p_values.push_back(row.state == KernelState::remainder ? 1 : p_value(*change));
  }
  mark_changed(built.rows, p_values);
  return built;
}
}  // namespace

KernelAccount account_kernels(const Sides& sides, const MetricComparison& primary) {
  KernelAccount account;
  const Sampled sampled = sampled_units(sides);
  account.why = why_no_account(sides, sampled);
  if (!account.why.empty()) {
    note_onednn(sides, account.notes);
    return account;
  }
  account.available = true;
  account.pairs = static_cast<int>(std::min(sampled.a.size(), sampled.b.size()));
  Rows built = build_rows(sampled);
  account.rows = std::move(built.rows);

  const RowSeries total{{cpu_series(sampled.a)}, {cpu_series(sampled.b)}};
  account.a_seconds = mean(total.a.seconds);
  account.b_seconds = mean(total.b.seconds);
  account.total = estimate_of(*estimate_change(total.a.seconds, total.b.seconds, sampled.paired));
  account.shares_withheld = reason_to_withhold(account, primary, sampled.paired);
  if (account.shares_withheld.empty()) add_shares(account, built.series, differences(total));
  sort_rows(account.rows);
  note_scope(sampled, account.notes);
  note_onednn(sides, account.notes);
  return account;
}

}  // namespace varve
