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

std::string nothing_to_judge(const ConsumerVerdict& consumer) {
  const auto is_shown = [](const ConsumerAnswer& one) { return one.state != CheckState::not_applicable; };
  const std::vector<ConsumerAnswer>& answers = consumer.answers;
  if (answers.empty() || std::any_of(answers.begin(), answers.end(), is_shown)) return "";
  return answers.front().detail.empty() ? "not applicable" : answers.front().detail;
}

}  // namespace varve
