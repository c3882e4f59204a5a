// python3 -m sglang.check_env (sgl-project/sglang python/sglang/check_env.py):
//   Python: 3.10.12 (main, …)
//   CUDA available: True
//   GPU 0,1,2,3: NVIDIA A100-SXM4-80GB
//   GPU 0,1,2,3 Compute Capability: 8.0
//   CUDA_HOME: /usr/local/cuda
//   NVCC: Cuda compilation tools, release 12.1, V12.1.105
//   CUDA Driver Version: 550.90.07          (of the driver, not of CUDA)
//   PyTorch: 2.3.1+cu121
//   triton: 2.3.1                            (modules by their names, "Module Not Found")
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class SglangEnvReader : public TextReader {
 public:
  static constexpr const char* kName = "sglang check_env";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  bool take_gpus(const TextLine& line, Declared& declared) const;

  std::string python_;  // of the line before the report is known to be one
  std::int64_t python_line_ = 0;
  std::int64_t begin_ = 0;
};

// "GPU 0,1,2 Compute Capability: 8.0"
bool SglangEnvReader::take_gpus(const TextLine& line, Declared& declared) const {
  const std::string_view rest = line.text.substr(4);
  const std::size_t end = rest.find_first_not_of("0123456789,");
  if (end == std::string_view::npos || end == 0) return false;
  constexpr std::string_view kCapability = " Compute Capability: ";
  const std::string_view tail = rest.substr(end);
  const bool is_capability = tail.starts_with(kCapability);
  if (!is_capability && !tail.starts_with(": ")) return false;
  const std::string_view value = trim(tail.substr(is_capability ? kCapability.size() : 2));
  for (const std::string_view piece : split(rest.substr(0, end), ',')) {
    const auto number = parse_integer(piece);
    Gpu* gpu = number ? gpu_in(gpu_list(declared, {kName, begin_}), *number) : nullptr;
    if (gpu == nullptr) continue;
    if (is_capability) {
      gpu->capability = compute_capability_from(value);
    } else {
      gpu->model = clean_utf8(value, 96);
    }
  }
  return true;
}

bool SglangEnvReader::take(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (text.starts_with("Python: ") && !leading_version(text.substr(8)).empty()) {
    python_ = leading_version(text.substr(8));
    python_line_ = line.number;
    return false;
  }
  if (text.starts_with("CUDA available: ") && python_line_ > 0 && python_line_ + 3 > line.number) {
    begin_ = line.number;
    if (DeclaredPackages* list = package_list(declared, {kName, begin_}, "")) list->python = python_;
    return true;
  }
  if (begin_ == 0) return false;
  if (text.starts_with("GPU ")) return take_gpus(line, declared);
  const auto pair = key_and_value(text.substr(0, 512));
  if (!pair || pair->first.find(' ') != std::string_view::npos) {
    if (!pair) {
      begin_ = 0;
      return false;
    }
    if (pair->first == "CUDA Driver Version") {
      declare_driver(declared, pair->second, {kName, line.number});
    } else if (pair->first.starts_with("NVIDIA Topology")) {
      begin_ = 0;
    } else if (pair->first.starts_with("ROCM") || pair->first.starts_with("HIP")) {
      add_other(declared, "ROCm");
    }
    return true;
  }
  const auto [key, value] = *pair;
  if (key == "CUDA_HOME") {
    declare(declared, "toolkit.active", kept_path(value), {kName, line.number});
  } else if (key == "NVCC") {
    const auto release = behind(value, "release ");
    const auto build = behind(value, ", V");
    if (release)
      declare_nvcc(declared, leading_version(*release), build ? leading_version(*build) : "", {kName, line.number});
  } else if (is_package_version(value)) {
    add_package(package_list(declared, {kName, begin_}, ""), key == "PyTorch" ? "torch" : key, value, line.number);
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> sglang_env_reader() { return std::make_unique<SglangEnvReader>(); }

}  // namespace varve
