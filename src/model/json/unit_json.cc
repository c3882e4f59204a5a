// A unit of a run document. What its libraries and kernels are stands in tables beside it.
#include "model/json/unit_json.h"

#include <nlohmann/json.hpp>

#include "model/json/json_parts.h"
#include "model/words/names.h"

namespace varve {

std::size_t LibraryTable::index_of(const Library& library) {
  const auto [at, inserted] =
      index_.try_emplace({library.path, library.build_id, library.build_id_missing, library.deleted}, rows_.size());
  if (inserted) rows_.push_back(library);
  return at->second;
}

namespace {

Json metrics_to_json(const std::vector<Metric>& metrics) {
  Json list = Json::array();
  for (const Metric& metric : metrics) {
    Json& row = list.emplace_back(Json{{"metric", metric.name},
                                       {"unit", metric.unit},
                                       {"better", std::string(to_string(metric.better))},
                                       {"value", metric.value},
                                       {"count", metric.count}});
    if (metric.work) row["work"] = *metric.work;
    if (metric.combined != Combined::none) row["combined"] = std::string(to_string(metric.combined));
    set_text(row, "source", metric.source);
  }
  return list;
}

Metric metric_from(const Fields& fields) {
  return {.name = fields.required_text("metric"),
          .unit = fields.text("unit"),
          .better = fields.word("better", better_from),
          .value = fields.required_number("value"),
          .count = static_cast<int>(fields.integer("count", 1)),
          .work = fields.optional_number("work"),
          .combined = fields.optional_word("combined", combined_from).value_or(Combined::none),
          .source = fields.text("source")};
}

Json window_to_json(const MeasuredWindow& window) {
  Json json = {{"start_ns", window.start_ns},
               {"end_ns", window.end_ns},
               {"length_ns", window.length_ns},
               {"stretches", window.stretches}};
  if (!window.marks.empty()) json["marks"] = window.marks;
  return json;
}

MeasuredWindow measured_window_from(const Fields& fields) {
  MeasuredWindow window{.start_ns = fields.nanoseconds("start_ns"),
                        .end_ns = fields.nanoseconds("end_ns"),
                        .length_ns = fields.nanoseconds("length_ns"),
                        .stretches = small_number<int>(fields, "stretches", 1),
                        .marks = fields.text("marks")};
  if (window.end_ns <= window.start_ns) fields.reject("end_ns", "it is not after start_ns");
  if (window.length_ns > window.end_ns - window.start_ns) fields.reject("length_ns", "it is longer than the window");
  return window;
}

// What is known of the part of a unit that was measured, and where it ran.
void add_whereabouts(const Unit& unit, Json& json) {
  if (unit.window) json["window"] = window_to_json(*unit.window);
  set_text(json, "window_fault", unit.window_fault);
  if (unit.threads_at_work) json["threads_at_work"] = *unit.threads_at_work;
  set_text(json, "cpus", unit.cpus);
  set_text(json, "cpus_allowed", unit.cpus_allowed);
}

void read_whereabouts(const Fields& fields, Unit& unit) {
  if (fields.has("window")) unit.window = measured_window_from(fields.object("window"));
  unit.window_fault = fields.text("window_fault");
  if (fields.has("threads_at_work")) unit.threads_at_work = small_number<int>(fields, "threads_at_work", 0);
  unit.cpus = fields.text("cpus");
  unit.cpus_allowed = fields.text("cpus_allowed");
}

Json marks_to_json(const std::vector<UnitMark>& marks) {
  Json list = Json::array();
  for (const UnitMark& mark : marks) list.push_back({{"mark", std::string(to_string(mark.mark))}, {"text", mark.text}});
  return list;
}

Json end_to_json(const UnitEnd& end) {
  Json json = Json::object();
  json["exit_code"] = end.exit_code;
  json["signal"] = end.signal;
  json["timed_out"] = end.timed_out;
  json["interrupted"] = end.interrupted;
  return json;
}

}  // namespace

Json unit_to_json(const Unit& unit, LibraryTable& libraries) {
  Json used = Json::array();
  for (const Library& library : unit.libraries) used.push_back(libraries.index_of(library));
  // Member by member: a list in braces makes and copies every one of them twice, which is time between two units.
  Json json = Json::object();
  json["variant"] = unit.variant;
  json["role"] = std::string(to_string(unit.role));
  json["index"] = unit.index;
  json["block"] = unit.block;
  json["position"] = unit.position;
  json["pair"] = unit.pair;
  json["started_seconds"] = unit.started_seconds;
  json["end"] = end_to_json(unit.end);
  json["wall_seconds"] = unit.wall_seconds;
  json["user_seconds"] = unit.user_seconds;
  json["system_seconds"] = unit.system_seconds;
  json["steal_seconds"] = unit.steal_seconds ? Json(*unit.steal_seconds) : Json(nullptr);
  json["peak_memory_bytes"] = unit.peak_memory_bytes ? Json(*unit.peak_memory_bytes) : Json(nullptr);
  json["involuntary_switches"] = unit.involuntary_switches;
  json["environment_pad"] = unit.environment_pad;
  json["metrics"] = metrics_to_json(unit.metrics);
  json["libraries"] = std::move(used);
  json["profiles"] = profiles_to_json(unit.profiles);
  json["marks"] = marks_to_json(unit.marks);
  if (!unit.peak_memory_note.empty()) json["peak_memory_note"] = unit.peak_memory_note;
  if (unit.recording) json["recording"] = recording_to_json(*unit.recording);
  set_text(json, "metrics_note", unit.metrics_note);
  set_text(json, "work_fault", unit.work_fault);
  if (!unit.outputs.empty()) json["outputs"] = outputs_to_json(unit.outputs);
  json["conditions"] = conditions_to_json(unit.conditions);
  if (unit.end.server_failed) json["end"]["server_failed"] = true;
  if (unit.server) json["server"] = server_use_to_json(*unit.server);
  add_whereabouts(unit, json);
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
              .interrupted = end.flag("interrupted", false),
              .server_failed = end.flag("server_failed", false)};
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
  unit.metrics_note = fields.text("metrics_note");
  unit.work_fault = fields.text("work_fault");
  fields.each("outputs", [&](const Fields& row) { unit.outputs.push_back(output_check_from(row)); });
  unit.conditions = conditions_from(fields.object("conditions"));
  if (fields.has("server")) unit.server = server_use_from(fields.object("server"));
  read_whereabouts(fields, unit);
  return unit;
}

}  // namespace varve
