#include "tables/known_issues.h"

#include <algorithm>
#include <iterator>

#include "base/dotted_version.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr TableWord<IssueEffect> kEffects[] = {{"wrong-result", IssueEffect::wrong_result},
                                               {"crash", IssueEffect::crash},
                                               {"hang", IssueEffect::hang},
                                               {"refuses", IssueEffect::refuses},
                                               {"unsupported", IssueEffect::unsupported},
                                               {"slower", IssueEffect::slower},
                                               {"memory", IssueEffect::memory},
                                               {"numerics", IssueEffect::numerics},
                                               {"faster", IssueEffect::faster}};
constexpr TableWord<IssueBounds> kBounds[] = {{"stated", IssueBounds::stated},
                                              {"single", IssueBounds::single},
                                              {"open-start", IssueBounds::open_start},
                                              {"inferred", IssueBounds::inferred}};
constexpr std::string_view kPlatforms[] = {"container", "jetson", "mig", "nodes", "proprietary-module"};

// Whether is_within can read every piece of it.
bool is_range(std::string_view range) {
  for (std::string_view piece : split(range, ',')) {
    piece = trim(piece);
    piece.remove_prefix(std::min(piece.find_first_not_of("<>=!"), piece.size()));
    const auto version = dotted_version_from(piece);
    if (!version || version->written != piece) return false;
  }
  return true;
}

std::string range_of(const TableRow& row, const char* key) {
  std::string range = row.text(key);
  if (!is_range(range)) row.reject(key, range, "a range of versions, as >=12.1,<12.4");
  return range;
}

std::vector<std::string> platforms_of(const TableRow& row) {
  std::vector<std::string> words = row.texts("platform");
  for (const std::string& word : words) {
    if (std::find(std::begin(kPlatforms), std::end(kPlatforms), word) == std::end(kPlatforms)) {
      row.reject("platform", word, "container, jetson, mig, nodes or proprietary-module");
    }
  }
  return words;
}

std::vector<KnownIssue::With> others_of(const TableRow& row) {
  std::vector<KnownIssue::With> others;
  row.each("with", [&](const TableRow& other) {
    others.push_back({.component = other.required("component"), .version = range_of(other, "version")});
  });
  return others;
}
}  // namespace

std::string_view to_string(IssueEffect effect) {
  for (const auto& one : kEffects) {
    if (one.value == effect) return one.word;
  }
  return "";
}

bool is_harm(IssueEffect effect) { return effect <= IssueEffect::slower; }

KnownIssue known_issue_of(const TableRow& row) {
  KnownIssue issue{.id = row.required("id"),
                   .components = row.texts("components"),
                   .version = range_of(row, "version"),
                   .with = others_of(row),
                   .gpu = range_of(row, "gpu"),
                   .gpu_model = row.text("gpu_model"),
                   .gpus = range_of(row, "gpus"),
                   .driver = range_of(row, "driver"),
                   .cpu = row.texts("cpu"),
                   .platform = platforms_of(row),
                   .settings = row.texts("settings"),
                   .modules = row.texts("modules"),
                   .kernel_log = row.text("kernel_log"),
                   .workload = row.text("workload"),
                   .on_cpu = row.one_of("side", {"cpu"}) == "cpu",
                   .effect = row.word("effect", kEffects, IssueEffect::slower),
                   .says = row.required("says"),
                   .magnitude = row.text("magnitude"),
                   .symptom = row.text("symptom"),
                   .fix = row.text("fix"),
                   .bounds = row.word("bounds", kBounds, IssueBounds::stated),
                   .report = row.flag("report"),
                   .told_by = row.text("told_by"),
                   .source = row.required("source")};
  if (issue.components.empty()) row.reject("components", "nothing", "a list of names");
  return issue;
}

}  // namespace varve
