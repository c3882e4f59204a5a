// uv tree, pipdeptree and poetry show: packages with what they ask for below them.
//   proj v0.1.0                                       uv tree
//   ├── torch v2.7.0
//   │   ├── nvidia-cublas-cu12 v12.6.4.1
//   torch==2.3.0                                      pipdeptree; the version that is there stands in the brackets
//   ├── filelock [required: Any, installed: 3.14.0]
//   torch                2.3.0     Tensors and Dynamic neural networks in Python with strong GPU acceleration
// uv names what a platform other than this one would get as well; a row that says so is passed over. Of poetry's rows
// those count whose package Varve knows: a word, a version and a sentence stand in many tables.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
// What stands behind the branches of a tree; empty where there are none.
std::string_view behind_branches(std::string_view text) {
  std::size_t last = std::string_view::npos, length = 0;
  for (const std::string_view mark : {"├── ", "└── ", "├─ ", "└─ "}) {
    const std::size_t at = text.substr(0, 128).rfind(mark);
    if (at == std::string_view::npos || (last != std::string_view::npos && at < last)) continue;
    last = at;
    length = mark.size();
  }
  return last == std::string_view::npos ? std::string_view() : text.substr(last + length);
}

class PackageTreeReader : public TextReader {
 public:
  static constexpr const char* kName = "tree of packages";
  const char* name() const override { return kName; }
  void end() override { tree_ = rows_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 512);
    if (text.size() < 8) {
      if (text.empty()) end();
      return false;
    }
    if (static_cast<unsigned char>(text[0]) == 0xe2 || text[0] == ' ') return take_branch(text, line, declared);
    return text[0] >= 'a' && text[0] <= 'z' && take_row(text, line, declared);
  }

 private:
  bool take_branch(std::string_view text, const TextLine& line, Declared& declared);
  bool take_row(std::string_view text, const TextLine& line, Declared& declared);

  std::int64_t tree_ = 0, rows_ = 0;  // where one begins; 0: nowhere
};

bool PackageTreeReader::take_branch(std::string_view text, const TextLine& line, Declared& declared) {
  const std::string_view rest = behind_branches(text);
  if (rest.empty()) return false;
  const std::string_view name = up_to(rest, " [=");
  std::string_view version;
  if (const auto installed = behind(rest, ", installed: ")) {
    version = up_to(*installed, "]");
  } else if (rest.size() > name.size() + 2 && rest.substr(name.size()).starts_with(" v")) {
    version = up_to(rest.substr(name.size() + 2), " ");
    if (has(rest, "(extra") || has(rest, "sys_platform") || has(rest, "platform_machine")) return true;
  } else if (rest.substr(name.size()).starts_with("==")) {
    version = up_to(rest.substr(name.size() + 2), " ");
  }
  if (!is_package_name(name) || !is_package_version(version) || !is_digit(version[0])) return false;
  if (tree_ == 0) tree_ = line.number;
  add_package(package_list(declared, {kName, tree_}, ""), name, version, line.number);
  return true;
}

bool PackageTreeReader::take_row(std::string_view text, const TextLine& line, Declared& declared) {
  if (!has(text, "  ")) return false;
  const std::string_view name = up_to(text, " ");
  const PackageRow* row = is_package_name(name) ? find_package_row(normal_package_name(name)) : nullptr;
  if (row == nullptr || !row->has_gpu_code()) return false;
  const std::string_view rest = trim(text.substr(name.size()));
  const std::string_view version = up_to(rest, " ");
  const std::string_view sentence = trim(rest.substr(version.size()));
  const bool is_sentence = sentence.size() > 12 && sentence[0] >= 'A' && sentence[0] <= 'Z' && has(sentence, " ");
  if (!is_package_version(version) || version.find('.') == std::string_view::npos || !is_sentence) return false;
  if (rows_ == 0) rows_ = line.number;
  add_package(package_list(declared, {"poetry show", rows_}, ""), name, version, line.number);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> package_tree_reader() { return std::make_unique<PackageTreeReader>(); }

}  // namespace varve
