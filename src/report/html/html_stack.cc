#include <fmt/format.h>

#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/stack_tables.h"
#include "report/wording.h"

namespace varve {

namespace {
void write_fact(HtmlWriter& out, const std::string& id, const Fact& fact) {
  Element row(out, "tr");
  {
    Element name(out, "th", {{"scope", "row"}, {"title", id}});
    out.text(fact_title(id));
  }
  Element value(out, "td", {{"class", fact.is_known() ? "known" : "missing"}});
  out.leaf("span", {{"class", "value"}}, shown_fact(id, fact));
  if (fact.is_known() && fact.standing != Standing::recorded) {
    out.text(" ");
    out.leaf("span", {{"class", "chip"}}, to_string(fact.standing));
  }
  std::string small = fact.source;
  if (fact.is_known() && !fact.detail.empty()) small += (small.empty() ? "" : " – ") + fact.detail;
  if (!small.empty()) out.leaf("small", {}, small);
}
}  // namespace

void write_facts(HtmlWriter& out, const Stack& stack) {
  const std::vector<std::string> ids = facts_in_order(stack);
  if (ids.empty()) out.leaf("p", {{"class", "note"}}, "No facts were captured.");
  for (std::size_t i = 0; i < ids.size();) {
    const std::string group = fact_group(ids[i]);
    out.leaf("h3", {{"class", "layer"}}, group);
    Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
    Element table(out, "table", {{"class", "facts"}});
    Element body(out, "tbody");
    for (; i < ids.size() && fact_group(ids[i]) == group; ++i) write_fact(out, ids[i], stack.facts.at(ids[i]));
  }
}

void write_libraries(HtmlWriter& out, const std::string& title, const std::vector<Library>& libraries) {
  if (libraries.empty()) return;
  out.leaf("h3", {{"class", "layer"}}, title);
  ScrollTable table(out, "facts", {"file", "build id"});
  Element body(out, "tbody");
  for (const Library& library : libraries) {
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}},
             library.path + (library.replaced  ? " (replaced since)"
                             : library.deleted ? " (deleted since)"
                                               : ""));
    if (library.build_id.empty()) {
      out.leaf("td", {{"class", "missing"}}, "none: " + library.build_id_missing);
    } else {
      Element cell(out, "td");
      out.leaf("code", {}, library.build_id);
    }
  }
}

void write_stack_tables(HtmlWriter& out, const Stack& stack) {
  for (const StackTable& part : stack_tables(stack)) {
    out.leaf("h3", {{"class", "layer"}}, part.title);
    {
      std::vector<std::string> titles;
      for (const Column& column : part.columns) titles.push_back(column.title);
      ScrollTable table(out, "facts", titles);
      Element body(out, "tbody");
      for (const std::vector<Cell>& cells : part.rows) {
        Element row(out, "tr");
        for (const Cell& cell : cells)
          out.leaf("td", {{"class", cell.tone == Tone::dim ? "missing" : "known"}}, cell.text);
      }
    }
    for (const Cell& note : part.notes) out.leaf("p", {{"class", "note"}}, note.text);
  }
}

void write_folded_stack(HtmlWriter& out, const Run& run) {
  Section section(out, "stack", "The stack under it");
  const FactCounts counts = count_facts(run.stack);
  Element details(out, "details");
  out.leaf("summary", {}, fmt::format("{} facts, {} of them known", counts.all, counts.known));
  write_facts(out, run.stack);
  write_stack_tables(out, run.stack);
  for (const Variant& variant : run.variants) {
    const std::vector<const Unit*> units = timing_units(run, variant.name);
    if (!units.empty()) {
      write_libraries(out, "Libraries mapped by " + variant.name + " (its first unit)", units.front()->libraries);
    }
  }
}

std::string html_page(const Stack& stack) {
  HtmlWriter out;
  const FactCounts counts = count_facts(stack);
  {
    Element section(out, "section", {{"class", "verdict"}});
    out.leaf("p", {{"class", "verdict-sentence"}}, fmt::format("{} of {} facts are known.", counts.known, counts.all));
    out.leaf(
        "p", {{"class", "prose"}},
        "What is missing is shown with its reason: a fact that is absent was looked for and is not there; one that "
        "was denied, timed out or could not be read is not known, and never counts as equal.");
  }
  {
    Section section(out, "stack", "Facts by layer");
    write_facts(out, stack);
    write_stack_tables(out, stack);
    write_libraries(out, "Libraries mapped", stack.libraries);
  }
  const std::string digest = stack_digest(stack);
  return make_page({.kind = "stack",
                    .title = "Stack of " + stack.subject,
                    .subtitle = when_text(stack.captured_at),
                    .digest = digest,
                    .footer = {{"stack", "sha256:" + digest},
                               {"document", "sha256:" + digest_of_document(stack)},
                               {"captured by", "Varve " + stack.tool_version}}},
                   out.take());
}

}  // namespace varve
