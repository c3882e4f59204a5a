#include <nlohmann/json.hpp>

#include "model/answers/stack_comparison.h"
#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/names.h"

namespace varve {

Json to_json(const StackComparison& comparison) {
  Json items = Json::array(), packages = Json::array(), would_run = Json::array();
  for (const ControlItem& item : comparison.items) {
    items.push_back({{"id", item.id},
                     {"layer", std::string(to_string(item.layer))},
                     {"title", item.title},
                     {"a", item.a},
                     {"b", item.b},
                     {"state", std::string(to_string(item.state))}});
  }
  for (const PackageItem& item : comparison.packages) {
    packages.push_back({{"name", item.name},
                        {"role", std::string(to_string(item.role))},
                        {"a", item.a},
                        {"b", item.b},
                        {"state", std::string(to_string(item.state))}});
  }
  for (const ConsumerVerdict& consumer : comparison.would_run) {
    Json answers = Json::array();
    for (const ConsumerAnswer& answer : consumer.answers) {
      answers.push_back({{"question", std::string(to_string(answer.question))},
                         {"state", std::string(to_string(answer.state))},
                         {"detail", answer.detail}});
    }
    would_run.push_back(
        {{"name", consumer.name}, {"state", std::string(to_string(consumer.state))}, {"answers", std::move(answers)}});
  }
  Json bundles = Json::array();
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

}  // namespace varve
