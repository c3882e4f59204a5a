#include "report/text/text_toolkits.h"

#include <algorithm>

#include "base/text.h"
#include "report/text_table.h"

namespace varve {

namespace {
std::string known_or(const Fact& fact, const char* otherwise) {
  return fact.is_known() ? value_text(*fact.value) : otherwise;
}

std::string claim_text(const ToolkitSurvey& survey, const ToolkitClaim& claim) {
  const InstalledToolkit* installed = survey.at(claim.toolkit);
  const std::string said = claim.said.empty() ? "" : claim.said + ": ";
  return installed == nullptr ? said + "no toolkit is there" : said + toolkit_title(*installed);
}

// A root has no variables: what a shell there would set is not "none".
std::string user_text(const ToolkitSurvey& survey, const ToolkitUser& user) {
  if (user.claim) return claim_text(survey, *user.claim);
  return survey.variables_known ? "none" : "not known: a root has no variables";
}

void add_claim(TextTable& table, const ToolkitSurvey& survey, const ToolkitClaim& claim, bool other) {
  const bool dead = survey.at(claim.toolkit) == nullptr;
  table.add({{claim.source, Tone::plain}, {claim_text(survey, claim), other || dead ? Tone::caution : Tone::plain}});
}

const char* kNone =
    "No CUDA toolkit found: not in /usr/local, /opt or an environment, and no variable names one.\n"
    "Frameworks bring their own runtime, so one is needed only to build.\n";
}  // namespace

std::string text_toolkit_list(const ToolkitSurvey& survey, const TextStyle& style) {
  if (survey.toolkits.empty()) return kNone;
  const ToolkitClaim* active = survey.active();
  TextTable table({{"", false}, {"version"}, {"nvcc"}, {"toolkit"}, {"installed by"}, {"named by"}, {"lacks"}});
  for (const InstalledToolkit& installed : survey.toolkits) {
    const Toolkit& toolkit = installed.toolkit;
    const bool is_active = active != nullptr && active->toolkit == toolkit.path;
    table.add({{is_active ? "*" : "", Tone::good},
               {known_or(toolkit.version, "?"), Tone::bold},
               {known_or(toolkit.nvcc, installed.layout.has_nvcc ? "?" : "none"), Tone::plain},
               {toolkit.path, Tone::plain},
               {known_or(toolkit.installer, "unknown"), Tone::plain},
               {join(toolkit.named_by, ", "), Tone::plain},
               {join(installed.layout.missing, ", "), Tone::dim}});
  }
  std::string text = paint("CUDA toolkits", Tone::bold, style) + "\n" + table.render(style) + "\n";
  text += active == nullptr ? "Nothing names one as the active.\n" : "* is active, by " + active->source + ".\n";
  if (!survey.agrees()) text += "What names one does not agree: see varve toolkit which.\n";
  return text;
}

std::string text_other_claims(const ToolkitSurvey& survey, const std::string& path, const TextStyle& style) {
  TextTable table({{""}, {""}});
  bool any = false;
  for (const ToolkitClaim& claim : survey.claims) {
    if (claim.toolkit == path) continue;
    add_claim(table, survey, claim, true);
    any = true;
  }
  return any ? table.render(style) : "";
}

std::string text_toolkit_which(const ToolkitSurvey& survey, const TextStyle& style) {
  const ToolkitClaim* active = survey.active();
  const InstalledToolkit* chosen = active == nullptr ? nullptr : survey.at(active->toolkit);
  std::string text;
  if (chosen == nullptr) {
    if (survey.toolkits.empty() && survey.claims.empty()) return kNone;
    text = "No CUDA toolkit is active.\n";
  } else {
    const Fact& nvcc = chosen->toolkit.nvcc;
    text = "Active: " + paint(toolkit_title(*chosen), Tone::bold, style) + ", by " + active->source +
           (nvcc.is_known() ? "; nvcc " + value_text(*nvcc.value) : "") + "\n";
    if (!chosen->layout.is_complete()) text += "It lacks " + join(chosen->layout.missing, ", ") + ".\n";
  }
  if (!survey.claims.empty()) {
    TextTable claims({{"what names one"}, {"toolkit"}});
    for (const ToolkitClaim& claim : survey.claims) {
      add_claim(claims, survey, claim, chosen != nullptr && claim.toolkit != chosen->toolkit.path);
    }
    text += "\n" + claims.render(style);
  }
  TextTable users({{"who takes which"}, {"toolkit"}, {"looks at"}});
  for (const ToolkitUser& user : survey.users) {
    users.add({{user.who, Tone::plain}, {user_text(survey, user), Tone::plain}, {user.order, Tone::dim}});
  }
  text += "\n" + users.render(style);
  if (!survey.agrees()) {
    text += "\nThey do not agree. To make one hold in this shell: eval \"$(varve toolkit env VERSION)\"\n";
  }
  return text;
}

}  // namespace varve
