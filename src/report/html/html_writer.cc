#include "report/html/html_writer.h"

#include <cassert>

#include "report/printable.h"

namespace varve {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void HtmlWriter::start(std::string_view tag, Attributes attributes) {
  out_ += '<';
  out_ += tag;
  for (const Attribute& attribute : attributes) {
    out_ += ' ';
    out_ += attribute.name;
    out_ += "=\"";
    out_ += escape_html(attribute.value);
    out_ += '"';
  }
}

void HtmlWriter::open(std::string_view tag, Attributes attributes) {
  start(tag, attributes);
  out_ += '>';
  open_.emplace_back(tag);
}

void HtmlWriter::close() {
  assert(!open_.empty());
  out_ += "</" + open_.back() + ">";
  static constexpr std::string_view kInline[] = {"span", "code", "b", "em", "a", "small"};
  bool is_inline = false;
  for (const std::string_view tag : kInline) is_inline = is_inline || tag == open_.back();
  if (!is_inline) out_ += '\n';
  open_.pop_back();
}

void HtmlWriter::text(std::string_view text) { out_ += escape_html(text); }

void HtmlWriter::breakable(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t at = text.find_first_of("_=/:", begin);
    if (at == std::string_view::npos) break;
    this->text(text.substr(begin, at + 1 - begin));
    empty("wbr");
    begin = at + 1;
  }
  this->text(text.substr(begin));
}

void HtmlWriter::leaf(std::string_view tag, Attributes attributes, std::string_view content) {
  open(tag, attributes);
  text(content);
  close();
}

void HtmlWriter::empty(std::string_view tag, Attributes attributes) {
  start(tag, attributes);
  out_ += " />";
}

void HtmlWriter::raw(std::string_view html) { out_ += html; }

std::string HtmlWriter::take() {
  while (!open_.empty()) close();
  return std::move(out_);
}

}  // namespace varve
