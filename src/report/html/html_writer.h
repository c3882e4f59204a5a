#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// The text for the inside of an element or of a quoted attribute: printable(), with & < > " and ' escaped.
std::string escape_html(std::string_view text);

struct Attribute {
  std::string_view name;
  std::string value;  // escaped when written
};
using Attributes = std::initializer_list<Attribute>;

// Writes HTML whose tags always balance and whose texts are always escaped, so that it is also well-formed XML.
class HtmlWriter {
 public:
  void open(std::string_view tag, Attributes attributes = {});
  void close();  // the element opened last
  void text(std::string_view text);
  void breakable(std::string_view text);  // text that may break after _ = / and :
  void leaf(std::string_view tag, Attributes attributes, std::string_view text);  // open, text, close
  void empty(std::string_view tag, Attributes attributes = {});                   // <br />
  void raw(std::string_view html);                                                // what another HtmlWriter gave
  std::string take();                                                             // closes what is open

 private:
  void start(std::string_view tag, Attributes attributes);

  std::string out_;
  std::vector<std::string> open_;
};

// An element that stays open as long as this object lives.
class Element {
 public:
  Element(HtmlWriter& writer, std::string_view tag, Attributes attributes = {}) : writer_(writer) {
    writer_.open(tag, attributes);
  }
  ~Element() { writer_.close(); }
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

 private:
  HtmlWriter& writer_;
};

}  // namespace varve
