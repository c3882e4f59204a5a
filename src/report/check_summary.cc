#include "report/check_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/wording.h"

namespace varve {

namespace {
bool repeats_log(const Finding& finding) { return finding.id == "VRV-LOG-ERROR"; }
}  // namespace

namespace {
constexpr std::size_t kMostOthers = 5;  // of the causes beside the one that leads

const CauseCandidate* leader_of(const ExplainedError& error) {
  const auto at = std::find_if(error.candidates.begin(), error.candidates.end(),
                               [](const CauseCandidate& one) { return one.leads; });
  return at == error.candidates.end() ? nullptr : &*at;
}

// How sure it is that a link is broken, where only messages of the log say so; empty where the stack shows it.
std::string surety(const Check& check) {
  const bool is_shown = std::any_of(check.findings.begin(), check.findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::error && !repeats_log(finding);
  });
  if (is_shown) return "";
  bool is_likely = false;
  for (const ExplainedError& error : check.errors) {
    if (error.candidates.empty()) continue;
    if (error.standing == CauseStanding::confirmed) return "";
    is_likely = is_likely || error.standing == CauseStanding::supported;
  }
  const bool has_log_error = std::any_of(check.findings.begin(), check.findings.end(), repeats_log);
  return !has_log_error ? "" : is_likely ? ", likely" : ", by the log's message alone";
}

// The links that an undecided error may come from.
std::vector<std::string> open_links(const Check& check) {
  std::vector<std::string> links;
  for (const ChainLink& link : check.chain) {
    if (link.state == CheckState::cannot_tell && link.detail.find("of the log may come") != std::string::npos) {
      links.push_back(link_title(link.layer));
    }
  }
  return links;
}
}  // namespace

std::string standing_line(const ExplainedError& error) {
  const CauseCandidate* leader = leader_of(error);
  if (error.follows != 0) return fmt::format("It follows from line {}", error.follows);
  if (error.candidates.empty()) return "";
  switch (error.standing) {
    case CauseStanding::confirmed:
      return error.explained_by.empty() && leader != nullptr ? "Confirmed: " + leader->because : "";
    case CauseStanding::supported:
      if (!error.explained_by.empty()) return "Likely: what is found here speaks for it, and does not decide it";
      return "Likely: " + (leader == nullptr || leader->because.empty() ? std::string("the other causes are ruled out")
                                                                        : leader->because);
    case CauseStanding::stated:
      return "By the message alone: no fact here confirms it" +
             (leader == nullptr || leader->decide.empty() ? std::string() : ". To decide: " + leader->decide);
    case CauseStanding::undecided:
      return "Not decided: no fact here tells which of these it is" +
             (leader == nullptr || leader->decide.empty() ? std::string() : ". To decide: " + leader->decide);
    case CauseStanding::refuted:
      break;
  }
  return "Cannot tell: what is here rules out every cause that is known for this message";
}

std::string read_line(const TextAccount& text) {
  constexpr std::size_t kShownParts = 8;
  std::vector<std::string> parts;
  for (const TextPart& part : text.parts) {
    parts.push_back(part.first == part.last ? fmt::format("{} (line {})", part.kind, part.first)
                                            : fmt::format("{} (lines {} to {})", part.kind, part.first, part.last));
  }
  const std::string found = parts.empty() ? "nothing that describes a machine" : and_more(parts, kShownParts);
  return fmt::format("read: {} of {}{}", found, count_text(static_cast<std::size_t>(text.lines), "line", "lines"),
                     text.is_cut ? ", and it goes on" : "");
}

std::vector<std::string> reading_remarks(const TextAccount& text) {
  std::vector<std::string> lines;
  for (const TextConflict& conflict : text.conflicts) {
    const std::string title = fact_title(conflict.id);
    lines.push_back(
        conflict.other.empty()
            ? fmt::format("{}: lines {} and {} say different things", title, conflict.first_line, conflict.other_line)
            : fmt::format("{}: line {} says {}, line {} says {}; the first counts", title, conflict.first_line,
                          conflict.first, conflict.other_line, conflict.other));
  }
  if (!text.others.empty()) {
    lines.push_back("it also speaks of " + and_more(text.others, 3) + ", which is not judged");
  }
  return lines;
}

std::vector<std::string> other_causes(const ExplainedError& error) {
  std::vector<std::string> lines;
  const bool is_sure = error.standing == CauseStanding::confirmed;
  for (const CauseCandidate& one : error.candidates) {
    if (one.leads || lines.size() >= kMostOthers) continue;
    if (one.state == CandidateState::excluded) {
      const std::string why = one.because.empty() ? std::string() : " (" + one.because + ")";
      if (error.explained_by.empty()) lines.push_back("Ruled out" + why + ": " + one.cause);
      continue;
    }
    if (is_sure) continue;
    std::string line = "Or: " + one.cause;
    if (!one.because.empty()) line += " For it speaks: " + one.because + ".";
    if (!one.decide.empty()) line += " To decide: " + one.decide;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> log_lines(const Check& check) {
  if (!check.log) return {};
  const LogSummary& log = *check.log;
  if (!log.outside.empty())
    return {fmt::format("Its messages are of {}: that stack is outside of what is judged", log.outside)};
  if (!check.errors.empty()) return {};
  if (log.bytes == 0) return {"The log is empty: it tells nothing"};
  return {fmt::format("{}, and none of the {} messages that are known stands in {}{}",
                      count_text(static_cast<std::size_t>(log.lines), "line", "lines"), log.looked_for,
                      log.lines == 1 ? "it" : "them", log.is_cut ? "; the log goes on behind them" : ""),
          "Looked for: messages of NVIDIA's kernel module, driver and tools, the CUDA runtime and its libraries, NCCL, "
          "compilers, the loader, containers, and frameworks on CUDA",
          "Not looked for: faults of the program itself, wrong results, slowness that no message names, other vendors' "
          "stacks, Windows"};
}

std::string headline(const Check& check) {
  if (check.first_broken) return "First broken link: " + link_title(*check.first_broken) + surety(check);
  const std::vector<std::string> links = open_links(check);
  return links.empty() ? "" : "Not decided: the log's error may come from " + list_text(links, 6);
}

bool tells_of_failure(const Check& check) { return !check.errors.empty() || check.log; }

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

std::string why_of_consumer(const ConsumerVerdict& consumer) {
  std::string why = nothing_to_judge(consumer);
  for (const ConsumerAnswer& answer : consumer.answers) {
    if (!why.empty() || answer.state != consumer.state) continue;
    why = std::string(to_string(answer.question)) + ": " + answer.detail;
  }
  return why;
}

}  // namespace varve
