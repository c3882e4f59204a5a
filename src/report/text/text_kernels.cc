#include "report/text/text_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text_table.h"

namespace varve {

namespace {
constexpr std::size_t kBarWidth = 30;
constexpr std::size_t kIndent = 2, kGap = 2;
constexpr int kOtherColumns = 56;  // of a terminal, beside the names of kernels

// Bars that stand where the one above ended, so that they fill the width between them.
std::vector<std::string> staircase(const std::vector<PartBar>& bars) {
  std::vector<std::string> drawn;
  double reached = 0;
  for (const PartBar& bar : bars) {
    const auto place = [](double share) {
      return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * kBarWidth));
    };
    const std::size_t from = place(reached), to = std::max(place(reached + bar.share), from);
    reached += bar.share;
    std::string text(from, ' ');
    for (std::size_t i = from; i < to; ++i) text += bar.quiet ? "░" : "█";
    if (from == to) text += "▏";
    drawn.push_back(text);
  }
  return drawn;
}

std::string text_bars(const PageBlock& block, const TextStyle& style) {
  const bool detailed =
      std::any_of(block.bars.begin(), block.bars.end(), [](const PartBar& bar) { return !bar.detail.empty(); });
  std::vector<Column> columns = {{"", true}, {"", true}, {""}, {""}};
  if (detailed) columns.push_back({"", true});
  TextTable table(columns, kIndent);
  const std::vector<std::string> drawn = staircase(block.bars);
  for (std::size_t i = 0; i < block.bars.size(); ++i) {
    const PartBar& bar = block.bars[i];
    std::vector<Cell> cells = {{fmt::format("{:.1f} %", 100 * bar.share)},
                               {bar.amount + " " + block.unit},
                               {bar.label, bar.quiet ? Tone::dim : Tone::plain},
                               {drawn[i], bar.quiet ? Tone::dim : Tone::side_a}};
    if (detailed) cells.insert(cells.begin() + 2, {bar.detail});
    table.add(std::move(cells));
  }
  return table.render(style);
}

std::size_t cell_width(const PageBlock& block, std::size_t column) {
  std::size_t width = display_width(block.columns[column].title);
  for (const PageRow& row : block.rows) width = std::max(width, display_width(printable(row.cells[column])));
  return width;
}

// The columns that find room, names cut to what they need at least.
std::vector<std::size_t> columns_with_room(const PageBlock& block, std::size_t names, const TextStyle& style) {
  std::vector<std::size_t> shown(block.columns.size());
  for (std::size_t i = 0; i < shown.size(); ++i) shown[i] = i;
  const auto needed = [&] {
    std::size_t width = kIndent;
    for (const std::size_t column : shown) {
      const std::size_t most = block.columns[column].right ? SIZE_MAX : names;
      width += std::min(cell_width(block, column), most) + kGap;
    }
    return width - kGap;
  };
  while (needed() > static_cast<std::size_t>(style.width)) {
    const auto first = std::max_element(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
      return block.columns[a].gives_way < block.columns[b].gives_way;
    });
    if (first == shown.end() || block.columns[*first].gives_way == 0) break;
    shown.erase(first);
  }
  return shown;
}

std::string text_rows(const PageBlock& block, std::size_t names, const TextStyle& style) {
  const std::vector<std::size_t> shown = columns_with_room(block, names, style);
  std::vector<Column> columns;
  for (const std::size_t column : shown) columns.push_back({block.columns[column].title, block.columns[column].right});
  TextTable table(columns, kIndent);
  for (const PageRow& row : block.rows) {
    std::vector<Cell> cells;
    for (const std::size_t column : shown) cells.push_back({row.cells[column], row.tone});
    table.add(std::move(cells));
  }
  return table.render(style);
}
}  // namespace

std::string text_kernels(const KernelsRecord& kernels, const KernelView& view, const TextStyle& style) {
  KernelView fitted = view;
  fitted.name_columns = static_cast<std::size_t>(std::clamp(style.width - kOtherColumns, 28, 80));
  const KernelsPage page = kernels_page(kernels, fitted);
  std::string out;
  for (const std::string& trace : page.traces) out += paragraph(trace, 0, Tone::bold, style);
  for (const std::string& sentence : page.answer) out += paragraph(sentence, 0, Tone::plain, style);
  for (const PageBlock& block : page.blocks) {
    out += text_heading(
        block.whole.empty() ? block.title : fmt::format("{}: {} {}", block.title, block.whole, block.unit), style);
    out += block.bars.empty() ? text_rows(block, fitted.name_columns, style) : text_bars(block, style);
    for (const std::string& note : block.notes) out += paragraph(note, kIndent, Tone::dim, style);
  }
  if (!page.remarks.empty()) {
    out += text_heading("To be known", style);
    for (const std::string& remark : page.remarks) out += paragraph("– " + remark, kIndent, Tone::plain, style);
  }
  if (!page.facts.empty()) {
    out += text_heading("The stack under it, as the trace tells", style);
    std::vector<std::string> facts;
    for (const Remark& fact : page.facts) facts.push_back(fact.name + ": " + fact.text);
    out += paragraph(join(facts, "; "), kIndent, Tone::plain, style);
  }
  return out;
}

}  // namespace varve
