#include "model/json/conditions_json.h"

#include <nlohmann/json.hpp>

#include "model/json/json_parts.h"

namespace varve {

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
    list.push_back({{"before_unit", canary.before_unit},
                    {"started_seconds", canary.started_seconds},
                    {"cpu_seconds", canary.cpu_seconds},
                    {"memory_seconds", canary.memory_seconds}});
  }
  return list;
}

Canary canary_from(const Fields& fields) {
  return {.before_unit = small_number<int>(fields, "before_unit", 0),
          .started_seconds = fields.number("started_seconds"),
          .cpu_seconds = fields.required_number("cpu_seconds"),
          .memory_seconds = fields.required_number("memory_seconds")};
}

Json card_to_json(const std::vector<CardLine>& card) {
  Json list = Json::array();
  for (const CardLine& line : card) list.push_back({{"name", line.name}, {"text", line.text}});
  return list;
}

CardLine card_line_from(const Fields& fields) { return {fields.required_text("name"), fields.required_text("text")}; }

}  // namespace varve
