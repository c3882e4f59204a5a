// What the recorders of a run did and saw besides profiles, and what the program imported.
#include <nlohmann/json.hpp>

#include "model/json/json_parts.h"

namespace varve {

Json recorders_to_json(const std::vector<RecorderChoice>& recorders) {
  Json list = Json::array();
  for (const RecorderChoice& choice : recorders) {
    list.push_back({{"recorder", choice.recorder}, {"used", choice.used}, {"why", choice.why}});
  }
  return list;
}

std::vector<RecorderChoice> recorders_from(const Fields& fields, const char* key) {
  std::vector<RecorderChoice> recorders;
  fields.each(key, [&](const Fields& row) {
    recorders.push_back({row.required_text("recorder"), row.flag("used", false), row.text("why")});
  });
  return recorders;
}

Json recording_to_json(const UnitRecording& recording) {
  Json json{{"recorder", recording.recorder},
            {"window_ns", recording.window_ns},
            {"processes", recording.processes},
            {"indicative", recording.indicative},
            {"remarks", recording.remarks}};
  set_text(json, "way", recording.way);
  set_text(json, "no_evidence", recording.no_evidence);
  set_text(json, "window", recording.window);
  if (recording.coverage) json["coverage"] = finite_or_null(*recording.coverage);
  if (recording.cost) json["cost"] = finite_or_null(*recording.cost);
  set_text(json, "cost_metric", recording.cost_metric);
  return json;
}

UnitRecording recording_from(const Fields& fields) {
  UnitRecording recording;
  recording.recorder = fields.required_text("recorder");
  recording.way = fields.text("way");
  recording.no_evidence = fields.text("no_evidence");
  recording.window = fields.text("window");
  recording.window_ns = fields.nanoseconds("window_ns");
  recording.coverage = fields.optional_number("coverage");
  recording.processes = small_number<int>(fields, "processes", 0);
  recording.cost = fields.optional_number("cost");
  recording.cost_metric = fields.text("cost_metric");
  recording.indicative = fields.flag("indicative", false);
  recording.remarks = fields.texts("remarks");
  return recording;
}

Json packages_to_json(const ImportedPackages& packages) {
  Json json{{"environment", packages.environment}, {"versions", packages.versions}, {"libraries", packages.libraries}};
  set_text(json, "missing", packages.missing);
  set_text(json, "python", packages.python);
  if (!packages.requirements.empty()) json["requirements"] = packages.requirements;
  return json;
}

ImportedPackages packages_from(const Fields& fields) {
  ImportedPackages packages;
  packages.environment = fields.text("environment");
  packages.missing = fields.text("missing");
  packages.python = fields.text("python");
  fields.each_text("versions", [&](const std::string& name, const std::string& version) {
    packages.versions.emplace(name, version);
  });
  if (fields.has("requirements")) {
    const Fields requirements = fields.object("requirements");
    for (const auto& [name, version] : packages.versions) {
      std::vector<std::string> asked = requirements.texts(name.c_str());
      if (!asked.empty()) packages.requirements.emplace(name, std::move(asked));
    }
  }
  fields.each_text("libraries", [&](const std::string& path, const std::string& package) {
    packages.libraries.emplace(path, package);
  });
  return packages;
}

}  // namespace varve
