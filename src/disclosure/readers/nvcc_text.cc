// nvcc --version:
//   Cuda compilation tools, release 12.4, V12.4.131
//   -- The CUDA compiler identification is NVIDIA 12.2.140       (CMake)
// and which nvcc: a line that is nothing but a path to it.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class NvccReader : public TextReader {
 public:
  static constexpr const char* kName = "nvcc --version";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.starts_with('/') && line.text.ends_with("/bin/nvcc") &&
        line.text.find(' ') == std::string_view::npos) {
      const std::string_view folder = line.text.substr(0, line.text.size() - 9);
      declare(declared, "toolkit.active", kept_path(folder), {kName, line.number});
      return true;
    }
    if (const auto of_cmake = behind(line.text, "The CUDA compiler identification is NVIDIA ")) {
      const std::string_view build = leading_version(*of_cmake);
      const std::size_t dot = build.find('.');
      if (dot == std::string_view::npos) return false;
      declare_nvcc(declared, build.substr(0, build.find('.', dot + 1)), build, {kName, line.number});
      return true;
    }
    if (!may_hold(line, "Cuda compilation tools, release ")) return false;
    const auto rest = behind(line.text, "Cuda compilation tools, release ");
    if (!rest) return false;
    const auto build = behind(*rest, ", V");
    declare_nvcc(declared, leading_version(*rest), build ? leading_version(*build) : "", {kName, line.number});
    return true;
  }
};
}  // namespace

std::unique_ptr<TextReader> nvcc_reader() { return std::make_unique<NvccReader>(); }

}  // namespace varve
