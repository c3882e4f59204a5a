// What pip says that it did:
//   Requirement already satisfied: torch>=1.10 in /…/site-packages (from timm) (2.1.0+cu118)
//   Successfully uninstalled torch-2.1.0
//   Successfully installed nvidia-cublas-cu12-12.4.5.8 torch-2.6.0 triton-3.2.0
// What is said later of a package counts. Where it lies is not kept.
#include <map>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
// "flash-attn-2.7.4.post1" → {"flash-attn", "2.7.4.post1"}: the version begins behind the last dash before a digit.
std::pair<std::string_view, std::string_view> name_and_version(std::string_view word) {
  for (std::size_t dash = word.rfind('-'); dash != std::string_view::npos && dash > 0;
       dash = word.rfind('-', dash - 1)) {
    if (dash + 1 < word.size() && is_digit(word[dash + 1])) return {word.substr(0, dash), word.substr(dash + 1)};
  }
  return {};
}

class PipOutputReader : public TextReader {
 public:
  static constexpr const char* kName = "what pip did";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text);
    if (text.size() < 24 || (text[0] != 'S' && text[0] != 'R')) return false;
    if (const auto done = behind(text, "Successfully installed "); done && text[0] == 'S') {
      for (const std::string_view word : split_words(*done)) {
        const auto [name, version] = name_and_version(word);
        set(name, version, line.number, declared);
      }
      return true;
    }
    if (text.starts_with("Successfully uninstalled ")) {
      set(name_and_version(text.substr(25)).first, "", line.number, declared);
      return true;
    }
    if (!text.starts_with("Requirement already satisfied: ") || !text.ends_with(')')) return false;
    const std::string_view version = text.substr(text.rfind('(') + 1);
    set(up_to(text.substr(31), " [<>=!~;("), version.substr(0, version.size() - 1), line.number, declared);
    return true;
  }

 private:
  // Without a version: it is there no more.
  void set(std::string_view name, std::string_view version, std::int64_t line, Declared& declared) {
    if (!is_package_name(name) || (!version.empty() && !is_package_version(version))) return;
    if (begin_ == 0) begin_ = line;
    DeclaredPackages* list = package_list(declared, {kName, begin_}, "");
    if (list == nullptr) return;
    const auto known = places_.find(normal_package_name(name));
    if (known != places_.end()) {
      DeclaredPackage& package = list->packages[known->second];
      package.version = version;
      package.line = line;
      return;
    }
    const std::size_t before = list->packages.size();
    if (!version.empty()) add_package(list, name, version, line);
    if (list->packages.size() > before) places_.emplace(normal_package_name(name), before);
  }

  std::int64_t begin_ = 0;                     // of all that it did in this text
  std::map<std::string, std::size_t> places_;  // in the list, by normalised name
};
}  // namespace

std::unique_ptr<TextReader> pip_output_reader() { return std::make_unique<PipOutputReader>(); }

}  // namespace varve
