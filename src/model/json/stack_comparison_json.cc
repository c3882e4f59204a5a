#include <nlohmann/json.hpp>

#include "model/answers/stack_comparison.h"
#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/names.h"

namespace varve {

Json to_json(const StackComparison& comparison) {
  Json items = Json::array(), packages = Json::array(), would_run = Json::array(), bundles = Json::array();
  for (const ControlItem& item : comparison.items) items.push_back(control_item_to_json(item));
  for (const PackageItem& item : comparison.packages) {
    packages.push_back({{"name", item.name},
                        {"role", std::string(to_string(item.role))},
                        {"a", item.a},
                        {"b", item.b},
                        {"state", std::string(to_string(item.state))}});
  }
  for (const ConsumerVerdict& consumer : comparison.would_run) would_run.push_back(consumer_verdict_to_json(consumer));
  for (const Bundle& bundle : comparison.bundles) bundles.push_back(bundle_to_json(bundle));
  Json json{{"schema", kStackComparisonSchema},
            {"created_at", comparison.created_at},
            {"tool", tool_to_json(comparison.tool_version)},
            {"a", comparison.a},
            {"b", comparison.b},
            {"verdict", comparison.verdict},
            {"items", std::move(items)},
            {"packages", std::move(packages)},
            {"bundles", std::move(bundles)},
            {"would_run", std::move(would_run)},
            {"notes", comparison.notes}};
  set_text(json, "environment_a", comparison.environment_a);
  set_text(json, "environment_b", comparison.environment_b);
  set_text(json, "no_environment", comparison.no_environment);
  return json;
}

StackComparison stack_comparison_from(const Fields& fields) {
  StackComparison comparison;
  comparison.created_at = fields.required_text("created_at");
  comparison.tool_version = fields.object("tool").text("version");
  comparison.a = fields.required_text("a");
  comparison.b = fields.required_text("b");
  comparison.verdict = fields.text("verdict");
  fields.each("items", [&](const Fields& row) { comparison.items.push_back(control_item_from(row)); });
  fields.each("packages", [&](const Fields& row) {
    comparison.packages.push_back({.name = row.required_text("name"),
                                   .role = row.word("role", package_role_from),
                                   .a = row.text("a"),
                                   .b = row.text("b"),
                                   .state = row.word("state", item_state_from)});
  });
  fields.each("bundles", [&](const Fields& row) { comparison.bundles.push_back(bundle_from(row)); });
  fields.each("would_run", [&](const Fields& row) { comparison.would_run.push_back(consumer_verdict_from(row)); });
  comparison.notes = fields.texts("notes");
  comparison.environment_a = fields.text("environment_a");
  comparison.environment_b = fields.text("environment_b");
  comparison.no_environment = fields.text("no_environment");
  return comparison;
}

}  // namespace varve
