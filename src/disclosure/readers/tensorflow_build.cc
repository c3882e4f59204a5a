// tf.sysconfig.get_build_info() (tensorflow tools/build_info/gen_build_info.py), as Python or JSON prints it, on one
// line or several:
//   OrderedDict([('cpu_compiler', '…'), ('cuda_version', '11.2'), ('cudnn_version', '8'), ('is_cuda_build', True)])
//   {'cuda_version': '12.3', 'cudnn_version': '8', 'is_cuda_build': True, …}
// and tools/tf_env_collect.sh: "tf.version.VERSION = 2.13.0"
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// '11.2' of "('cuda_version', '11.2')" and of "'cuda_version': '11.2'"; True without quotes.
std::string_view value_of(std::string_view line, std::string_view key) {
  auto rest = behind(line, key);
  if (!rest || rest->empty() || (rest->front() != '\'' && rest->front() != '"')) return {};
  rest->remove_prefix(1);
  const std::size_t begin = rest->find_first_not_of(" ,:");
  if (begin == std::string_view::npos) return {};
  std::string_view value = rest->substr(begin);
  if (value.starts_with('\'') || value.starts_with('"')) return up_to(value.substr(1), "'\"");
  return up_to(value, "),} ");
}

class TensorflowBuildReader : public TextReader {
 public:
  static constexpr const char* kName = "tf.sysconfig.get_build_info";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text;
    const TextPlace place{kName, line.number};
    if (text.starts_with("tf.version.VERSION = ")) {
      add_package(package_list(declared, place, ""), "tensorflow", trim(text.substr(21)), line.number);
      return true;
    }
    if (!holds(line, "_cuda_build") && !holds(line, "_version")) {
      return false;
    }
    const std::string_view cuda = value_of(text, "cuda_version");
    if (!leading_version(cuda).empty()) {
      declared.package_cuda.insert_or_assign(
          "tensorflow", known_fact(std::string(leading_version(cuda)), source_at(place), Standing::declared));
    }
    const std::string_view is_cuda = value_of(text, "is_cuda_build");
    if (to_lower(is_cuda) == "false") {
      declared.package_cuda.insert_or_assign(
          "tensorflow", missing_fact(Missing::absent, source_at(place), "TensorFlow was built without CUDA"));
    }
    return !cuda.empty() || !is_cuda.empty();
  }
};
}  // namespace

std::unique_ptr<TextReader> tensorflow_build_reader() { return std::make_unique<TensorflowBuildReader>(); }

}  // namespace varve
