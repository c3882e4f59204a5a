#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "report/check_summary.h"
#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
Tone state_tone(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return Tone::good;
    case CheckState::degraded:
    case CheckState::cannot_tell:
      return Tone::caution;
    case CheckState::broken:
      return Tone::bad;
    case CheckState::not_applicable:
      break;
  }
  return Tone::dim;
}

Cell state_cell(CheckState state) { return {std::string(to_string(state)), state_tone(state)}; }

std::string chain_text(const Check& check, const TextStyle& style) {
  TextTable table({{""}, {""}, {""}});
  for (const ChainLink& link : check.chain) {
    table.add({{link_title(link.layer), Tone::bold}, state_cell(link.state), {link.detail}});
  }
  return table.render(style);
}

std::string consumers_text(const Check& check, const TextStyle& style) {
  if (check.consumers.empty()) return "";
  std::string out = text_heading("What would run", style);
  for (const ConsumerVerdict& consumer : check.consumers) {
    const std::string place = consumer.environment.empty() ? "" : " in " + consumer.environment;
    if (const std::string why = nothing_to_judge(consumer); !why.empty()) {
      out += paragraph(consumer.name + place + ": nothing to judge: " + why, 2, Tone::dim, style);
      continue;
    }
    out += paragraph(consumer.name + place + ": " + std::string(to_string(consumer.state)), 2,
                     consumer.state == CheckState::broken ? Tone::bad : Tone::bold, style);
    TextTable table({{""}, {""}, {""}}, 4);
    for (const ConsumerAnswer& answer : consumer.answers) {
      const bool decides = answer.state == consumer.state;
      table.add({{std::string(to_string(answer.question)), Tone::dim},
                 state_cell(answer.state),
                 {answer.detail, decides ? Tone::plain : Tone::dim}});
    }
    out += table.render(style);
  }
  return out;
}

std::string error_text(const ExplainedError& error, bool is_new, std::int64_t first_line, const TextStyle& style) {
  const std::string times = error.times > 1 ? fmt::format(", {} times", error.times) : "";
  std::string out = paragraph(fmt::format("line {}{}: {}", error.line, times, error.text), 2, Tone::bold, style);
  const std::string standing = standing_line(error);
  if (error.follows != 0) return out + paragraph(standing, 4, Tone::dim, style);
  if (!error.correction.empty()) out += paragraph(error.correction, 4, Tone::caution, style);
  if (!is_new) return out + paragraph(fmt::format("Cause: as of line {}", first_line), 4, Tone::dim, style);
  if (error.standing != CauseStanding::refuted) out += paragraph("Cause: " + error.cause, 4, Tone::plain, style);
  if (!standing.empty()) out += paragraph(standing, 4, Tone::plain, style);
  if (!error.explained_by.empty()) out += paragraph("Here: " + error.explained_by, 4, Tone::plain, style);
  const bool has_fix = !error.fix.empty() && error.explained_by.empty() && error.standing != CauseStanding::refuted;
  if (has_fix) out += paragraph("Fix: " + error.fix, 4, Tone::plain, style);
  for (const std::string& line : other_causes(error)) out += paragraph(line, 4, Tone::dim, style);
  return out;
}

std::string errors_text(const Check& check, const TextStyle& style) {
  const std::vector<std::string> lines = log_lines(check);
  if (check.errors.empty() && lines.empty()) return "";
  std::string out = text_heading("What the log says", style);
  for (const std::string& line : lines) out += paragraph(line, 2, Tone::plain, style);
  std::map<std::string, std::int64_t> said;  // what was said of an error, and at which line of the log
  for (const ExplainedError& error : check.errors) {
    const auto [cause, is_new] = said.emplace(error.cause + error.fix + error.explained_by, error.line);
    out += error_text(error, is_new, cause->second, style);
  }
  return out;
}

std::string drift_text(const Check& check, const TextStyle& style) {
  if (check.drift.empty()) return "";
  TextTable table({{"what moved"}, {"in the lock"}, {"now"}, {""}});
  for (const Drift& drift : check.drift) {
    const std::string& id = drift.change.id;
    table.add({{fact_title(id)},
               {shown_fact(id, drift.change.before)},
               {shown_fact(id, drift.change.after)},
               {drift.matters ? "matters" : "control only", drift.matters ? Tone::bad : Tone::dim}});
  }
  return text_heading("Since the lock was made", style) + table.render(style);
}

std::string proofs_text(const Check& check, const TextStyle& style) {
  if (check.proofs.empty()) return "";
  TextTable table({{"PTX"}, {"for"}, {"compiled"}, {"seconds", true}});
  double total = 0;
  for (const JitProof& proof : check.proofs) {
    total += proof.seconds;
    table.add({{proof.path + ": " + proof.entry},
               {proof.gpu},
               {proof.compiled ? "yes" : "no: " + proof.log, proof.compiled ? Tone::good : Tone::bad},
               {fmt::format("{:.2f}", proof.seconds)}});
  }
  return text_heading("Compiled by the driver's own compiler", style) + table.render(style) +
         paragraph(fmt::format("{:.1f} s of compilation at the first start", total), 2, Tone::plain, style);
}

// What was recognised in a text, and what contradicts itself in it.
std::string text_read_text(const Check& check, const TextStyle& style) {
  if (!check.text) return "";
  std::string out = paragraph(read_line(*check.text), 2, Tone::dim, style);
  for (const std::string& line : reading_remarks(*check.text)) out += paragraph(line, 2, Tone::caution, style);
  return out;
}

