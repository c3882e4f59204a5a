#include "report/recordings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/wording.h"

namespace varve {

namespace {
std::string recording_text(const UnitRecording& recording) {
  std::vector<std::string> parts;
  if (!recording.no_evidence.empty()) {
    parts.push_back("no evidence: " + recording.no_evidence);
  } else {
    parts.push_back(recording.way);
    std::string window = "window " + recording.window;
    if (recording.coverage) window += fmt::format(", {} of it accounted for", share_text(*recording.coverage));
    parts.push_back(std::move(window));
    if (recording.cost) {
      parts.push_back(fmt::format("cost {:.2f} of a timing unit by {}{}", *recording.cost, recording.cost_metric,
                                  recording.indicative ? ": more than 5 %, so what was seen is indicative" : ""));
    }
  }
  parts.insert(parts.end(), recording.remarks.begin(), recording.remarks.end());
  return join(parts, "; ");
}

std::vector<const Unit*> evidence_units(const Run& run, const std::string& variant) {
  std::vector<const Unit*> units;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::evidence && unit.variant == variant) units.push_back(&unit);
  }
  return units;
}
}  // namespace

std::vector<Remark> recording_remarks(const Run& run, const Variant& variant) {
  std::vector<Remark> remarks;
  for (const Unit* unit : evidence_units(run, variant.name)) {
    if (unit->recording) remarks.push_back({unit->recording->recorder, recording_text(*unit->recording)});
  }
  return remarks;
}

std::vector<SideProfile> recorded_profiles(const Run& run, const Variant& variant) {
  std::vector<SideProfile> profiles = side_profiles(evidence_units(run, variant.name));
  std::erase_if(profiles, [](const SideProfile& side) { return side.kind == kCpuSamples || side.rows.empty(); });
  return profiles;
}

std::string unused_recorders(const Run& run) {
  std::vector<std::string> texts;
  for (const Variant& variant : run.variants) {
    for (const RecorderChoice& choice : variant.recorders) {
      std::string text = fmt::format("{} ({})", choice.recorder, choice.why);
      if (choice.used || std::find(texts.begin(), texts.end(), text) != texts.end()) continue;
      texts.push_back(std::move(text));
    }
  }
  return join(texts, ", ");
}

std::vector<Remark> framework_remarks(const Variant& variant) {
  std::vector<Remark> remarks;
  for (const auto& [id, fact] : variant.framework) {
    std::string text = fact_text(fact);
    if (fact.is_known() && !fact.detail.empty()) text += " (" + fact.detail + ")";
    remarks.push_back({id, std::move(text)});
  }
  return remarks;
}

std::string packages_text(const Variant& variant) {
  if (!variant.packages) return "";
  const ImportedPackages& packages = *variant.packages;
  if (packages.environment.empty()) return "not known: " + packages.missing;
  return fmt::format("Python{}{} with {} in {}", packages.python.empty() ? "" : " ", packages.python,
                     count_text(packages.versions.size(), "package", "packages"), packages.environment);
}

}  // namespace varve
