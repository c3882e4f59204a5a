// What a run was told and where its workload comes from: members of the documents of a run that are there only where
// something was asked for.
#include <nlohmann/json.hpp>

#include "model/json/stack_parts_json.h"
#include "model/json/unit_json.h"
#include "model/words/names.h"

namespace varve {

namespace {
void set_number(Json& json, const char* name, double value) {
  if (value != 0) json[name] = value;
}
}  // namespace

void add_protocol_rules(const ProtocolRules& rules, Json& protocol) {
  if (rules.warmup != WarmupRule::count) protocol["warmup_rule"] = std::string(to_string(rules.warmup));
  set_number(protocol, "warmup_seconds", rules.warmup_seconds);
  set_number(protocol, "stop_seconds", rules.stop_seconds);
  set_number(protocol, "stop_width", rules.stop_width);
  set_text(protocol, "prepare", rules.prepare);
  set_text(protocol, "cleanup", rules.cleanup);
  if (rules.keep_going != 0) protocol["keep_going"] = rules.keep_going;
}

ProtocolRules protocol_rules_from(const Fields& protocol) {
  return {.warmup = protocol.has("warmup_rule") ? protocol.word("warmup_rule", warmup_rule_from) : WarmupRule::count,
          .warmup_seconds = protocol.number("warmup_seconds"),
          .stop_seconds = protocol.number("stop_seconds"),
          .stop_width = protocol.number("stop_width"),
          .prepare = protocol.text("prepare"),
          .cleanup = protocol.text("cleanup"),
          .keep_going = small_number<int>(protocol, "keep_going", 0)};
}

namespace {
Json image_of_variant_to_json(const ContainerImage& image) {
  Json components = Json::array();
  for (const Component& component : image.components) {
    Json row{
        {"name", component.name}, {"version", component.version}, {"role", std::string(to_string(component.role))}};
    set_text(row, "because", component.because);
    components.push_back(std::move(row));
  }
  Json json{{"program", image.program}, {"reference", image.reference}, {"argument", image.argument}};
  set_text(json, "digest", image.digest);
  set_text(json, "missing", image.missing);
  if (!components.empty()) json["components"] = std::move(components);
  return json;
}

ContainerImage image_of_variant_from(const Fields& fields) {
  ContainerImage image{.program = fields.text("program"),
                       .reference = fields.required_text("reference"),
                       .argument = small_number<int>(fields, "argument", 0),
                       .digest = fields.text("digest"),
                       .components = {},
                       .missing = fields.text("missing")};
  fields.each("components", [&](const Fields& row) {
    image.components.push_back(
        {row.required_text("name"), row.text("version"), row.word("role", package_role_from), row.text("because")});
  });
  return image;
}
}  // namespace

void add_variant_setup(const Variant& variant, Json& json) {
  set_text(json, "label", variant.label);
  set_text(json, "directory", variant.directory);
  if (!variant.scanned.values.empty()) {
    json["scanned"] = {{"origin", variant.scanned.origin}, {"values", variant.scanned.values}};
  }
  if (variant.toolkit) json["toolkit"] = toolkit_to_json(*variant.toolkit);
  if (variant.image) json["image"] = image_of_variant_to_json(*variant.image);
  if (!variant.server) return;
  Json& server = json["server"] = {
      {"command", variant.server->command}, {"lives", variant.server->lives}, {"ready", variant.server->ready}};
  set_text(server, "program", variant.server->program);
  set_text(server, "program_digest", variant.server->program_digest);
  set_text(server, "program_package", variant.server->program_package);
  if (!variant.server->files.empty()) server["files"] = named_files_to_json(variant.server->files);
}

void read_variant_setup(const Fields& fields, Variant& variant) {
  variant.label = fields.text("label");
  variant.directory = fields.text("directory");
  if (fields.has("scanned")) {
    const Fields scanned = fields.object("scanned");
    variant.scanned.origin = small_number<int>(scanned, "origin", 0);
    scanned.each_text("values", [&](const std::string& name, const std::string& value) {
      variant.scanned.values.emplace(name, value);
    });
  }
  if (fields.has("toolkit")) variant.toolkit = toolkit_from(fields.object("toolkit"));
  if (fields.has("image")) variant.image = image_of_variant_from(fields.object("image"));
  if (!fields.has("server")) return;
  const Fields server = fields.object("server");
  variant.server = {.command = server.texts("command"),
                    .lives = server.text("lives"),
                    .ready = server.text("ready"),
                    .program = server.text("program"),
                    .program_digest = server.text("program_digest"),
                    .program_package = server.text("program_package")};
  server.each("files", [&](const Fields& row) { variant.server->files.push_back(named_file_from(row)); });
}

Json server_use_to_json(const ServerUse& use) {
  Json json{{"ready_seconds", use.ready_seconds},
            {"served", use.served},
            {"user_seconds", use.user_seconds},
            {"system_seconds", use.system_seconds}};
  if (use.peak_memory_bytes) json["peak_memory_bytes"] = *use.peak_memory_bytes;
  return json;
}

ServerUse server_use_from(const Fields& fields) {
  ServerUse use{.ready_seconds = fields.number("ready_seconds"),
                .served = small_number<int>(fields, "served", 0),
                .user_seconds = fields.number("user_seconds"),
                .system_seconds = fields.number("system_seconds"),
                .peak_memory_bytes = {}};
  if (fields.has("peak_memory_bytes")) use.peak_memory_bytes = fields.count("peak_memory_bytes");
  return use;
}

Json named_files_to_json(const std::vector<NamedFile>& files) {
  Json list = Json::array();
  for (const NamedFile& file : files) {
    Json json{{"argument", file.argument}, {"path", file.path}, {"digest", file.digest}};
    if (!file.missing.empty()) json["missing"] = file.missing;
    if (!file.lines.empty()) json["lines"] = file.lines;
    list.push_back(std::move(json));
  }
  return list;
}

NamedFile named_file_from(const Fields& fields) {
  return {.argument = static_cast<int>(fields.integer("argument", -1)),
          .path = fields.required_text("path"),
          .digest = fields.text("digest"),
          .missing = fields.text("missing"),
          .lines = fields.texts("lines")};
}

void add_run_setup(const Run& run, Json& json) {
  if (run.source) {
    Json& source = json["source"] = {
        {"repository", run.source->repository}, {"commit", run.source->commit}, {"branch", run.source->branch}};
    if (run.source->changed_files) source["changed_files"] = *run.source->changed_files;
    set_text(source, "missing", run.source->missing);
  }
  if (!run.inputs.empty()) json["inputs"] = named_files_to_json(run.inputs);
  for (const RunContinuation& one : run.continuations) {
    json["continuations"].push_back(
        {{"created_at", one.created_at}, {"how", one.how}, {"first_unit", one.first_unit}, {"units", one.units}});
  }
}

void read_run_setup(const Fields& fields, Run& run) {
  if (fields.has("source")) {
    const Fields source = fields.object("source");
    run.source = {.repository = source.text("repository"),
                  .commit = source.text("commit"),
                  .branch = source.text("branch"),
                  .changed_files = {},
                  .missing = source.text("missing")};
    if (source.has("changed_files")) run.source->changed_files = small_number<int>(source, "changed_files", 0);
  }
  fields.each("inputs", [&](const Fields& row) { run.inputs.push_back(named_file_from(row)); });
  fields.each("continuations", [&](const Fields& row) {
    run.continuations.push_back({.created_at = row.required_text("created_at"),
                                 .how = row.required_text("how"),
                                 .first_unit = small_number<int>(row, "first_unit", 0),
                                 .units = small_number<int>(row, "units", 0)});
  });
}

}  // namespace varve
