#include "model/fact_catalog.h"

#include <cassert>
#include <map>
#include <nlohmann/json.hpp>

#include "base/embedded.h"

namespace varve {

namespace {
FactDefinition definition_from(const std::string& id, const nlohmann::ordered_json& row) {
  const auto layer = layer_from(row.at("x-layer").get<std::string>());
  assert(layer && "schema/stack.schema.json names a layer that does not exist");
  return {.id = id,
          .layer = *layer,
          .title = row.at("title").get<std::string>(),
          .unit = row.value("x-unit", ""),
          .identity = row.at("x-identity").get<bool>(),
          .of = row.value("x-of", "machine") == "subject" ? FactOwner::subject : FactOwner::machine,
          .control = row.at("x-control").get<bool>(),
          .by_depth = row.value("x-by-depth", false)};
}

std::vector<FactDefinition> read_catalog() {
  // Our own file, checked by a test: a malformed one is our own mistake. Ordered, to keep the order of the rows.
  const auto schema = nlohmann::ordered_json::parse(embedded_file("schema/stack.schema.json"));
  const auto& facts = schema.at("properties").at("facts");
  std::vector<FactDefinition> rows;
  for (const auto& [id, row] : facts.at("properties").items()) rows.push_back(definition_from(id, row));
  for (const auto& [pattern, row] : facts.at("patternProperties").items()) {
    rows.push_back(definition_from(row.at("x-id").get<std::string>(), row));
  }
  return rows;
}
}  // namespace

const std::vector<FactDefinition>& fact_catalog() {
  static const std::vector<FactDefinition> rows = read_catalog();
  return rows;
}

const FactDefinition* find_fact_definition(std::string_view id) {
  static const std::map<std::string_view, const FactDefinition*> by_id = [] {
    std::map<std::string_view, const FactDefinition*> rows;
    for (const FactDefinition& row : fact_catalog()) rows.emplace(row.id, &row);
    return rows;
  }();
  if (const auto at = by_id.find(id); at != by_id.end()) return at->second;
  for (const FactDefinition& row : fact_catalog()) {
    const std::string_view pattern = row.id;
    if (pattern.ends_with(".*") && id.starts_with(pattern.substr(0, pattern.size() - 1))) return &row;
  }
  return nullptr;
}

}  // namespace varve
