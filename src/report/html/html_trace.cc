// What ran, by traces: the page of varve kernels.
#include <fmt/format.h>

#include <algorithm>

#include "model/json/documents.h"
#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/kernels_page.h"

namespace varve {

namespace {
constexpr std::size_t kMostRows = 40;  // of a table; the document has them all

// A bar that begins where the one above it ended.
void write_part(HtmlWriter& out, const PartBar& bar, double begin, const std::string& unit) {
  Element row(out, "div", {{"class", bar.quiet ? "bar-row family quiet" : "bar-row family"}});
  {
    Element label(out, "div", {{"class", "bar-label"}});
    out.text(bar.label);
    if (!bar.detail.empty()) out.leaf("small", {}, bar.detail);
  }
  {
    const double from = std::clamp(begin, 0.0, 1.0), width = std::clamp(bar.share, 0.0, 1.0 - from);
    Element track(out, "div", {{"class", "track"}});
    out.leaf("div", {{"style", fmt::format("margin-left:{:.2f}%;width:{:.2f}%", from * 100, width * 100)}}, "");
  }
  out.leaf("div", {{"class", "bar-value"}}, bar.amount + " " + unit);
  out.leaf("div", {{"class", "bar-share"}}, fmt::format("{:.1f} %", bar.share * 100));
}

void write_bars(HtmlWriter& out, const PageBlock& block) {
  Element bars(out, "div", {{"class", "bars"}});
  double begin = 0;
  for (const PartBar& bar : block.bars) {
    write_part(out, bar, begin, block.unit);
    begin += bar.share;
  }
  Element row(out, "div", {{"class", "bar-row family total"}});
  out.leaf("div", {{"class", "bar-label"}}, "in all");
  {
    Element track(out, "div", {{"class", "track"}});
    out.leaf("div", {{"style", "width:100%"}}, "");
  }
  out.leaf("div", {{"class", "bar-value"}}, block.whole + " " + block.unit);
  out.leaf("div", {{"class", "bar-share"}}, "100 %");
}

// On a narrow screen a row becomes a block: each number then has the title of its column, and columns that are the
// first to give way are left out.
void write_table_row(HtmlWriter& out, const PageBlock& block, const PageRow& line) {
  constexpr int kSpare = 4;
  Element row(out, "tr", {{"class", line.tone == Tone::bold ? "total" : "other"}});
  for (std::size_t i = 0; i < block.columns.size(); ++i) {
    const PageColumn& column = block.columns[i];
    const std::string& text = line.cells[i];
    const std::string spare = column.gives_way >= kSpare ? " spare" : "";
    if (column.right) {
      out.leaf("td", {{"class", "number" + spare}, {"data-name", column.title}}, text);
    } else if (column.is_name && line.tone == Tone::plain) {
      Element cell(out, "td", {{"class", "name"}, {"title", line.full_name}});
      out.leaf("code", {}, text);
    } else if (column.is_name) {
      out.leaf("td", {{"class", "name"}}, text);
    } else {
      // What nobody could tell is said so: an empty cell would look like "none".
      const bool is_missing = text.empty() && line.tone == Tone::plain;
      out.leaf("td", {{"class", (is_missing ? "short missing" : "short") + spare}, {"data-name", column.title}},
               is_missing ? "unknown" : text);
    }
  }
}

void write_rows(HtmlWriter& out, const PageBlock& block) {
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "numbers kernels-table trace-table"}});
  {
    Element head(out, "thead");
    Element row(out, "tr");
    for (const PageColumn& column : block.columns) {
      out.leaf("th", {{"scope", "col"}, {"class", column.right ? "number" : ""}}, column.title);
    }
  }
  Element body(out, "tbody");
  for (const PageRow& row : block.rows) write_table_row(out, block, row);
}
}  // namespace

std::string html_page(const KernelsRecord& record) {
  const KernelsPage page = kernels_page(record, {.most = kMostRows});
  HtmlWriter out;
  {
    Element section(out, "section", {{"class", "verdict"}});
    for (const std::string& sentence : page.answer) out.leaf("p", {{"class", "verdict-sentence"}}, sentence);
    for (const std::string& trace : page.traces) out.leaf("p", {{"class", "note"}}, trace);
  }
  if (!page.remarks.empty()) {
    Section section(out, "known", "To be known");
    for (const std::string& remark : page.remarks) out.leaf("p", {{"class", "prose"}}, remark);
  }
  for (const PageBlock& block : page.blocks) {
    Section section(out, "kernels", block.title);
    if (block.bars.empty()) {
      write_rows(out, block);
    } else {
      write_bars(out, block);
    }
    for (const std::string& note : block.notes) out.leaf("p", {{"class", "note"}}, note);
  }
  if (!page.facts.empty()) {
    Section section(out, "stack", "The stack under it, as the trace tells");
    write_remarks(out, page.facts);
  }
  const std::string digest = digest_of_document(record);
  return make_page({.kind = "kernels",
                    .title = page.title.empty() ? "Kernels" : page.title,
                    .subtitle = "What ran, by the profiler's own record",
                    .digest = digest,
                    .footer = {{"document", "sha256:" + digest}, {"read by", "Varve " + record.tool_version}}},
                   out.take());
}

}  // namespace varve
