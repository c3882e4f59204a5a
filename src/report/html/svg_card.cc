// The card of a run as a picture that stands alone.
#include <fmt/format.h>

#include <algorithm>

#include "report/card/card.h"
#include "report/html/html_writer.h"
#include "report/text_table.h"

namespace varve {

namespace {
constexpr int kCardWidth = 760, kCardEdge = 24, kNameWidth = 140, kLineHeight = 19, kGap = 7, kCardTop = 56;
constexpr std::size_t kCardColumns = 78;  // characters of 7.2 units in what the names leave

// Its own colours, since no page stands around it; a reader's dark mode is followed.
constexpr const char* kCardStyle =
    "text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1d2a33}"
    ".name{fill:#5b6b76}.head{font-weight:bold;font-size:14px}.paper{fill:#fbfaf7;stroke:#d8d3c8}"
    "@media (prefers-color-scheme:dark){text{fill:#e4e8ea}.name{fill:#93a1aa}.paper{fill:#1b2126;stroke:#39434b}}";
}  // namespace

std::string svg_card(const std::vector<CardLine>& card) {
  struct Row {
    const CardLine* line;
    std::vector<std::string> wrapped;
  };
  std::vector<Row> rows;
  int height = kCardTop + kCardEdge;
  for (const CardLine& line : card) {
    rows.push_back({&line, wrap_text(line.text, kCardColumns)});
    height += static_cast<int>(rows.back().wrapped.size()) * kLineHeight + kGap;
  }
  HtmlWriter out;
  out.open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                   {"width", std::to_string(kCardWidth)},
                   {"height", std::to_string(height)},
                   {"viewBox", fmt::format("0 0 {} {}", kCardWidth, height)},
                   {"role", "img"}});
  out.leaf("title", {}, "What belongs beside the number");
  out.leaf("style", {}, "");
  std::string head = out.take();
  // HtmlWriter escapes texts, and a style sheet is none.
  const std::string empty_style = "<style></style>";
  head.replace(head.find(empty_style), empty_style.size(), "<style>" + std::string(kCardStyle) + "</style>");
  head.erase(head.rfind("</svg>"));

  HtmlWriter body;
  body.empty("rect", {{"class", "paper"},
                      {"x", "0.5"},
                      {"y", "0.5"},
                      {"rx", "6"},
                      {"width", std::to_string(kCardWidth - 1)},
                      {"height", std::to_string(height - 1)}});
  body.leaf("text", {{"class", "head"}, {"x", std::to_string(kCardEdge)}, {"y", "34"}},
            "What belongs beside the number");
  int y = kCardTop + kLineHeight;
  for (const Row& row : rows) {
    body.leaf("text", {{"class", "name"}, {"x", std::to_string(kCardEdge)}, {"y", std::to_string(y)}}, row.line->name);
    for (const std::string& text : row.wrapped) {
      body.leaf("text", {{"x", std::to_string(kCardEdge + kNameWidth)}, {"y", std::to_string(y)}}, text);
      y += kLineHeight;
    }
    y += kGap;
  }
  return head + body.take() + "</svg>\n";
}

}  // namespace varve
