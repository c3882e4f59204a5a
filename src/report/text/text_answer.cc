// What a run ends with: the verdict in four lines, and what belongs beside the number in short.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "report/card/card.h"
#include "report/run_summary.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/text_table.h"
#include "report/wording.h"

namespace varve {

namespace {
Tone answer_tone(const std::optional<Speed>& speed) {
  if (!speed) return Tone::bold;
  switch (*speed) {
    case Speed::faster:
    case Speed::same:
      return Tone::good;
    case Speed::slower:
      return Tone::bad;
    default:
      return Tone::caution;
  }
}

// A command fit for one line; the document has it whole.
std::string short_command(const std::vector<std::string>& command) {
  constexpr std::size_t kLongest = 80;
  const std::string text = join(command, " ");
  return text.size() <= kLongest ? text : clean_utf8(text, kLongest) + "…";
}

// What was set for a side; the PATH of a virtual environment follows from it.
std::vector<std::string> settings_of(const Variant& variant) {
  const bool of_venv = variant.environment.contains("VIRTUAL_ENV");
  std::vector<std::string> set;
  for (const auto& [name, value] : variant.environment) {
    if (!of_venv || name != "PATH") set.push_back(name + "=" + value);
  }
  return set;
}

// "./transformer --width 256; B with OPENBLAS_CORETYPE=Haswell" where the command is one; "python3 x.py; A: torch 2.1;
// B: torch 2.15" where a plan says what the sides are.
std::string what_text(const Run& run) {
  if (run.variants.empty()) return run.name;
  const Variant& first = run.variants.front();
  const bool one_command = std::all_of(run.variants.begin(), run.variants.end(),
                                       [&](const Variant& variant) { return variant.command == first.command; });
  std::string text = run.variants.size() > 1 && !one_command ? "A: " : "";
  text += short_command(first.command);
  const bool labelled = one_command && std::none_of(run.variants.begin(), run.variants.end(),
                                                    [](const Variant& variant) { return variant.label.empty(); });
  if (labelled && run.variants.size() > 1) {
    for (const Variant& variant : run.variants) text += fmt::format("; {}: {}", variant.name, variant.label);
    return text;
  }
  for (std::size_t i = 1; i < run.variants.size(); ++i) {
    const Variant& other = run.variants[i];
    const std::vector<std::string> set = settings_of(other);
    if (one_command) {
      text += fmt::format("; {} with {}", other.name, set.empty() ? "the same" : short_command(set));
    } else {
      text +=
          fmt::format("; {}: {}{}", other.name, set.empty() ? "" : join(set, " ") + " ", short_command(other.command));
    }
  }
  return text;
}

// Whether the line of a mark says it already.
bool is_marked(const Run& run, const Finding& finding) {
  constexpr std::pair<const char*, Mark> kMarked[] = {{"VRV-RUN-STEAL", Mark::steal},
                                                      {"VRV-RUN-LEFTOVERS", Mark::leftovers}};
  return std::any_of(std::begin(kMarked), std::end(kMarked), [&](const auto& row) {
    return finding.id == row.first && std::any_of(run.units.begin(), run.units.end(), [&](const Unit& unit) {
             return unit.role == UnitRole::timing &&
                    std::any_of(unit.marks.begin(), unit.marks.end(),
                                [&](const UnitMark& m) { return m.mark == row.second; });
           });
  });
}

// Errors are shown whole: they say what to mend. Of warnings what was seen, or what to do where that is said already.
std::string short_findings(const Run& run, const TextStyle& style) {
  std::vector<Finding> errors;
  std::vector<std::string> warnings;
  for (const Finding& finding : run.findings) {
    if (finding.severity == Severity::error) errors.push_back(finding);
    if (finding.severity != Severity::warning || is_marked(run, finding)) continue;
    const bool is_said = !run.complete && finding.evidence == run.incomplete_reason;
    warnings.push_back(finding.id + ": " + (is_said ? finding.fix : finding.evidence));
  }
  std::string out;
  for (const std::string& warning : warnings) out += paragraph("warning " + warning, 0, Tone::caution, style);
  return out + text_findings(errors, style);
}
}  // namespace

std::string text_answer(const Run& run, const RunAnswer& answer, const TextStyle& style) {
  std::string out;
  if (!run.complete) out += paragraph("Incomplete: " + run.incomplete_reason, 0, Tone::bad, style);
  out += paragraph(what_text(run), 0, Tone::plain, style);
  for (const RunAnswer::Number& number : answer.how_much) {
    out += paragraph(number.text, 0, answer_tone(number.speed), style);
  }
  out += paragraph(answer.control, 0, Tone::plain, style);
  out += paragraph(answer.more, 0, Tone::dim, style);
  for (const std::string& cause : marks_by_cause(run)) out += paragraph("marked: " + cause, 0, Tone::caution, style);
  if (!answer.without_marked.empty()) out += paragraph(answer.without_marked, 0, Tone::caution, style);
  out += short_findings(run, style);
  TextTable table({{""}, {""}}, 0);
  const std::vector<CardLine> few = short_card(run.card);
  if (few.empty()) return out;
  for (const CardLine& line : few) table.add({{line.name, Tone::dim}, {line.text, Tone::dim}});
  return out + "\n" + table.render(style);
}

}  // namespace varve
