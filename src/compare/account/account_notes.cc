#include "compare/account/account_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "compare/matching/operation_notes.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
std::string sorted_join(const std::set<std::string>& texts) { return join({texts.begin(), texts.end()}, ", "); }

// What oneDNN itself said it ran, in the units that were executed for this evidence only.
void add_onednn(const Sides& sides, std::vector<std::string>& notes) {
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
  notes.push_back("rows are exploratory: of those called changed, at most 5 % are false");
}

double outside_seconds(const std::vector<SeenUnit>& units) {
  std::vector<double> seconds;
  for (const SeenUnit& seen : units) seconds.push_back(static_cast<double>(seen.profile->outside_ns()) * 1e-9);
  return mean(seconds);
}

void note_window(const SeenUnits& seen, const MetricComparison& primary, std::vector<std::string>& notes) {
  if (!seen.a.front().unit->window || !seen.b.front().unit->window) return;
  const bool by_marks = !seen.a.front().unit->window->marks.empty();
  notes.push_back(fmt::format("outside of {} {} of CPU time a unit of A and {} of B were seen",
                              by_marks ? "the steps that the program marks" : "what " + primary.metric + " speaks of",
                              format_seconds(outside_seconds(seen.a)), format_seconds(outside_seconds(seen.b))));
}
}  // namespace

void note_onednn(const Sides& sides, std::vector<std::string>& notes) { add_onednn(sides, notes); }

std::vector<std::string> account_notes(const Sides& sides, const SeenUnits& seen, const AccountBasis& basis,
                                       const MetricComparison& primary, bool by_operation) {
  std::vector<std::string> notes;
  if (basis.kind == kCpuSamples) {
    note_window(seen, primary, notes);
    if (!by_operation) {
      const std::vector<std::string> served =
          operation_notes({&sides.run_a->kernels, profiles_of(seen.a)}, {&sides.run_b->kernels, profiles_of(seen.b)});
      notes.insert(notes.end(), served.begin(), served.end());
    }
  }
  note_scope(seen, basis, notes);
  return notes;
}

}  // namespace varve
