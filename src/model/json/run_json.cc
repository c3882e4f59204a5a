// The run document. Kernels and libraries stand once, in tables ("kernels", "libraries"); units point into them by
// index, so that a run of a thousand units stays small.
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/names.h"

namespace varve {

namespace {

// Rows seen so far, each once, with the index they have in the document.
template <class Row, class Key>
class RowTable {
 public:
  std::size_t index_of(const Row& row, Key key) {
    const auto [at, inserted] = index_.try_emplace(std::move(key), rows_.size());
    if (inserted) rows_.push_back(row);
    return at->second;
  }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::map<Key, std::size_t> index_;
  std::vector<Row> rows_;
};

using LibraryTable = RowTable<Library, std::tuple<std::string, std::string, std::string, bool>>;

Json metrics_to_json(const std::vector<Metric>& metrics) {
  Json list = Json::array();
  for (const Metric& metric : metrics) {
    list.push_back({{"metric", metric.name},
                    {"unit", metric.unit},
                    {"better", std::string(to_string(metric.better))},
                    {"value", metric.value},
                    {"count", metric.count}});
  }
  return list;
}

Metric metric_from(const Fields& fields) {
  return {.name = fields.required_text("metric"),
          .unit = fields.text("unit"),
          .better = fields.word("better", better_from),
          .value = fields.required_number("value"),
          .count = static_cast<int>(fields.integer("count", 1))};
}

Json marks_to_json(const std::vector<UnitMark>& marks) {
  Json list = Json::array();
  for (const UnitMark& mark : marks) list.push_back({{"mark", std::string(to_string(mark.mark))}, {"text", mark.text}});
  return list;
}

Json unit_to_json(const Unit& unit, LibraryTable& libraries) {
  Json used = Json::array();
  for (const Library& l : unit.libraries) {
    used.push_back(libraries.index_of(l, {l.path, l.build_id, l.build_id_missing, l.deleted}));
  }
  Json json{{"variant", unit.variant},
            {"role", std::string(to_string(unit.role))},
            {"index", unit.index},
            {"block", unit.block},
            {"position", unit.position},
            {"pair", unit.pair},
            {"started_seconds", unit.started_seconds},
            {"end",
             {{"exit_code", unit.end.exit_code},
              {"signal", unit.end.signal},
              {"timed_out", unit.end.timed_out},
              {"interrupted", unit.end.interrupted}}},
            {"wall_seconds", unit.wall_seconds},
            {"user_seconds", unit.user_seconds},
            {"system_seconds", unit.system_seconds},
            {"steal_seconds", unit.steal_seconds ? Json(*unit.steal_seconds) : Json(nullptr)},
            {"peak_memory_bytes", unit.peak_memory_bytes ? Json(*unit.peak_memory_bytes) : Json(nullptr)},
            {"involuntary_switches", unit.involuntary_switches},
            {"environment_pad", unit.environment_pad},
            {"metrics", metrics_to_json(unit.metrics)},
            {"libraries", used},
            {"profiles", profiles_to_json(unit.profiles)},
            {"marks", marks_to_json(unit.marks)}};
  if (!unit.peak_memory_note.empty()) json["peak_memory_note"] = unit.peak_memory_note;
  if (unit.recording) json["recording"] = recording_to_json(*unit.recording);
  return json;
}

Unit unit_from(const Fields& fields, const std::vector<Library>& libraries, const KernelIdMap& kernels) {
  Unit unit;
  unit.variant = fields.required_text("variant");
  unit.role = fields.word("role", unit_role_from);
  unit.index = static_cast<int>(fields.integer("index"));
  unit.block = static_cast<int>(fields.integer("block", -1));
  unit.position = static_cast<int>(fields.integer("position"));
  unit.pair = static_cast<int>(fields.integer("pair", -1));
  unit.started_seconds = fields.number("started_seconds");
  const Fields end = fields.object("end");
  unit.end = {.exit_code = static_cast<int>(end.integer("exit_code")),
              .signal = static_cast<int>(end.integer("signal")),
              .timed_out = end.flag("timed_out", false),
              .interrupted = end.flag("interrupted", false)};
  unit.wall_seconds = fields.required_number("wall_seconds");
  unit.user_seconds = fields.required_number("user_seconds");
  unit.system_seconds = fields.required_number("system_seconds");
  unit.steal_seconds = fields.optional_number("steal_seconds");
  if (fields.has("peak_memory_bytes")) unit.peak_memory_bytes = fields.count("peak_memory_bytes");
  unit.peak_memory_note = fields.text("peak_memory_note");
  unit.involuntary_switches = fields.count("involuntary_switches");
  unit.environment_pad = static_cast<int>(fields.integer("environment_pad"));
  fields.each("metrics", [&](const Fields& row) { unit.metrics.push_back(metric_from(row)); });
  for (const double at : fields.numbers("libraries")) {
    if (at < 0 || at >= static_cast<double>(libraries.size())) {
      fields.reject("libraries", "it points outside the table of libraries");
      break;
    }
    unit.libraries.push_back(libraries[static_cast<std::size_t>(at)]);
  }
  unit.profiles = profiles_from(fields.object("profiles"), kernels);
  fields.each("marks", [&](const Fields& row) {
    unit.marks.push_back({row.word("mark", mark_from), row.text("text")});
  });
  if (fields.has("recording")) unit.recording = recording_from(fields.object("recording"));
  return unit;
}

Json files_to_json(const std::vector<NamedFile>& files) {
  Json list = Json::array();
  for (const NamedFile& file : files) {
    Json json{{"argument", file.argument}, {"path", file.path}, {"digest", file.digest}};
    if (!file.missing.empty()) json["missing"] = file.missing;
    list.push_back(std::move(json));
  }
  return list;
}

Json variant_to_json(const Variant& variant) {
  Json json{{"name", variant.name},
            {"command", variant.command},
            {"environment", variant.environment},
            {"settings", facts_to_json(variant.settings)},
            {"program", variant.program},
            {"program_digest", variant.program_digest},
            {"files", files_to_json(variant.files)},
            {"recorders", recorders_to_json(variant.recorders)},
            {"framework", facts_to_json(variant.framework)}};
  if (variant.packages) json["packages"] = packages_to_json(*variant.packages);
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
  fields.each("files", [&](const Fields& row) {
    variant.files.push_back({.argument = static_cast<int>(row.integer("argument")),
                             .path = row.required_text("path"),
                             .digest = row.text("digest"),
                             .missing = row.text("missing")});
  });
  variant.recorders = recorders_from(fields, "recorders");
  variant.framework = facts_from(fields, "framework");
  if (fields.has("packages")) variant.packages = packages_from(fields.object("packages"));
  return variant;
}

Json protocol_to_json(const Protocol& protocol) {
  return {{"units", protocol.units},   {"warmup", protocol.warmup},
          {"margin", protocol.margin}, {"timeout_seconds", protocol.timeout_seconds},
          {"order", protocol.order},   {"primary_metric", protocol.primary_metric},
          {"seed", protocol.seed}};
}

Protocol protocol_from(const Fields& fields) {
  return {.units = static_cast<int>(fields.integer("units")),
          .warmup = static_cast<int>(fields.integer("warmup")),
          .margin = fields.required_number("margin"),
          .timeout_seconds = fields.number("timeout_seconds"),
          .order = fields.text("order"),
          .primary_metric = fields.required_text("primary_metric"),
          .seed = fields.count("seed")};
}

}  // namespace

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
  return {{"schema", kRunSchema},
          {"name", run.name},
          {"created_at", run.created_at},
          {"tool", tool_to_json(run.tool_version)},
          {"protocol", protocol_to_json(run.protocol)},
          {"stack", to_json(run.stack)},
          {"stack_changes", changes},
          {"variants", variants},
          {"libraries", libraries_to_json(libraries.rows())},
          {"kernels", kernels_to_json(run.kernels)},
          {"units", units},
          {"findings", findings_to_json(run.findings)},
          {"complete", run.complete},
          {"incomplete_reason", run.incomplete_reason}};
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
  run.findings = findings_from(fields, "findings");
  run.complete = fields.flag("complete", true);
  run.incomplete_reason = fields.text("incomplete_reason");
  return run;
}

}  // namespace varve
