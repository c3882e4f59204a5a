// The run document. Kernels and libraries stand once, in tables ("kernels", "libraries"); units point into them by
// index, so that a run of a thousand units stays small.
#include <nlohmann/json.hpp>
#include <utility>

#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/json/unit_json.h"

namespace varve {

Json variant_to_json(const Variant& variant) {
  Json json{{"name", variant.name},
            {"command", variant.command},
            {"environment", variant.environment},
            {"settings", facts_to_json(variant.settings)},
            {"program", variant.program},
            {"program_digest", variant.program_digest},
            {"files", named_files_to_json(variant.files)},
            {"recorders", recorders_to_json(variant.recorders)},
            {"framework", facts_to_json(variant.framework)}};
  if (variant.packages) json["packages"] = packages_to_json(*variant.packages);
  if (variant.other_variables) json["other_variables"] = *variant.other_variables;
  add_variant_setup(variant, json);
  return json;
}

Variant variant_from(const Fields& fields) {
  Variant variant;
  variant.name = fields.required_text("name");
  variant.command = fields.texts("command");
  fields.each_text("environment",
                   [&](const std::string& name, const std::string& text) { variant.environment.emplace(name, text); });
  variant.settings = facts_from(fields, "settings");
  variant.program = fields.text("program");
  variant.program_digest = fields.text("program_digest");
  fields.each("files", [&](const Fields& row) { variant.files.push_back(named_file_from(row)); });
  variant.recorders = recorders_from(fields, "recorders");
  variant.framework = facts_from(fields, "framework");
  if (fields.has("packages")) variant.packages = packages_from(fields.object("packages"));
  if (fields.has("other_variables")) variant.other_variables = small_number<int>(fields, "other_variables", 0);
  read_variant_setup(fields, variant);
  return variant;
}

Json protocol_to_json(const Protocol& protocol) {
  Json json{{"units", protocol.units},   {"warmup", protocol.warmup},
            {"margin", protocol.margin}, {"timeout_seconds", protocol.timeout_seconds},
            {"order", protocol.order},   {"primary_metric", protocol.primary_metric},
            {"seed", protocol.seed}};
  set_text(json, "metric_note", protocol.metric_note);
  if (!protocol.work_metrics.empty()) json["work_metrics"] = protocol.work_metrics;
  if (!protocol.outputs.empty()) {
    json["outputs"] = protocol.outputs;
    json["output_tolerance"] = protocol.output_tolerance;
  }
  set_text(json, "cache_state", protocol.cache_state);
  set_text(json, "client_path", protocol.client_path);
  add_protocol_rules(protocol.rules, json);
  return json;
}

Protocol protocol_from(const Fields& fields) {
  return {.units = static_cast<int>(fields.integer("units")),
          .warmup = static_cast<int>(fields.integer("warmup")),
          .margin = fields.required_number("margin"),
          .timeout_seconds = fields.number("timeout_seconds"),
          .order = fields.text("order"),
          .primary_metric = fields.required_text("primary_metric"),
          .seed = fields.count("seed"),
          .metric_note = fields.text("metric_note"),
          .work_metrics = fields.texts("work_metrics"),
          .outputs = fields.texts("outputs"),
          .output_tolerance = fields.number("output_tolerance"),
          .cache_state = fields.text("cache_state"),
          .client_path = fields.text("client_path"),
          .rules = protocol_rules_from(fields)};
}

Json to_json(const Run& run) {
  LibraryTable libraries;
  Json units = Json::array();
  for (const Unit& unit : run.units) units.push_back(unit_to_json(unit, libraries));
  Json variants = Json::array();
  for (const Variant& variant : run.variants) variants.push_back(variant_to_json(variant));
  Json changes = Json::array();
  for (const FactChange& change : run.stack_changes) {
    changes.push_back(
        {{"id", change.id}, {"before", fact_to_json(change.before)}, {"after", fact_to_json(change.after)}});
  }
  Json json{{"schema", kRunSchema},
            {"name", run.name},
            {"created_at", run.created_at},
            {"tool", tool_to_json(run.tool_version)},
            {"protocol", protocol_to_json(run.protocol)},
            {"libraries", libraries_to_json(libraries.rows())},
            {"canaries", canaries_to_json(run.canaries)},
            {"findings", findings_to_json(run.findings)},
            {"card", card_to_json(run.card)},
            {"complete", run.complete},
            {"incomplete_reason", run.incomplete_reason}};
  // What is large is moved to its place: what stands in braces is copied.
  json["stack"] = to_json(run.stack);
  json["stack_changes"] = std::move(changes);
  json["variants"] = std::move(variants);
  json["kernels"] = kernels_to_json(run.kernels);
  json["units"] = std::move(units);
  add_run_setup(run, json);
  return json;
}

Run run_from(const Fields& fields) {
  Run run;
  run.name = fields.text("name");
  run.created_at = fields.required_text("created_at");
  run.tool_version = fields.object("tool").required_text("version");
  run.protocol = protocol_from(fields.object("protocol"));
  run.stack = stack_from(fields.object("stack"));
  fields.each("stack_changes", [&](const Fields& row) {
    run.stack_changes.push_back(
        {row.required_text("id"), fact_from(row.object("before")), fact_from(row.object("after"))});
  });
  fields.each("variants", [&](const Fields& row) { run.variants.push_back(variant_from(row)); });
  if (run.variants.empty()) fields.reject("variants", "there is none");
  std::vector<Library> libraries;
  fields.each("libraries", [&](const Fields& row) { libraries.push_back(library_from(row)); });
  const KernelIdMap kernels = kernels_from(fields, "kernels", run.kernels);
  fields.each("units", [&](const Fields& row) { run.units.push_back(unit_from(row, libraries, kernels)); });
  fields.each("canaries", [&](const Fields& row) { run.canaries.push_back(canary_from(row)); });
  run.findings = findings_from(fields, "findings");
  fields.each("card", [&](const Fields& row) { run.card.push_back(card_line_from(row)); });
  run.complete = fields.flag("complete", true);
  run.incomplete_reason = fields.text("incomplete_reason");
  read_run_setup(fields, run);
  return run;
}

}  // namespace varve
