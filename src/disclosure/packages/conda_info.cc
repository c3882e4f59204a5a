// The virtual packages of conda info, which say what conda saw of the machine:
//   virtual packages : __cuda=12.4=0
//                      __linux=5.15.0=0
//                      __glibc=2.35=0
//                      __archspec=1=x86_64_v4
// __cuda is what libcuda offers, not a toolkit (conda's manual, "Managing virtual packages").
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class CondaInfoReader : public TextReader {
 public:
  static constexpr const char* kName = "conda info";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    if (!holds(line, "__")) return false;
    std::string_view text = trim(line.text.substr(0, 128));
    if (const auto first = behind(text, "virtual packages : ")) text = trim(*first);
    const TextPlace place{kName, line.number};
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with("__")) return false;
    const std::string_view name = text.substr(2, equals - 2), value = text.substr(equals + 1);
    const std::string_view version = up_to(value, "= ");
    if (name == "cuda") {
      declare_api_level(declared, version, place);
    } else if (name == "glibc" && version.starts_with("2.")) {
      declare(declared, "os.libc", "glibc " + std::string(version), place);
    } else if (name == "archspec") {
      const auto processor = behind(value, "=");
      for (const char* architecture : {"x86_64", "aarch64"}) {
        if (processor && processor->starts_with(architecture)) {
          declare(declared, "os.architecture", architecture, place);
        }
      }
    } else {
      return name == "linux" || name == "unix" || name == "win" || name == "conda";
    }
    return true;
  }
};
}  // namespace

std::unique_ptr<TextReader> conda_info_reader() { return std::make_unique<CondaInfoReader>(); }

}  // namespace varve
