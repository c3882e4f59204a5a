#include "report/html/html_writer.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "base/text.h"
#include "report/printable.h"

namespace varve {

namespace {
constexpr std::size_t kWidestUnit = 4;  // columns: "%", "ms", "GiB,", "1/s)"

struct BoundWords {
  std::size_t begin, end;  // bytes of the text
};

// The first number with what it is of behind it, one blank between them.
std::optional<BoundWords> first_bound_words(std::string_view text) {
  for (std::size_t blank = text.find(' '); blank != std::string_view::npos; blank = text.find(' ', blank + 1)) {
    const std::size_t before = blank == 0 ? std::string_view::npos : text.rfind(' ', blank - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find(' ', blank + 1), text.size());
    const std::size_t unit = display_width(text.substr(blank + 1, end - blank - 1));
    if (unit > 0 && unit <= kWidestUnit && is_number_word(text.substr(begin, blank - begin))) {
      return BoundWords{begin, end};
    }
  }
  return std::nullopt;
}
}  // namespace

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

// A number and its sign or unit stay on one line ("95 %", "12 ms"). Not by a no-break space: what somebody copies from
// a page should be what was written.
void HtmlWriter::text(std::string_view text) {
  const bool is_plain = std::any_of(open_.begin(), open_.end(), [](const std::string& tag) {
    return tag == "title" || tag == "code" || tag == "svg";
  });
  while (!is_plain) {
    const std::optional<BoundWords> bound = first_bound_words(text);
    if (!bound) break;
    out_ += escape_html(text.substr(0, bound->begin));
    out_ += "<span class=\"bound\">" + escape_html(text.substr(bound->begin, bound->end - bound->begin)) + "</span>";
    text.remove_prefix(bound->end);
  }
  out_ += escape_html(text);
}

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
