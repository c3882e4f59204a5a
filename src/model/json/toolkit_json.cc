#include "model/json/toolkit_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostText = std::size_t{1} << 20;

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(clean_utf8(*text, kMostText)) : Json(nullptr);
}

Json value_or_null(const Fact& fact) { return fact.is_known() ? Json(value_text(*fact.value)) : Json(nullptr); }

Json clean_texts(const std::vector<std::string>& all) {
  Json list = Json::array();
  for (const std::string& text : all) list.push_back(clean_utf8(text));
  return list;
}

Json claim_json(const ToolkitClaim& claim) {
  return {{"source", clean_utf8(claim.source)},
          {"toolkit", claim.toolkit.empty() ? Json(nullptr) : Json(clean_utf8(claim.toolkit))},
          {"says", clean_utf8(claim.said)}};
}

Json toolkit_json(const InstalledToolkit& installed) {
  const Toolkit& toolkit = installed.toolkit;
  return {{"path", clean_utf8(toolkit.path)},
          {"version", value_or_null(toolkit.version)},
          {"nvcc", value_or_null(toolkit.nvcc)},
          {"installed_by", value_or_null(toolkit.installer)},
          {"kind", to_string(installed.kind)},
          {"environment", installed.environment.empty() ? Json(nullptr) : Json(clean_utf8(installed.environment))},
          {"named_by", clean_texts(toolkit.named_by)},
          {"complete", installed.layout.is_complete()},
          {"lacks", clean_texts(installed.layout.missing)},
          {"programs", installed.layout.programs.empty() ? Json(nullptr) : Json(clean_utf8(installed.layout.programs))},
          {"headers", clean_texts(installed.layout.headers)},
          {"libraries", clean_texts(installed.layout.libraries)}};
}

Json claims_json(const std::vector<ToolkitClaim>& claims) {
  Json list = Json::array();
  for (const ToolkitClaim& claim : claims) list.push_back(claim_json(claim));
  return list;
}

Json path_or_null(const std::string& path) { return path.empty() ? Json(nullptr) : Json(clean_utf8(path)); }
}  // namespace

Json to_json(const ToolkitSurvey& survey) {
  Json toolkits = Json::array();
  for (const InstalledToolkit& installed : survey.toolkits) toolkits.push_back(toolkit_json(installed));
  Json users = Json::array();
  for (const ToolkitUser& user : survey.users) {
    users.push_back(
        {{"who", user.who}, {"looks_at", user.order}, {"claim", user.claim ? claim_json(*user.claim) : Json(nullptr)}});
  }
  const ToolkitClaim* active = survey.active();
  return {{"schema", "varve/toolkits/1"},
          {"toolkits", std::move(toolkits)},
          {"active", active == nullptr ? Json(nullptr) : Json(clean_utf8(active->toolkit))},
          {"active_by", active == nullptr ? Json(nullptr) : Json(clean_utf8(active->source))},
          {"claims", claims_json(survey.claims)},
          {"agree", survey.agrees()},
          {"variables_known", survey.variables_known},
          {"users", std::move(users)}};
}

Json to_json(const ToolkitVariables& variables) {
  Json changes = Json::array();
  for (const VariableChange& change : variables.changes) {
    changes.push_back(
        {{"name", change.name}, {"before", text_or_null(change.before)}, {"after", text_or_null(change.after)}});
  }
  return {{"schema", "varve/toolkit-variables/1"},
          {"toolkit", toolkit_json(variables.toolkit)},
          {"variables", std::move(changes)}};
}

Json to_json(const ToolkitModule& written) {
  return {{"schema", "varve/toolkit-module/1"},
          {"toolkit", toolkit_json(written.toolkit)},
          {"file", clean_utf8(written.file)}};
}

Json to_json(const ToolkitLink& link) {
  return {{"schema", "varve/toolkit-link/1"},
          {"toolkit", toolkit_json(link.toolkit)},
          {"link", clean_utf8(link.link)},
          {"target", clean_utf8(link.target)},
          {"before", path_or_null(link.before)},
          {"kept", path_or_null(link.kept)},
          {"changed", link.changed},
          {"dry_run", link.dry_run},
          {"others", claims_json(link.others)}};
}

}  // namespace varve
