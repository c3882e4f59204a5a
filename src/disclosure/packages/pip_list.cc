// pip list and uv pip list, with or without their head, and pip show:
//   Package                  Version      Editable project location
//   ------------------------ ------------ -------------------------
//   torch                    2.4.0+cu121
//
//   Name: flashinfer-python
//   Version: 0.2.3+cu121torch2.5
// Without a head a row counts only where its package is one that Varve knows: "name  1.2" stands in many tables.
// Where a package lies is not kept.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
bool is_rule(std::string_view text) {
  return text.size() > 6 && text.find_first_not_of("- ") == std::string_view::npos && text.starts_with("---");
}

class PipListReader : public TextReader {
 public:
  static constexpr const char* kName = "pip list";
  const char* name() const override { return kName; }
  void end() override { has_head_ = false, begin_ = 0, shown_.clear(); }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  bool take_shown(const TextLine& line, Declared& declared);

  bool has_head_ = false;
  std::int64_t begin_ = 0, last_ = 0;
  std::string shown_;  // by pip show, its version follows
};

bool PipListReader::take_shown(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (text.starts_with("Name: ") && is_package_name(text.substr(6))) {
    shown_ = text.substr(6);
    last_ = line.number;
    return true;
  }
  if (shown_.empty() || !text.starts_with("Version: ") || line.number != last_ + 1) return false;
  add_package(package_list(declared, {"pip show", line.number}, ""), shown_, trim(text.substr(9)), line.number);
  shown_.clear();
  return true;
}

bool PipListReader::take(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (text.size() < 5 || text.size() > 512) {
    if (text.empty()) end();
    return false;
  }
  const bool is_head = text.size() > 8 && text.starts_with("Package") && (text[7] == ' ' || text[7] == '\t');
  if (is_head && (has(text, " Version") || has(text, "\tVersion"))) {
    has_head_ = true;
    begin_ = line.number;
    return true;
  }
  if (text[0] == 'N' || text[0] == 'V') {
    if (take_shown(line, declared)) return true;
  }
  if (has_head_ && is_rule(text)) return true;
  const char first = text[0];
  if (first == ' ' || first == '\t' || first == '|' || first == '-' || first == '#') return false;
  const std::size_t blank = text.find_first_of(" \t");
  if (blank == std::string_view::npos || (!has_head_ && text.substr(blank, 2) != "  ")) return false;
  const std::vector<std::string_view> words = split_words(text);
  if (words.size() < 2 || words.size() > 4 || !is_package_name(words[0]) || !is_package_version(words[1])) return false;
  if (!has_head_ && (words.size() != 2 || find_package_row(normal_package_name(words[0])) == nullptr)) return false;
  if (begin_ == 0) begin_ = line.number;
  add_package(package_list(declared, {kName, begin_}, ""), words[0], words[1], line.number);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> pip_list_reader() { return std::make_unique<PipListReader>(); }

}  // namespace varve
