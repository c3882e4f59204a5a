#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "model/answers/explanation.h"
#include "model/json/json_fields.h"
#include "model/words/enum_names.h"

namespace varve {

namespace {
constexpr EnumNames<Explanation::Kind, 4> kExplanationKinds{{{
    {Explanation::Kind::rule, "rule"},
    {Explanation::Kind::finding, "finding"},
    {Explanation::Kind::error, "error"},
    {Explanation::Kind::kernel, "kernel"},
}}};

void set_list(Json& json, const char* key, const std::vector<std::string>& list) {
  if (!list.empty()) json[key] = list;
}

// A number, or several ("128x64"), as such.
Json typed_value(const std::string& value) {
  constexpr std::size_t kMostDigits = 9;
  if (value == "true" || value == "false") return value == "true";
  Json numbers = Json::array();
  for (const std::string_view one : split(value, 'x')) {
    const bool is_number = !one.empty() && one.size() <= kMostDigits && std::all_of(one.begin(), one.end(), is_digit);
    if (!is_number || (one.size() > 1 && one[0] == '0')) return value;
    numbers.push_back(std::stoi(std::string(one)));
  }
  return numbers.size() == 1 ? numbers[0] : numbers;
}

Json part_to_json(const Explanation::Part& part) {
  Json json{{"text", part.text}};
  if (part.meaning.empty()) return json;
  json["what"] = part.what;
  json["value"] = typed_value(part.value);
  json["known"] = part.known;
  json["meaning"] = part.meaning;
  return json;
}

Json facts_to_json(const std::vector<Explanation::Fact>& facts) {
  Json json = Json::object();
  for (const Explanation::Fact& fact : facts) {
    Json one{{"value", nullptr}};
    if (fact.holds) one["value"] = *fact.holds;
    if (!fact.value.empty()) one["value"] = fact.value;
    set_text(one, "source", fact.source);
    json[fact.what] = std::move(one);
  }
  return json;
}

Json explanation_to_json(const Explanation& explanation) {
  Json json{{"kind", std::string(kExplanationKinds.name(explanation.kind))},
            {"id", explanation.id},
            {"title", explanation.title}};
  set_text(json, "found", explanation.found);
  set_text(json, "category", std::string(to_string(explanation.category)));
  if (explanation.layer) json["layer"] = std::string(to_string(*explanation.layer));
  if (explanation.severity) json["severity"] = std::string(to_string(*explanation.severity));
  if (explanation.mender) json["mender"] = std::string(to_string(*explanation.mender));
  set_text(json, explanation.kind == Explanation::Kind::rule ? "consequence" : "cause", explanation.cause);
  set_text(json, "fix", explanation.fix);
  std::vector<std::string> also;
  for (const FaultCategory category : explanation.also) also.emplace_back(to_string(category));
  set_list(json, "also", also);
  set_list(json, "other_causes", explanation.other_causes);
  set_list(json, "rules", explanation.rules);
  if (!explanation.facts.empty()) json["facts"] = facts_to_json(explanation.facts);
  for (const Explanation::Part& part : explanation.parts) json["parts"].push_back(part_to_json(part));
  set_text(json, "source", explanation.source);
  return json;
}
}  // namespace

Json to_json(const ExplanationAnswer& answer) {
  Json explanations = Json::array();
  for (const Explanation& explanation : answer.explanations) explanations.push_back(explanation_to_json(explanation));
  Json json{{"explanations", std::move(explanations)}};
  set_list(json, "nearest", answer.nearest);
  return json;
}

}  // namespace varve
