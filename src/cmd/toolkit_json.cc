#include "cmd/toolkit_json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostText = std::size_t{1} << 20;

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(clean_utf8(*text, kMostText)) : Json(nullptr);
}

Json value_or_null(const Fact& fact) { return fact.is_known() ? Json(value_text(*fact.value)) : Json(nullptr); }

Json texts(const std::vector<std::string>& all) {
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
          {"named_by", texts(toolkit.named_by)},
          {"complete", installed.layout.is_complete()},
          {"lacks", texts(installed.layout.missing)},
          {"programs", installed.layout.programs.empty() ? Json(nullptr) : Json(clean_utf8(installed.layout.programs))},
          {"headers", texts(installed.layout.headers)},
          {"libraries", texts(installed.layout.libraries)}};
}

Json claims_json(const ToolkitSurvey& survey, const std::string& but) {
  Json claims = Json::array();
  for (const ToolkitClaim& claim : survey.claims) {
    if (but.empty() || claim.toolkit != but) claims.push_back(claim_json(claim));
  }
  return claims;
}
}  // namespace

Json toolkits_json(const ToolkitSurvey& survey) {
  Json toolkits = Json::array();
  for (const InstalledToolkit& installed : survey.toolkits) toolkits.push_back(toolkit_json(installed));
  Json users = Json::array();
  for (const ToolkitUser& user : toolkit_users(survey)) {
    users.push_back({{"who", user.who},
                     {"looks_at", user.order},
                     {"claim", user.claim == nullptr ? Json(nullptr) : claim_json(*user.claim)}});
  }
  const ToolkitClaim* active = survey.active();
  return {{"schema", "varve/toolkits/1"},
          {"toolkits", std::move(toolkits)},
          {"active", active == nullptr ? Json(nullptr) : Json(clean_utf8(active->toolkit))},
          {"active_by", active == nullptr ? Json(nullptr) : Json(clean_utf8(active->source))},
          {"claims", claims_json(survey, "")},
          {"agree", survey.agrees()},
          {"users", std::move(users)}};
}

Json toolkit_variables_json(const InstalledToolkit& toolkit, const std::vector<VariableChange>& changes) {
  Json variables = Json::array();
  for (const VariableChange& change : changes) {
    variables.push_back(
        {{"name", change.name}, {"before", text_or_null(change.before)}, {"after", text_or_null(change.after)}});
  }
  return {
      {"schema", "varve/toolkit-variables/1"}, {"toolkit", toolkit_json(toolkit)}, {"variables", std::move(variables)}};
}

Json toolkit_module_json(const InstalledToolkit& toolkit, const std::string& file) {
  return {{"schema", "varve/toolkit-module/1"}, {"toolkit", toolkit_json(toolkit)}, {"file", clean_utf8(file)}};
}

Json toolkit_link_json(const InstalledToolkit& toolkit, const LinkAnswer& answer, const ToolkitSurvey& after) {
  const LinkPlan& plan = answer.plan;
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(clean_utf8(text)); };
  return {{"schema", "varve/toolkit-link/1"},
          {"toolkit", toolkit_json(toolkit)},
          {"link", clean_utf8(plan.link)},
          {"target", clean_utf8(plan.target)},
          {"before", or_null(plan.before)},
          {"kept", or_null(answer.move.kept)},
          {"changed", !plan.already && !answer.dry_run},
          {"dry_run", answer.dry_run},
          {"others", claims_json(after, plan.target)}};
}

}  // namespace varve
