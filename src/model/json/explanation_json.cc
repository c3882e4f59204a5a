#include <nlohmann/json.hpp>

#include "model/answers/explanation.h"
#include "model/json/json_fields.h"
#include "model/words/enum_names.h"

namespace varve {

namespace {
constexpr EnumNames<Explanation::Kind, 3> kExplanationKinds{{{
    {Explanation::Kind::rule, "rule"},
    {Explanation::Kind::error, "error"},
    {Explanation::Kind::kernel, "kernel"},
}}};

void set_list(Json& json, const char* key, const std::vector<std::string>& list) {
  if (!list.empty()) json[key] = list;
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
  set_list(json, "rules", explanation.rules);
  set_list(json, "facts", explanation.facts);
  for (const Explanation::Part& part : explanation.parts) {
    Json one{{"text", part.text}};
    set_text(one, "meaning", part.meaning);
    json["parts"].push_back(std::move(one));
  }
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
