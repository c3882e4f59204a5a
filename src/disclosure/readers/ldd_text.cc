// ldd FILE:
//   	libcudart.so.12 => not found
//   	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)
// Of paths outside the system's own folders the file's name alone is kept.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_record.h"

namespace varve {

namespace {
constexpr std::size_t kMostFiles = 16, kMostOfFile = 1024;

class LddReader : public TextReader {
 public:
  static constexpr const char* kName = "ldd";
  const char* name() const override { return kName; }
  void end() override { is_open_ = false, asked_.clear(); }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text;
    if (text.size() > 2048 || (!holds(line, ".so") && !holds(line, "ldd "))) return false;
    const std::size_t arrow = text.find(" => ");
    if (arrow == std::string_view::npos) {
      remember_command(text);
      return is_open_ && has(text, "(0x");
    }
    const std::string_view name = trim(text.substr(0, arrow)), target = trim(text.substr(arrow + 4));
    const bool is_missing = target.starts_with("not found");
    if (!is_shared_library_name(name) || (!is_missing && !target.starts_with('/'))) return false;
    if (!is_open_) {
      if (declared.linked.size() >= kMostFiles) return false;
      declared.linked.push_back({asked_.empty() ? "the file that ldd was asked about" : asked_, line.number, {}});
      is_open_ = true;
    }
    std::vector<LinkedLibrary>& libraries = declared.linked.back().libraries;
    if (libraries.size() < kMostOfFile) {
      libraries.push_back({clean_utf8(name, 128), is_missing ? "" : kept_path(up_to(target, " "))});
    }
    return true;
  }

 private:
  // "$ ldd …/libtorch_cuda.so | grep cudnn", and "libx.so:" above each of several
  void remember_command(std::string_view text) {
    const std::size_t at = text.find("ldd ");
    const bool is_command = at == 0 || (at != std::string_view::npos && (text[at - 1] == ' ' || text[at - 1] == '/'));
    const std::string_view file = is_command ? up_to(trim(text.substr(at + 4)), " |") : up_to(text, ":");
    if (!is_command && !text.ends_with(':')) return;
    if (!has(file, ".so") && !is_command) return;
    is_open_ = false;
    asked_ = clean_utf8(file_name(file), 128);
  }

  bool is_open_ = false;
  std::string asked_;
};
}  // namespace

std::unique_ptr<TextReader> ldd_reader() { return std::make_unique<LddReader>(); }

}  // namespace varve
