#include "report/check_summary.h"

#include <algorithm>

namespace varve {

namespace {
bool repeats_log(const Finding& finding) { return finding.id == "VRV-LOG-ERROR"; }
}  // namespace

bool tells_of_failure(const Check& check) { return !check.errors.empty(); }

std::vector<Finding> findings_beside_log(const Check& check) {
  std::vector<Finding> findings = check.findings;
  if (!check.errors.empty()) std::erase_if(findings, repeats_log);
  return findings;
}

std::size_t take_out_notes(std::vector<Finding>& findings) {
  return std::erase_if(findings, [](const Finding& finding) { return finding.severity == Severity::note; });
}

std::map<std::string, std::size_t> fold_repeated_notes(std::vector<Finding>& findings, std::size_t most) {
  std::map<std::string, std::size_t> seen, folded;
  std::erase_if(findings, [&](const Finding& finding) {
    if (finding.severity != Severity::note || ++seen[finding.id] <= most) return false;
    ++folded[finding.id];
    return true;
  });
  return folded;
}

std::string nothing_to_judge(const ConsumerVerdict& consumer) {
  const auto is_shown = [](const ConsumerAnswer& one) { return one.state != CheckState::not_applicable; };
  const std::vector<ConsumerAnswer>& answers = consumer.answers;
  if (answers.empty() || std::any_of(answers.begin(), answers.end(), is_shown)) return "";
  return answers.front().detail.empty() ? "not applicable" : answers.front().detail;
}

}  // namespace varve
