// What varve kernels found, as CommonMark with the tables of GitHub.
#include <fmt/format.h>

#include "report/printable.h"
#include "report/text/text_kernels.h"
#include "report/text/text_parts.h"

namespace varve {

namespace {
std::string markdown_row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + escape_markdown(cell) + " |";
  return row + "\n";
}

std::string markdown_bars(const PageBlock& block) {
  std::string out = fmt::format("| share | {} | | |\n| ---: | ---: | --- | ---: |\n", block.unit);
  for (const PartBar& bar : block.bars) {
    out += markdown_row({fmt::format("{:.1f} %", 100 * bar.share), bar.amount, bar.label, bar.detail});
  }
  return out;
}

std::string markdown_rows(const PageBlock& block) {
  std::vector<std::string> titles;
  std::string rule = "|";
  for (const PageColumn& column : block.columns) {
    titles.push_back(column.title);
    rule += column.right ? " ---: |" : " --- |";
  }
  std::string out = markdown_row(titles) + rule + "\n";
  for (const PageRow& row : block.rows) out += markdown_row(row.cells);
  return out;
}
}  // namespace

std::string markdown_kernels(const KernelsRecord& kernels, const KernelView& view) {
  const KernelsPage page = kernels_page(kernels, view);
  std::string out = "# " + escape_markdown(page.title) + "\n\n";
  for (const std::string& trace : page.traces) out += "- " + escape_markdown(trace) + "\n";
  for (const std::string& sentence : page.answer) out += "\n" + escape_markdown(sentence) + "\n";
  for (const PageBlock& block : page.blocks) {
    out += "\n## " + escape_markdown(block.title);
    if (!block.whole.empty()) out += ": " + block.whole + " " + block.unit;
    out += "\n\n" + (block.bars.empty() ? markdown_rows(block) : markdown_bars(block));
    for (const std::string& note : block.notes) out += "\n" + escape_markdown(note) + "\n";
  }
  if (!page.remarks.empty()) out += "\n## To be known\n\n";
  for (const std::string& remark : page.remarks) out += "- " + escape_markdown(remark) + "\n";
  if (!page.facts.empty()) out += "\n## The stack under it, as the trace tells\n\n";
  for (const Remark& fact : page.facts) out += "- " + escape_markdown(fact.name + ": " + fact.text) + "\n";
  return out;
}

}  // namespace varve
