// transformers env, accelerate env, diffusers-cli env: items of a list.
//   - `transformers` version: 4.45.0
//   - Platform: Linux-5.15.0-1064-x86_64-with-glibc2.35
//   - Python version: 3.10.12
//   - PyTorch version (GPU?): 2.4.0+cu121 (True)
//   - GPU type: NVIDIA H100 80GB HBM3
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class LibraryEnvReader : public TextReader {
 public:
  static constexpr const char* kName = "transformers env";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    if (!line.text.starts_with("- ")) return false;
    const auto pair = key_and_value(line.text.substr(2, 512));
    if (!pair) return false;
    std::string key = to_lower(pair->first);
    std::erase(key, '`');
    const std::string_view value = pair->second;
    const TextPlace place{kName, line.number};
    if (begin_ == 0) {
      const bool begins = key.ends_with(" version") && is_package_version(value);
      if (!begins) return false;
      begin_ = line.number;
    }
    if (key == "platform") {
      declare_platform(declared, value, place);
    } else if (key == "python version") {
      if (DeclaredPackages* list = package_list(declared, {kName, begin_}, "")) list->python = leading_version(value);
    } else if (key == "gpu type") {
      if (Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), 0)) gpu->model = clean_utf8(value, 96);
    } else if (key.find(" version") != std::string::npos) {
      std::string name = key.substr(0, key.find(" version"));
      if (name == "pytorch") name = "torch";
      const std::string_view version = up_to(value, " (");
      if (is_package_version(version) && is_package_name(name)) {
        add_package(package_list(declared, {kName, begin_}, ""), name, version, line.number);
      }
    } else {
      return false;
    }
    return true;
  }

 private:
  std::int64_t begin_ = 0;
};
}  // namespace

std::unique_ptr<TextReader> library_env_reader() { return std::make_unique<LibraryEnvReader>(); }

}  // namespace varve