std::string unstated_text(const Check& check, const TextStyle& style) {
  if (!check.text || check.text->unstated.empty()) return "";
  TextTable table({{"not told"}, {"tells it"}});
  for (const TextQuestion& question : check.text->unstated) {
    table.add({{question.what, Tone::dim}, {question.command, Tone::dim}});
  }
  return text_heading("What the text does not tell", style) + table.render(style);
}

std::string untold_text(const Check& check, bool explain, const TextStyle& style) {
  if (check.text && !explain) return unstated_text(check, style);
  if (check.untold.empty()) return "";
  std::string out = text_heading("What could not be told", style);
  if (!explain) {
    std::map<std::string, int> facts;
    for (const UntoldRule& rule : check.untold) ++facts[rule.fact + " is " + rule.reason];
    for (const auto& [fact, rules] : facts) {
      out += paragraph(fmt::format("{} ({})", fact, count_text(static_cast<std::size_t>(rules), "rule", "rules")), 2,
                       Tone::dim, style);
    }
    return out;
  }
  for (const UntoldRule& rule : check.untold) {
    out += paragraph(rule.rule + ": " + rule.fact + " is " + rule.reason, 2, Tone::dim, style);
  }
  return out;
}

std::string advice_text(const Check& check, const TextStyle& style) {
  if (check.advice.empty()) return "";
  std::string out = text_heading("What fits", style);
  for (const std::string& line : check.advice) out += paragraph(line, 2, Tone::plain, style);
  return out;
}

constexpr std::size_t kMostNotesOfRule = 3;

// An answer about a failure keeps notes to a line: none of them is its cause. Other answers keep to the first notes of
// each rule.
std::string findings_text(const Check& check, bool explain, const TextStyle& style) {
  std::vector<Finding> findings = findings_beside_log(check);
  std::vector<std::string> lines;
  if (!explain && tells_of_failure(check)) {
    const std::size_t notes = take_out_notes(findings);
    if (notes > 0) {
      lines.push_back(fmt::format("and {} for no error of the log: --explain shows {}",
                                  count_text(notes, "note that accounts", "notes that account"),
                                  notes == 1 ? "it" : "them"));
    }
  } else if (!explain) {
    for (const auto& [rule, notes] : fold_repeated_notes(findings, kMostNotesOfRule)) {
      lines.push_back(fmt::format("and {} of {}: --explain shows {}", count_text(notes, "more note", "more notes"),
                                  rule, notes == 1 ? "it" : "them"));
    }
  }
  std::string out = text_findings(findings, style);
  for (const std::string& line : lines) out = (out.empty() ? "\n" : out) + paragraph(line, 2, Tone::dim, style);
  return out;
}

std::string verdict_text(const Check& check, const TextStyle& style) {
  const std::string line = headline(check);
  return line.empty() ? "" : paragraph(line, 2, check.first_broken ? Tone::bad : Tone::caution, style);
}
}  // namespace

std::string text_check(const Check& check, bool explain, const TextStyle& style) {
  const std::string on = check.machine.empty() ? "" : " on " + check.machine;
  std::string out = paragraph("Check of " + check.subject + on, 0, Tone::bold, style);
  out += text_read_text(check, style);
  const std::string chain = chain_text(check, style) + verdict_text(check, style);
  const std::string errors = errors_text(check, style);
  out += tells_of_failure(check) ? errors + text_heading("The chain", style) + chain : "\n" + chain + errors;
  out += consumers_text(check, style) + findings_text(check, explain, style);
  out += drift_text(check, style) + proofs_text(check, style) + advice_text(check, style);
  out += untold_text(check, explain, style);
  out += "\n" + paragraph("compatibility data of " + check.data_date, 2, Tone::dim, style);
  return out;
}

namespace {
constexpr std::size_t kMostConsumers = 12;

// What somebody would do next, by what was found.
std::string next_steps(const Check& check, const TextStyle& style) {
  TextTable table({{""}, {""}});
  table.add({{"varve check"}, {"every finding, with evidence and fix", Tone::dim}});
  if (!check.findings.empty()) {
    table.add({{"varve explain " + check.findings.front().id}, {"the first of them in words", Tone::dim}});
  }
  if (check.first_broken) table.add({{"varve check --advise"}, {"the smallest change that mends it", Tone::dim}});
  table.add({{"varve capture -o stack.json"}, {"pin this machine; later: varve check --expect stack.json", Tone::dim}});
  table.add({{"varve --help"}, {"all verbs", Tone::dim}});
  return text_heading("Next", style) + table.render(style);
}
}  // namespace

std::string text_overview(const Check& check, const TextStyle& style) {
  std::string out = paint("This machine", Tone::bold, style) + "\n\n" + chain_text(check, style);
  out += verdict_text(check, style);
  if (!check.consumers.empty()) {
    TextTable table({{""}, {""}, {""}});
    for (std::size_t i = 0; i < check.consumers.size() && i < kMostConsumers; ++i) {
      const ConsumerVerdict& consumer = check.consumers[i];
      table.add({{consumer.name}, state_cell(consumer.state), {consumer.environment, Tone::dim}});
    }
    out += text_heading("What would run here", style) + table.render(style);
    if (check.consumers.size() > kMostConsumers) {
      out += paragraph(fmt::format("and {} more", check.consumers.size() - kMostConsumers), 2, Tone::dim, style);
    }
  }
  std::size_t counts[3] = {};
  for (const Finding& finding : check.findings) ++counts[static_cast<int>(finding.severity)];
  if (!check.findings.empty()) {
    out += "\n" +
           paragraph(fmt::format("{}, {}, {}", count_text(counts[0], "error", "errors"),
                                 count_text(counts[1], "warning", "warnings"), count_text(counts[2], "note", "notes")),
                     2, counts[0] > 0 ? Tone::bad : Tone::plain, style);
  }
  return out + next_steps(check, style);
}

}  // namespace varve
