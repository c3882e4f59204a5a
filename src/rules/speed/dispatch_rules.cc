// Releases that choose other kernels, by data/dispatch_changes.json.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/speed/releases_seen.h"
#include "rules/speed/speed_rules.h"

namespace varve {

namespace {
bool environment_holds(const Analysis& analysis, const std::string& path, const DispatchChange& row) {
  for (const Environment& environment : analysis.subject.environments) {
    if (environment.path != path) continue;
    return std::any_of(environment.packages.begin(), environment.packages.end(), [&](const Package& package) {
      if (!is_component(package, row.framework)) return false;
      const std::optional<DottedVersion> version = dotted_version_from(package.version);
      return row.framework_version.empty() || (version && is_within(*version, row.framework_version));
    });
  }
  return false;
}

// Whether the framework of the environment was made with this version and brings it. Rows that LD_LIBRARY_PATH controls
// are about another one that stands before it.
bool is_own_version(const Analysis& analysis, const ReleaseSeen& one, const DispatchChange& row) {
  if (row.control != "LD_LIBRARY_PATH") return false;
  for (const Environment& environment : analysis.subject.environments) {
    const Package* package = environment.path == one.environment ? find_package(environment, row.framework) : nullptr;
    const auto version = package == nullptr ? std::nullopt : dotted_version_from(package->version);
    if (!version) continue;
    for (const FrameworkBuild& build : analysis.knowledge.framework_builds) {
      const bool same = build.framework == row.framework && is_within(*version, build.version);
      if (same && row.component == "cudnn" && dotted_version_from(build.cudnn) == one.version) return true;
    }
  }
  return false;
}

// Where a version is seen that the row holds for: "torch 2.9.0 in /venv, …"; empty: nowhere.
std::string places_of(const Analysis& analysis, const std::vector<ReleaseSeen>& seen, const DispatchChange& row) {
  std::set<std::string> places;
  for (const ReleaseSeen& one : seen) {
    if (!is_within(one.version, row.version)) continue;
    if (!row.framework.empty() && !environment_holds(analysis, one.environment, row)) continue;
    if (is_own_version(analysis, one, row)) continue;
    places.insert(one.text + (one.environment.empty() ? "" : " in " + one.environment));
  }
  return join({places.begin(), places.end()}, ", ");
}

// What a row says of the releases that it holds for.
enum class Change { slower, inexact, other };
Change kind_of(const DispatchChange& row) {
  return row.slower ? Change::slower : row.inexact ? Change::inexact : Change::other;
}

// Rows of data/dispatch_changes.json that hold for the versions found: of packages by their name, of libraries by their
// family ("cudnn", "cublas") with what environments hold and consumers would load; and for a GPU of the machine.
// Of the known slow-downs and of defaults that surprise one finding a row, as warnings where the machine has a GPU,
// else notes; of all other rows one note for everything of one release, on a machine with a GPU only.
std::vector<Found> known_dispatch_changes(const Analysis& analysis, Change wanted) {
  if (wanted == Change::other && !analysis.has_gpu) return {};
  ReleasesSeen seen = releases_seen(analysis);
  std::vector<Found> found;
  std::map<std::string, std::vector<std::string>> others;  // what is merely other, by where it was seen
  for (const DispatchChange& row : analysis.knowledge.dispatch_changes) {
    // A row for every release says nothing about this one.
    if (kind_of(row) != wanted || (wanted == Change::other && row.version.empty())) continue;
    const Gpu* gpu = gpu_within(analysis, row.gpu);
    if (!row.gpu.empty() && gpu == nullptr) continue;
    const std::string places = places_of(analysis, seen[row.component], row);
    if (places.empty()) continue;
    if (wanted == Change::other) {
      others[places].push_back(row.change + " (" + row.id + ")");
      continue;
    }
    const std::string on = row.gpu.empty() ? std::string() : " on " + gpu_text(*gpu);
    found.push_back({.evidence = places + on + ": " + row.change + " (" + row.id + ")",
                     .severity = row.narrow ? Severity::note : with_gpu(analysis, Severity::warning),
                     .consequence = row.effect,
                     .fix = row.control});
  }
  for (const auto& [places, changes] : others) {
    found.push_back({.evidence = "Choices of " + places + ": " + join(changes, "; "), .severity = Severity::note});
  }
  return found;
}

std::vector<Found> slower_versions(const Analysis& analysis) {
  return known_dispatch_changes(analysis, Change::slower);
}
std::vector<Found> inexact_versions(const Analysis& analysis) {
  return known_dispatch_changes(analysis, Change::inexact);
}
std::vector<Found> other_versions(const Analysis& analysis) { return known_dispatch_changes(analysis, Change::other); }
}  // namespace

const std::vector<Rule>& dispatch_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-SPEED-KNOWN-SLOWER",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::silent_slowdown,
       .statement = "No release is used that is known to be slower on this GPU",
       .consequence = "Some operations are slower than before or after it",
       .fix = "Take a release before or after it",
       .source = "data/dispatch_changes.json, where every row has its source",
       .judge = slower_versions},
      {.id = "VRV-SPEED-INEXACT",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::silent_slowdown,
       .statement = "No release is used whose default is faster and less exact than people expect on this GPU",
       .consequence = "Results differ from those of other releases in the digits that count",
       .fix = "Set the precision where it matters, and state it beside the number",
       .source = "data/dispatch_changes.json, where every row has its source",
       .judge = inexact_versions},
      {.id = "VRV-SPEED-OTHER-KERNELS",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::silent_slowdown,
       .statement = "Releases that choose other kernels by default are known when numbers are compared",
       .consequence = "Kernels, speed or rounding differ from those of other releases",
       .fix = "State it beside the number",
       .source = "data/dispatch_changes.json, where every row has its source",
       .judge = other_versions},
  };
  return rules;
}

}  // namespace varve
