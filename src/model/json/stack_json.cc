#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "model/fact_catalog.h"
#include "model/json/documents.h"
#include "model/json/json_fields.h"
#include "model/json/json_parts.h"
#include "model/json/stack_parts_json.h"
#include "model/words/names.h"

namespace varve {

Json fact_to_json(const Fact& fact) {
  Json json{{"source", fact.source}};
  if (fact.is_known()) {
    json["value"] = value_to_json(*fact.value);
    json["standing"] = std::string(to_string(fact.standing));
  } else {
    json["missing"] = std::string(to_string(fact.missing));
  }
  if (!fact.detail.empty()) json["detail"] = fact.detail;
  return json;
}

Fact fact_from(const Fields& fields) {
  Fact fact;
  fact.value = fields.value("value");
  if (fact.value) {
    fact.standing = fields.word("standing", standing_from);
  } else {
    fact.missing = fields.word("missing", missing_from);
  }
  fact.source = fields.text("source");
  fact.detail = fields.text("detail");
  return fact;
}

Json facts_to_json(const std::map<std::string, Fact>& facts) {
  Json json = Json::object();
  for (const auto& [id, fact] : facts) json[id] = fact_to_json(fact);
  return json;
}

std::map<std::string, Fact> facts_from(const Fields& fields, const char* key) {
  std::map<std::string, Fact> facts;
  fields.each_member(key, [&](const std::string& id, const Fields& fact) { facts.emplace(id, fact_from(fact)); });
  return facts;
}

Json libraries_to_json(const std::vector<Library>& libraries) {
  Json list = Json::array();
  for (const Library& library : libraries) {
    Json json{{"path", library.path}};
    if (!library.build_id.empty()) json["build_id"] = library.build_id;
    if (!library.build_id_missing.empty()) json["build_id_missing"] = library.build_id_missing;
    if (library.deleted) json["deleted"] = true;
    if (library.replaced) json["replaced"] = true;
    list.push_back(std::move(json));
  }
  return list;
}

Library library_from(const Fields& fields) {
  return {.path = fields.required_text("path"),
          .build_id = fields.text("build_id"),
          .build_id_missing = fields.text("build_id_missing"),
          .deleted = fields.flag("deleted", false),
          .replaced = fields.flag("replaced", false)};
}

Json findings_to_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    Json row{{"id", finding.id},
             {"layer", std::string(to_string(finding.layer))},
             {"severity", std::string(to_string(finding.severity))},
             {"mender", std::string(to_string(finding.mender))},
             {"evidence", finding.evidence},
             {"consequence", finding.consequence},
             {"fix", finding.fix},
             {"source", finding.source}};
    set_text(row, "category", std::string(to_string(finding.category)));
    for (const FindingSubject& subject : finding.about) {
      row["about"].push_back({{"kind", std::string(to_string(subject.kind))}, {"name", subject.name}});
    }
    list.push_back(std::move(row));
  }
  return list;
}

std::vector<Finding> findings_from(const Fields& fields, const char* key) {
  std::vector<Finding> findings;
  fields.each(key, [&](const Fields& row) {
    findings.push_back({.id = row.required_text("id"),
                        .layer = row.word("layer", layer_from),
                        .severity = row.word("severity", severity_from),
                        .mender = row.word("mender", mender_from),
                        .evidence = row.text("evidence"),
                        .consequence = row.text("consequence"),
                        .fix = row.text("fix"),
                        .source = row.text("source"),
                        .category = row.optional_word("category", fault_category_from).value_or(FaultCategory::none)});
    row.each("about", [&](const Fields& subject) {
      findings.back().about.push_back({subject.word("kind", finding_subject_from), subject.required_text("name")});
    });
  });
  return findings;
}

Json tool_to_json(const std::string& version) { return {{"name", "varve"}, {"version", version}}; }

namespace {
// An array under the key, or no key at all for a stack without such parts.
template <class Part>
void set_parts(Json& json, const char* key, const std::vector<Part>& parts, Json (*write)(const Part&)) {
  for (const Part& part : parts) json[key].push_back(write(part));
}

template <class Part>
void read_parts(const Fields& fields, const char* key, std::vector<Part>& parts, Part (*read)(const Fields&)) {
  fields.each(key, [&](const Fields& row) { parts.push_back(read(row)); });
}
}  // namespace

Json to_json(const Stack& stack) {
  Json json{{"schema", kStackSchema},
            {"captured_at", stack.captured_at},
            {"tool", tool_to_json(stack.tool_version)},
            {"subject", stack.subject},
            {"exact", stack.exact},
            {"digest", "sha256:" + stack_digest(stack)},
            {"facts", facts_to_json(stack.facts)},
            {"libraries", libraries_to_json(stack.libraries)}};
  set_parts(json, "gpus", stack.gpus, gpu_to_json);
  set_parts(json, "driver_files", stack.driver_files, driver_file_to_json);
  set_parts(json, "toolkits", stack.toolkits, toolkit_to_json);
  set_parts(json, "environments", stack.environments, environment_to_json);
  set_parts(json, "binaries", stack.binaries, binary_to_json);
  set_parts(json, "consumers", stack.consumers, consumer_to_json);
  set_parts(json, "handshake", stack.handshake, handshake_to_json);
  set_parts(json, "processes", stack.processes, gpu_process_to_json);
  if (stack.image) json["image"] = image_to_json(*stack.image);
  return json;
}

Stack stack_from(const Fields& fields) {
  Stack stack;
  stack.captured_at = fields.required_text("captured_at");
  stack.tool_version = fields.object("tool").required_text("version");
  stack.subject = fields.required_text("subject");
  stack.facts = facts_from(fields, "facts");
  read_parts(fields, "libraries", stack.libraries, library_from);
  read_parts(fields, "gpus", stack.gpus, gpu_from);
  read_parts(fields, "driver_files", stack.driver_files, driver_file_from);
  read_parts(fields, "toolkits", stack.toolkits, toolkit_from);
  read_parts(fields, "environments", stack.environments, environment_from);
  read_parts(fields, "binaries", stack.binaries, binary_from);
  read_parts(fields, "consumers", stack.consumers, consumer_from);
  read_parts(fields, "handshake", stack.handshake, handshake_from);
  read_parts(fields, "processes", stack.processes, gpu_process_from);
  // Documents of before Varve wrote it: consumers are there where whole sections were read.
  stack.exact = fields.flag("exact", !stack.consumers.empty());
  if (fields.has("image")) stack.image = image_from(fields.object("image"));
  return stack;
}

std::string stack_digest(const Stack& stack) {
  Json identity = Json::object();
  for (const auto& [id, fact] : stack.facts) {
    const FactDefinition* definition = find_fact_definition(id);
    if (definition == nullptr || !definition->identity) continue;
    identity[id] =
        fact.is_known() ? value_to_json(*fact.value) : Json{{"missing", std::string(to_string(fact.missing))}};
  }
  return sha256_hex(canonical_json(identity));
}

}  // namespace varve
