// The card of a run as text and as Markdown.
#include "report/card/card.h"
#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text_table.h"

namespace varve {

std::string escape_markdown(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("\\`*_{}[]()#+!|~").find(c) != std::string_view::npos) out += '\\';
    if (c == '<' || c == '&') {
      out += c == '<' ? "&lt;" : "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string text_card(const std::vector<CardLine>& card) {
  TextTable table({{""}, {""}}, 0);
  for (const CardLine& line : card) table.add({{line.name}, {line.text}});
  return table.render({.colour = false, .width = 100});
}

std::string markdown_card(const std::vector<CardLine>& card) {
  std::string out = "| | |\n| --- | --- |\n";
  for (const CardLine& line : card)
    out += "| **" + escape_markdown(line.name) + "** | " + escape_markdown(line.text) + " |\n";
  return out;
}

}  // namespace varve
