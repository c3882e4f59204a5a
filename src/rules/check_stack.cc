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
  check.chain = judge_chain(analysis, check.consumers, check.findings, check.errors);
  check.first_broken.reset();
  for (const ChainLink& link : check.chain) {
    if (link.state != CheckState::broken) continue;
    check.first_broken = link.layer;
    return;
  }
}

// Whose stack the log's messages are of, where that is not judged. What is known of CUDA in the same log goes before.
std::string outside_of(const LogReading& log, const ErrorPatterns& patterns) {
  std::string outside;
  for (const ExplainedError& error : log.errors) {
    const ErrorPattern* row = find_pattern(patterns, error.pattern);
    if (row == nullptr || row->severity == Severity::note) continue;
    if (row->outside.empty() && row->priority >= kWrapperPriority) return "";
    if (outside.empty()) outside = row->outside;
  }
  return outside;
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
  check.log = LogSummary{.lines = log.lines,
                         .bytes = log.bytes,
                         .is_cut = log.is_cut,
                         .looked_for = static_cast<std::int64_t>(count_messages(patterns)),
                         .outside = outside_of(log, patterns)};
  join_errors(check.errors, check.findings, analysis, check.untold, patterns, other_facts.empty());
  if (!other_facts.empty()) check.findings.push_back(other_machine(other_facts));
  judge_links(analysis, check);
}

namespace {
// Whether the driver or what would run on it cannot be told. Where libcuda serves, nobody asks for the kernel module.
bool is_open_chain(const std::vector<ChainLink>& chain) {
  const auto has = [&](Layer layer, CheckState state) {
    return std::any_of(chain.begin(), chain.end(),
                       [&](const ChainLink& link) { return link.layer == layer && link.state == state; });
  };
  if (has(Layer::kernel_driver, CheckState::cannot_tell) && !has(Layer::user_driver, CheckState::ok)) return true;
  const Layer deciding[] = {Layer::user_driver, Layer::bundled_runtime, Layer::kernel_library, Layer::kernels};
  return std::any_of(std::begin(deciding), std::end(deciding),
                     [&](Layer layer) { return has(layer, CheckState::cannot_tell); });
}

// Whether the log leaves open what went wrong: no error that is known, one that no fact decides, or another stack's.
bool is_open_log(const Check& check) {
  if (!check.log) return false;
  const auto tells = [](const ExplainedError& error) {
    return error.standing == CauseStanding::confirmed || error.standing == CauseStanding::supported ||
           (error.standing == CauseStanding::stated && !error.candidates.empty());
  };
  const auto is_open = [](const ExplainedError& error) {
    return error.standing == CauseStanding::undecided || error.standing == CauseStanding::refuted;
  };
  return std::none_of(check.errors.begin(), check.errors.end(), tells) ||
         std::any_of(check.errors.begin(), check.errors.end(), is_open);
}
}  // namespace

ExitStatus exit_status(const Check& check) {
  const auto matters = [](const Drift& drift) { return drift.matters; };
  const auto failed = [](const JitProof& proof) { return !proof.compiled; };
  const bool is_broken = std::any_of(check.chain.begin(), check.chain.end(),
                                     [](const ChainLink& link) { return link.state == CheckState::broken; });
  if (is_broken || std::any_of(check.drift.begin(), check.drift.end(), matters) ||
      std::any_of(check.proofs.begin(), check.proofs.end(), failed)) {
    return ExitStatus::failed;
  }
  return is_open_chain(check.chain) || is_open_log(check) ? ExitStatus::inconclusive : ExitStatus::ok;
}

}  // namespace varve
