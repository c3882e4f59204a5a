// ldconfig -p, of which the lines of libcuda count: the first of the machine's width is what a program gets.
//   	libcuda.so.1 (libc6,x86-64) => /usr/local/cuda/compat/libcuda.so.1
//   	libcuda.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libcuda.so.1
// and what `ls -l` shows of it:
//   /usr/lib/x86_64-linux-gnu/libcuda.so.1 -> libcuda.so.535.183.01
// A variable or a runpath may put another before it. Of paths outside the system's own folders the name alone is kept.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class LdconfigReader : public TextReader {
 public:
  static constexpr const char* kName = "ldconfig -p";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 512));
    if (holds(line, "/libcuda.so.1 -> libcuda.so.")) return take_link(text, line, declared);
    if (!text.starts_with("lib") || !has(text, " => /")) return false;
    const std::string_view kind = up_to(behind(text, " (libc6").value_or("-"), ")");
    if (kind == "-") return false;
    const bool is_wide = kind.starts_with(",x86-64") || kind.starts_with(",AArch64");
    if (!is_wide || !text.starts_with("libcuda.so.1 ")) return true;
    const std::string_view path = *behind(text, " => ");
    const TextPlace place{kName, line.number};
    if (declared.facts.contains("driver.user_mode.path")) return true;
    declare(declared, "driver.user_mode.path", kept_path(path), place);
    if (has(path, "/compat/")) declare(declared, "driver.user_mode.role", "compat", place);
    if (has(path, "/stubs/")) declare(declared, "driver.user_mode.role", "stub", place);
    return true;
  }

 private:
  // Of a folder that the loader searches, and not of one that is for another driver.
  static bool take_link(std::string_view text, const TextLine& line, Declared& declared) {
    const std::string_view version = leading_version(*behind(text, "libcuda.so.1 -> libcuda.so."));
    const bool is_searched = has(text, "/usr/lib") || has(text, " /lib");
    if (!is_searched || has(text, "compat") || has(text, "stubs") || version.size() < 5) return false;
    declare(declared, "driver.user_mode.version", std::string(version), {"ls", line.number}, "", Standing::inferred);
    return true;
  }
};
}  // namespace

std::unique_ptr<TextReader> ldconfig_reader() { return std::make_unique<LdconfigReader>(); }

}  // namespace varve
