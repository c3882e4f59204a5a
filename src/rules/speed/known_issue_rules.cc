// Known faults and changes of the releases that are here, by data/known_issues.json.
#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/speed/known_issue_match.h"
#include "rules/speed/speed_rules.h"

namespace varve {

namespace {
std::string effect_text(const KnownIssue& issue) {
  switch (issue.effect) {
    case IssueEffect::wrong_result:
      return "What it computes may be wrong, without a word";
    case IssueEffect::crash:
      return "The process ends or loses the GPU";
    case IssueEffect::hang:
      return "The program waits and does not end";
    case IssueEffect::refuses:
      return "The call fails";
    case IssueEffect::unsupported:
      return "It does not run there, or other code runs in its place";
    case IssueEffect::slower:
      return "It runs slower";
    case IssueEffect::memory:
      return "It takes another amount of memory";
    case IssueEffect::numerics:
      return "Results differ in the digits that rounding decides";
    case IssueEffect::faster:
      return "It runs faster than with the releases before";
  }
  return "";
}

std::string consequence_of(const KnownIssue& issue) {
  std::string text = effect_text(issue);
  if (!issue.magnitude.empty()) text += " (where it was measured: " + issue.magnitude + ")";
  if (!issue.symptom.empty()) text += "; it says: " + issue.symptom;
  return text;
}

bool is_assignment(std::string_view word) {
  const std::size_t sign = word.find('=');
  return sign != std::string_view::npos && sign > 0 && sign + 1 < word.size() &&
         word.substr(0, sign).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

// The line of `varve run` that would tell: by the variable that the fix sets, else by an environment with another
// release.
std::string measuring_line(const IssueMatch& match) {
  std::string settings;
  for (std::string_view word : split_words(match.issue->fix)) {
    while (!word.empty() && (word.back() == ',' || word.back() == ';')) word.remove_suffix(1);
    if (is_assignment(word)) settings += " --against-env " + std::string(word);
  }
  if (!settings.empty()) return "varve run" + settings + " -- COMMAND";
  const bool is_told = match.environment.find('/') == std::string::npos;  // a list in a text has no folder
  const std::string python = is_told ? "python" : match.environment + "/bin/python";
  const std::string here = match.environment.empty() ? "COMMAND" : python + " PROGRAM";
  const std::string there = match.environment.empty() ? "COMMAND" : "OTHER/bin/python PROGRAM";
  return fmt::format("varve run -- {} --against -- {} (with another {})", here, there, match.issue->components.front());
}

std::string fix_of(const IssueMatch& match) {
  const std::string& fix = match.issue->fix;
  if (match.issue->effect != IssueEffect::slower || match.is_sure()) return fix;
  return fix + (fix.empty() ? "" : ". ") + "Only a measurement tells whether it matters here: " + measuring_line(match);
}

FaultCategory category_of(const KnownIssue& issue) {
  const std::string& component = issue.components.front();
  if (component == "driver") return FaultCategory::device_handshake;
  if (component == "nvidia-container-toolkit") return FaultCategory::container;
  if (issue.told_by.starts_with("VRV-CODE-")) return FaultCategory::kernel_coverage;
  if (issue.effect == IssueEffect::unsupported && !issue.driver.empty()) return FaultCategory::driver_ceiling;
  if (issue.effect == IssueEffect::unsupported && !issue.gpu.empty()) return FaultCategory::kernel_coverage;
  const bool fails = issue.effect >= IssueEffect::crash && issue.effect <= IssueEffect::unsupported;
  return fails ? FaultCategory::library_mix : FaultCategory::silent_slowdown;
}

// What speaks against it, as a clause behind the evidence.
std::string doubt_of(const KnownIssue& issue) {
  if (issue.report) return "; one report, not confirmed";
  if (issue.bounds == IssueBounds::open_start) return "; known is the release that mends it, not the first that has it";
  if (issue.bounds == IssueBounds::inferred) return "; the range of releases was concluded";
  return "";
}

// One finding a fault that no fact rules out, the surest first. Only one all of whose conditions are known to hold is a
// warning.
Found fault_found(const IssueMatch& match) {
  const KnownIssue& issue = *match.issue;
  std::string evidence = fmt::format("{}: {} ({})", match.where, issue.says, issue.id);
  if (!match.unknown.empty()) evidence += "; it needs: " + join(match.unknown, "; and ");
  evidence += doubt_of(issue);
  return {.evidence = std::move(evidence),
          .severity = match.is_sure() ? Severity::warning : Severity::note,
          .consequence = consequence_of(issue),
          .fix = fix_of(match),
          .source = issue.source,
          .about = {{About::package, issue.components.front()}},
          .category = category_of(issue)};
}

// What merely became otherwise with a release, in one note for all of one release.
std::vector<Found> changes_found(const std::vector<IssueMatch>& matches) {
  std::map<std::string, std::vector<std::string>> changes;
  std::map<std::string, const IssueMatch*> first;
  for (const IssueMatch& match : matches) {
    if (is_harm(match.issue->effect)) continue;
    const std::string needs = match.unknown.empty() ? "" : ", for " + join(match.unknown, ", ");
    changes[match.where].push_back(
        fmt::format("{}{} ({}, {})", match.issue->says, needs, match.issue->id, to_string(match.issue->effect)));
    first.emplace(match.where, &match);
  }
  std::vector<Found> found;
  for (const auto& [where, all] : changes) {
    found.push_back({.evidence = "Known of " + where + ": " + join(all, "; "),
                     .severity = Severity::note,
                     .consequence = "Speed, memory or the last digits are other than with other releases",
                     .fix = "Only a measurement tells how much it is: " + measuring_line(*first.at(where)),
                     .category = FaultCategory::silent_slowdown});
  }
  return found;
}

std::vector<Found> known_issues(const Analysis& analysis) {
  const std::vector<IssueMatch> matches = match_known_issues(analysis);
  std::vector<Found> found;
  for (const IssueMatch& match : matches) {
    if (is_harm(match.issue->effect)) found.push_back(fault_found(match));
  }
  for (Found& change : changes_found(matches)) found.push_back(std::move(change));
  return found;
}
}  // namespace

const std::vector<Rule>& known_issue_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-KNOWN-ISSUE",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::silent_slowdown,
       .statement =
           "No release is used that has a known fault, or behaves otherwise than the one before, on this machine",
       .consequence = "What the row says: other speed, other digits, a refusal or a fault",
       .fix = "What the row says; where only a measurement tells, the line of varve run that tells it",
       .source = "data/known_issues.json, where every row has its source",
       .judge = known_issues},
  };
  return rules;
}

}  // namespace varve
