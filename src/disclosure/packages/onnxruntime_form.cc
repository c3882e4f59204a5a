// The form of issues of ONNX Runtime's, as its template of 2022 on has it:
//   ### ONNX Runtime Version or Commit ID        ### Execution Provider       ### Execution Provider Library Version
//   1.19.2                                       CUDA                         CUDA 12.1, cuDNN 8.9.2
// A provider of CUDA's or TensorRT's is of onnxruntime-gpu, and its library's version that of the toolkit it takes.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::int64_t kReach = 4;  // lines below a heading in which its value stands
constexpr std::size_t kLongestValue = 96;

// The one number of a release in it: "1.16.2" of "onnxruntime 1.16.2"; empty: none, or two that differ.
std::string_view one_release(std::string_view text, std::size_t least_dots) {
  std::string_view one;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] < '0' || text[at] > '9') continue;
    const std::string_view version = leading_version(text.substr(at));
    at += version.size();
    if (static_cast<std::size_t>(std::count(version.begin(), version.end(), '.')) < least_dots) continue;
    if (!one.empty() && one != version) return {};
    one = version;
  }
  return one;
}

class OnnxruntimeFormReader : public TextReader {
 public:
  static constexpr const char* kName = "ONNX Runtime's form";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.starts_with('#')) {
      heading_ = to_lower(trim(line.text.substr(std::min(line.text.find_first_not_of('#'), line.text.size()))));
      heading_line_ = line.number;
      return false;
    }
    if (heading_.empty() || line.text.empty() || line.text.size() > kLongestValue) return false;
    if (line.number - heading_line_ > kReach) return false;
    const std::string key = std::move(heading_);
    heading_.clear();
    if (key == "onnx runtime version or commit id") {
      release_ = one_release(line.text, 2);
      release_line_ = line.number;
      return !release_.empty();
    }
    if (key == "execution provider") return take_provider(line, declared);
    return key == "execution provider library version" && take_library(line, declared);
  }

 private:
  bool take_provider(const TextLine& line, Declared& declared) {
    is_of_cuda_ = holds(line, "CUDA") || holds(line, "TensorRT");
    if (!is_of_cuda_ || release_.empty()) return false;
    add_package(package_list(declared, {kName, release_line_}, ""), "onnxruntime-gpu", release_, release_line_);
    return true;
  }
  bool take_library(const TextLine& line, Declared& declared) const {
    const std::string text = to_lower(line.text);
    const std::size_t at = text.find("cuda");
    if (!is_of_cuda_ || at == std::string::npos) return false;
    const std::size_t end = text.find("cudnn", at);  // "cuda12.1,cudnn8.9"
    const std::string_view cuda = one_release(std::string_view(text).substr(at, end - at), 1);
    if (cuda.empty() || cuda.find('.') > 2) return false;
    const std::size_t second = cuda.find('.', cuda.find('.') + 1);
    declare(declared, "toolkit.nvcc.version", std::string(cuda.substr(0, second)), {kName, line.number});
    return true;
  }

  std::string heading_;  // in small letters
  std::int64_t heading_line_ = 0;
  std::string release_;
  std::int64_t release_line_ = 0;
  bool is_of_cuda_ = false;
};
}  // namespace

std::unique_ptr<TextReader> onnxruntime_form_reader() { return std::make_unique<OnnxruntimeFormReader>(); }

}  // namespace varve
