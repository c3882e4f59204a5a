#include "rules/check_stack.h"

#include <algorithm>

#include "base/text.h"
#include "base/version.h"
#include "rules/analysis/consumer_verdict.h"
#include "rules/chain.h"
#include "rules/judgement.h"
#include "rules/log/log_findings.h"

namespace varve {

namespace {
void judge_links(const Analysis& analysis, Check& check) {
  check.chain = judge_chain(analysis, check.consumers, check.findings);
  check.first_broken.reset();
  for (const ChainLink& link : check.chain) {
    if (link.state != CheckState::broken) continue;
    check.first_broken = link.layer;
    return;
  }
}

Finding other_machine(const std::vector<std::string>& facts) {
  return {.id = "VRV-LOG-OTHER-MACHINE",
          .layer = Layer::os,
          .severity = Severity::note,
          .mender = Mender::application,
          .evidence = "the log states otherwise than this stack: " + join(facts, ", "),
          .consequence = "It was probably written on another machine: what this stack says may not account for it",
          .fix = "Check the capture of that machine: varve check CAPTURE.json --log FILE",
          .source = ""};
}
}  // namespace

Check check_analysis(const Analysis& analysis) {
  Judgement judgement = judge_rules(analysis);
  Check check{.checked_at = {},
              .tool_version = std::string(tool_version()),
              .subject = analysis.subject.subject,
              .machine = &analysis.machine == &analysis.subject ? "" : analysis.machine.subject,
              .data_date = analysis.knowledge.date,
              .consumers = judge_consumers(analysis),
              .findings = std::move(judgement.findings),
              .untold = std::move(judgement.untold)};
  judge_links(analysis, check);
  return check;
}

void add_log(const Analysis& analysis, const ErrorPatterns& patterns, const LogReading& log,
             const std::vector<std::string>& other_facts, Check& check) {
  check.errors = log.errors;
  join_errors(check.errors, check.findings, analysis, patterns);
  if (!other_facts.empty()) check.findings.push_back(other_machine(other_facts));
  judge_links(analysis, check);
}

ExitStatus exit_status(const Check& check) {
  const auto is_error = [](const Finding& finding) { return finding.severity == Severity::error; };
  const auto matters = [](const Drift& drift) { return drift.matters; };
  const auto failed = [](const JitProof& proof) { return !proof.compiled; };
  if (check.first_broken || std::any_of(check.findings.begin(), check.findings.end(), is_error) ||
      std::any_of(check.drift.begin(), check.drift.end(), matters) ||
      std::any_of(check.proofs.begin(), check.proofs.end(), failed)) {
    return ExitStatus::failed;
  }
  for (const ChainLink& link : check.chain) {
    const bool decides = link.layer == Layer::kernel_driver || link.layer == Layer::bundled_runtime;
    if (decides && link.state == CheckState::cannot_tell) return ExitStatus::inconclusive;
  }
  return ExitStatus::ok;
}

}  // namespace varve
