// What the recorders of a run did and saw besides profiles, what the program imported, and what the machine did
// meanwhile.
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

namespace {

// What nobody could read is left out.
template <class Number>
void set_known(Json& json, const char* key, const std::optional<Number>& value) {
  if (value) json[key] = *value;
}

std::optional<std::uint64_t> optional_count(const Fields& fields, const char* key) {
  return fields.has(key) ? std::optional(fields.count(key)) : std::nullopt;
}

Json gpu_conditions_to_json(const GpuConditions& gpu) {
  Json json{{"pci_address", gpu.pci_address},
            {"samples", gpu.samples},
            {"throttle_reasons", gpu.throttle_reasons},
            {"throttled", gpu.throttled},
            {"foreign_processes", gpu.foreign_processes}};
  set_known(json, "clock_mhz", gpu.clock_mhz);
  set_known(json, "lowest_clock_mhz", gpu.lowest_clock_mhz);
  set_known(json, "watts", gpu.watts);
  set_known(json, "highest_watts", gpu.highest_watts);
  set_known(json, "highest_celsius", gpu.highest_celsius);
  set_known(json, "memory_before_bytes", gpu.memory_before_bytes);
  set_known(json, "memory_peak_bytes", gpu.memory_peak_bytes);
  return json;
}

GpuConditions gpu_conditions_from(const Fields& fields) {
  return {.pci_address = fields.text("pci_address"),
          .samples = small_number<int>(fields, "samples", 0),
          .clock_mhz = fields.optional_number("clock_mhz"),
          .lowest_clock_mhz = fields.optional_number("lowest_clock_mhz"),
          .watts = fields.optional_number("watts"),
          .highest_watts = fields.optional_number("highest_watts"),
          .highest_celsius = fields.optional_number("highest_celsius"),
          .memory_before_bytes = optional_count(fields, "memory_before_bytes"),
          .memory_peak_bytes = optional_count(fields, "memory_peak_bytes"),
          .throttle_reasons = fields.count("throttle_reasons"),
          .throttled = fields.number("throttled"),
          .foreign_processes = small_number<int>(fields, "foreign_processes", 0)};
}

}  // namespace

Json conditions_to_json(const UnitConditions& conditions) {
  Json json{{"voluntary_switches", conditions.voluntary_switches},
            {"major_faults", conditions.major_faults},
            {"minor_faults", conditions.minor_faults}};
  set_known(json, "load", conditions.load);
  set_known(json, "others_cpus", conditions.others_cpus);
  set_known(json, "cpu_mhz", conditions.cpu_mhz);
  set_known(json, "celsius", conditions.celsius);
  set_known(json, "cpu_throttles", conditions.cpu_throttles);
  for (const GpuConditions& gpu : conditions.gpus) json["gpus"].push_back(gpu_conditions_to_json(gpu));
  return json;
}

UnitConditions conditions_from(const Fields& fields) {
  UnitConditions conditions{.load = fields.optional_number("load"),
                            .others_cpus = fields.optional_number("others_cpus"),
                            .cpu_mhz = fields.optional_number("cpu_mhz"),
                            .celsius = fields.optional_number("celsius"),
                            .cpu_throttles = optional_count(fields, "cpu_throttles"),
                            .voluntary_switches = fields.count("voluntary_switches"),
                            .major_faults = fields.count("major_faults"),
                            .minor_faults = fields.count("minor_faults"),
                            .gpus = {}};
  fields.each("gpus", [&](const Fields& row) { conditions.gpus.push_back(gpu_conditions_from(row)); });
  return conditions;
}

Json outputs_to_json(const std::vector<OutputCheck>& outputs) {
  Json list = Json::array();
  for (const OutputCheck& output : outputs) {
    list.push_back({{"name", output.name}, {"digest", output.digest}, {"equal", output.equal}, {"text", output.text}});
  }
  return list;
}

OutputCheck output_check_from(const Fields& fields) {
  return {.name = fields.required_text("name"),
          .digest = fields.text("digest"),
          .equal = fields.flag("equal", false),
          .text = fields.text("text")};
}

Json canaries_to_json(const std::vector<Canary>& canaries) {
  Json list = Json::array();
  for (const Canary& canary : canaries) {
    Json json{{"before_unit", canary.before_unit},
              {"started_seconds", canary.started_seconds},
              {"cpu_seconds", canary.cpu_seconds},
              {"memory_seconds", canary.memory_seconds}};
    for (const GpuCanary& gpu : canary.gpus) {
      json["gpus"].push_back({{"pci_address", gpu.pci_address}, {"seconds", gpu.seconds}});
    }
    list.push_back(std::move(json));
  }
  return list;
}

Canary canary_from(const Fields& fields) {
  Canary canary{.before_unit = small_number<int>(fields, "before_unit", 0),
                .started_seconds = fields.number("started_seconds"),
                .cpu_seconds = fields.required_number("cpu_seconds"),
                .memory_seconds = fields.required_number("memory_seconds")};
  fields.each("gpus", [&](const Fields& row) {
    canary.gpus.push_back({row.required_text("pci_address"), row.required_number("seconds")});
  });
  return canary;
}

Json card_to_json(const std::vector<CardLine>& card) {
  Json list = Json::array();
  for (const CardLine& line : card) list.push_back({{"name", line.name}, {"text", line.text}});
  return list;
}

CardLine card_line_from(const Fields& fields) { return {fields.required_text("name"), fields.required_text("text")}; }

}  // namespace varve
