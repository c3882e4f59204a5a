// pip freeze, and what uv says that it installed:
//   torch==2.4.0+cu121
//   flash-attn @ file:///…                (where it lies is not kept, and its version is not told)
//    + torch==2.7.0+cu128                 (uv pip install, uv add)
// A requirements file looks the same: one or two such lines alone are not taken for a list, but as asked for
// (asked_packages.cc).
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kLeast = 3;

class PipFreezeReader : public TextReader {
 public:
  static constexpr const char* kName = "pip freeze";
  const char* name() const override { return kName; }
  void end() override {
    begin_ = 0;
    is_asked_ = false;
    waiting_.clear();
  }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  std::int64_t begin_ = 0;
  bool is_asked_ = false;                 // the command stands above
  std::vector<DeclaredPackage> waiting_;  // until there are enough of them
};

bool PipFreezeReader::take(const TextLine& line, Declared& declared) {
  std::string_view text = line.text;
  if (text.size() > 512) return false;
  if (!holds(line, "==")) {
    const std::size_t at = text.find(" @ ");
    if (begin_ != 0 && at != std::string_view::npos) return is_package_name(text.substr(0, at));
    if (holds(line, "pip freeze")) is_asked_ = true;
    if (text.empty()) end();
    return false;
  }
  const bool is_added = text.starts_with(" + ") || text.starts_with("+ ");
  if (is_added) text.remove_prefix(text.find('+') + 2);
  const std::size_t place = text.find("==");
  const std::string_view name = text.substr(0, place), version = text.substr(place + 2);
  if (!is_package_name(name) || !is_package_version(version)) return false;
  if (begin_ == 0) begin_ = line.number;
  waiting_.push_back({std::string(name), std::string(version), line.number});
  if (waiting_.size() < kLeast && !is_asked_ && !is_added) return true;
  DeclaredPackages* list = package_list(declared, {kName, begin_}, "");
  for (const DeclaredPackage& package : waiting_) add_package(list, package.name, package.version, package.line);
  is_asked_ = true;  // the list is one
  waiting_.clear();
  return true;
}
}  // namespace

std::unique_ptr<TextReader> pip_freeze_reader() { return std::make_unique<PipFreezeReader>(); }

}  // namespace varve
