#include <fmt/format.h>

#include <map>

#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
Tone severity_tone(Severity severity) {
  return severity == Severity::error ? Tone::bad : severity == Severity::warning ? Tone::caution : Tone::dim;
}

constexpr std::size_t kMostOfOneReason = 3;

bool does_not_apply(const Fact& fact) { return !fact.is_known() && fact.missing == Missing::not_applicable; }

// Reasons why facts do not apply that so many share (no GPU) that one line for all of them says it, and how many.
std::map<std::string, std::size_t> shared_reasons(const Stack& stack) {
  std::map<std::string, std::size_t> reasons;
  for (const std::string& id : facts_in_order(stack)) {
    if (does_not_apply(stack.facts.at(id))) ++reasons[stack.facts.at(id).detail];
  }
  std::erase_if(reasons, [](const auto& row) { return row.second <= kMostOfOneReason || row.first.empty(); });
  return reasons;
}

std::string library_text(const Library& library) {
  return library.build_id.empty() ? "no build id: " + library.build_id_missing : library.build_id;
}
}  // namespace

std::string text_heading(const std::string& title, const TextStyle& style) {
  return "\n" + paint(printable(title), Tone::bold, style) + "\n";
}

std::string text_findings(const std::vector<Finding>& findings, const TextStyle& style) {
  if (findings.empty()) return "";
  std::string out = text_heading("Findings", style);
  for (const Finding& finding : findings) {
    out += "  " + paint(to_string(finding.severity), severity_tone(finding.severity), style) + "  " +
           paint(printable(finding.id), Tone::bold, style) + "  " +
           paint(fmt::format("({}; to mend: {})", layer_title(finding.layer), to_string(finding.mender)), Tone::dim,
                 style) +
           "\n";
    out += paragraph(finding.evidence, 4, Tone::plain, style);
    if (!finding.consequence.empty()) out += paragraph(finding.consequence, 4, Tone::plain, style);
    if (!finding.fix.empty()) out += paragraph("Fix: " + finding.fix, 4, Tone::plain, style);
    if (!finding.source.empty()) out += paragraph("Source: " + finding.source, 4, Tone::dim, style);
  }
  return out;
}

// The pair that decides which kernels can load: the driver, and what the process has loaded of CUDA.
std::string text_pair(const Stack& stack, const TextStyle& style) {
  TextTable table({{"", false}, {"", false}});
  for (const char* id :
       {"driver.kernel_mode.version", "driver.user_mode.version", "driver.api_level", "process.runtimes"}) {
    const auto at = stack.facts.find(id);
    if (at == stack.facts.end()) continue;
    const Tone tone = at->second.is_known() ? Tone::plain : Tone::dim;
    table.add({{fact_title(id), tone}, {shown_fact(id, at->second), tone}});
  }
  return text_heading("driver and runtimes of the process", style) + table.render(style);
}

std::string text_facts(const Stack& stack, const TextStyle& style) {
  std::string out;
  std::string group;
  const std::map<std::string, std::size_t> shared = shared_reasons(stack);
  TextTable table({{"", false}, {"", false}});
  const auto finish = [&] {
    if (!group.empty()) out += text_heading(group, style) + table.render(style);
    table = TextTable({{"", false}, {"", false}});
  };
  for (const std::string& id : facts_in_order(stack)) {
    const Fact& fact = stack.facts.at(id);
    if (does_not_apply(fact) && shared.contains(fact.detail)) continue;
    if (group != fact_group(id)) {
      finish();
      group = fact_group(id);
    }
    std::string text = shown_fact(id, fact);
    if (fact.is_known() && fact.standing != Standing::recorded) text += fmt::format(" [{}]", to_string(fact.standing));
    const Tone tone = fact.is_known() ? Tone::plain : Tone::dim;
    table.add({{fact_title(id), tone}, {text, tone}});
  }
  finish();
  if (!shared.empty()) out += text_heading("not applicable", style);
  for (const auto& [reason, count] : shared) {
    out += paragraph(fmt::format("{} facts: {}", count, printable(reason)), 2, Tone::dim, style);
  }
  return out;
}

std::string text_part(const StackTable& part, const TextStyle& style) {
  TextTable table(part.columns);
  for (const std::vector<Cell>& row : part.rows) table.add(row);
  std::string out = text_heading(part.title, style);
  if (!part.rows.empty()) out += table.render(style);
  for (const Cell& note : part.notes) out += paragraph(printable(note.text), 2, note.tone, style);
  return out;
}

std::string text_coverage(const Stack& stack, const std::vector<ComputeCapability>& gpus, const TextStyle& style) {
  return text_part(coverage_table(stack, gpus), style);
}

std::string text_processes(const Stack& stack, const TextStyle& style) {
  return text_part(process_table(stack), style);
}

std::string text_changes(const std::vector<FactChange>& changes, const TextStyle& style) {
  if (changes.empty()) return "";
  TextTable table({{"what"}, {"before"}, {"after"}});
  for (const FactChange& change : changes) {
    table.add({{fact_title(change.id)}, {shown_fact(change.id, change.before)}, {shown_fact(change.id, change.after)}});
  }
  return text_heading("The stack changed while it was measured", style) + table.render(style);
}

std::string text_stack(const Stack& stack, const TextStyle& style) {
  std::string out = paint("Stack of " + printable(stack.subject), Tone::bold, style) + "\n";
  const FactCounts counts = count_facts(stack);
  out += paragraph(fmt::format("captured {} by Varve {}; {} of {} facts known{}; digest sha256:{}", stack.captured_at,
                               stack.tool_version, counts.known, counts.all,
                               counts.beside > 0 ? fmt::format(", {} more do not apply to it", counts.beside) : "",
                               stack_digest(stack)),
                   0, Tone::dim, style);
  if (stack.subject.starts_with("process ")) out += text_pair(stack, style);
  out += text_facts(stack, style);
  for (const StackTable& table : stack_tables(stack)) out += text_part(table, style);
  if (!stack.libraries.empty()) {
    TextTable table({{"file"}, {"build id"}});
    for (const Library& library : stack.libraries) {
      const Tone tone = library.build_id.empty() ? Tone::dim : Tone::plain;
      table.add({{library.path + (library.replaced  ? " (replaced since)"
                                  : library.deleted ? " (deleted since)"
                                                    : "")},
                 {library_text(library), tone}});
    }
    out += text_heading("libraries mapped", style) + table.render(style);
  }
  return out;
}

}  // namespace varve
