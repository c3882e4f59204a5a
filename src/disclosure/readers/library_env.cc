// transformers env, accelerate env, diffusers-cli env: items of a list.
//   - `transformers` version: 4.45.0
//   - Platform: Linux-5.15.0-1064-x86_64-with-glibc2.35
//   - Python version: 3.10.12
//   - PyTorch version (GPU?): 2.4.0+cu121 (True)
//   - GPU type: NVIDIA H100 80GB HBM3
#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// Whose report begins with its own version: lists that people write begin otherwise.
bool is_reporter(std::string_view key) {
  constexpr auto kReporters = std::to_array<std::string_view>(
      {"transformers", "accelerate", "diffusers", "huggingface_hub", "huggingface-hub", "datasets", "peft", "trl",
       "llamafactory", "optimum", "sentence-transformers", "🤗"});
  return std::any_of(kReporters.begin(), kReporters.end(), [&](std::string_view one) { return key.starts_with(one); });
}

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
      if (!key.ends_with(" version") || !is_package_version(value) || !is_reporter(key)) return false;
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
      // "- CUDA/cuDNN version: 10.2.89" of a form is nobody's package.
      if (!is_package_version(version) || !is_package_name(name) || name == "cuda" || name == "driver") return false;
      add_package(package_list(declared, {kName, begin_}, ""), name, version, line.number);
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
