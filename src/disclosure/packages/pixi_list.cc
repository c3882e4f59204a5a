// pixi list; the first column was called Package before 0.50:
//   Name           Version   Build                 Size       Kind   Source
//   cuda-cudart    12.6.77   h5888daf_0            22.3 KiB   conda  https://conda.anaconda.org/conda-forge/
//   torch          2.7.0                           781.9 MiB  pypi   torch-2.7.0-cp312-cp312-manylinux_2_28_x86_64.whl
// Where a package comes from is not kept.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class PixiListReader : public TextReader {
 public:
  static constexpr const char* kName = "pixi list";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text;
    const bool may_be_head = text.starts_with("Name ") || text.starts_with("Package ");
    if (may_be_head && has(text, " Version ") && has(text, " Build ") && has(text, " Kind")) {
      begin_ = line.number;
      return true;
    }
    if (begin_ == 0) return false;
    if (text.empty()) end();
    const std::vector<std::string_view> words = split_words(text.substr(0, 512));
    if (words.size() < 5 || !is_package_name(words[0]) || !is_package_version(words[1])) return false;
    const auto kind =
        std::find_if(words.begin() + 2, words.end(), [](auto word) { return word == "conda" || word == "pypi"; });
    if (kind == words.end()) return false;
    const bool is_conda = *kind == "conda";
    std::string version(words[1]);
    if (is_conda) version += " " + std::string(words[2]);
    add_package(package_list(declared, {kName, begin_}, is_conda ? "conda" : "pip"), words[0], version, line.number);
    return true;
  }

 private:
  std::int64_t begin_ = 0;
};
}  // namespace

std::unique_ptr<TextReader> pixi_list_reader() { return std::make_unique<PixiListReader>(); }

}  // namespace varve
