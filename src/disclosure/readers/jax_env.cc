// jax.print_environment_info() (jax-ml/jax jax/_src/environment_info.py):
//   jax:    0.4.33
//   jaxlib: 0.4.33
//   numpy:  1.26.4
//   python: 3.10.12 (main, …)
//   device info: NVIDIA H100 80GB HBM3-8, 8 local devices       (since 0.4.35; earlier only how many)
//   jax.devices (8 total, 8 local): [CudaDevice(id=0) …]
//   platform: uname_result(system='Linux', node='…', release='6.8.0', version='…', machine='x86_64')
//   XLA_FLAGS=…                                                  (variables that begin with JAX_ and XLA_)
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// "release" of "release='6.8.0', …"
std::string_view quoted(std::string_view text, std::string_view name) {
  const auto rest = behind(text, std::string(name) + "='");
  return rest ? up_to(*rest, "'") : std::string_view();
}

class JaxEnvReader : public TextReader {
 public:
  static constexpr const char* kName = "jax.print_environment_info";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  void take_devices(std::string_view text, Declared& declared) const;
  std::int64_t begin_ = 0;
};

// "NVIDIA A100-SXM4-40GB-2, 2 local devices": the model, a dash, how many of them
void JaxEnvReader::take_devices(std::string_view text, Declared& declared) const {
  const std::size_t comma = text.rfind(", ");
  if (comma == std::string_view::npos) return;
  const auto count = leading_number(text.substr(comma + 2));
  const std::string_view models = text.substr(0, comma);
  const std::size_t dash = models.rfind('-');
  if (!count || dash == std::string_view::npos || models.starts_with("cpu")) return;
  for (std::int64_t i = 0; i < *count; ++i) {
    Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), i);
    if (gpu == nullptr) return;
    gpu->model = clean_utf8(models.substr(0, dash), 96);
  }
}

bool JaxEnvReader::take(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (begin_ == 0 && !text.starts_with("jax:")) return false;
  const TextPlace place{kName, line.number};
  const auto pair = text.size() < kLineCap ? key_and_value(text) : std::nullopt;
  if (!pair) return false;
  const auto [key, value] = *pair;
  if (key == "jax" && is_package_version(value)) begin_ = line.number;
  if (begin_ == 0) return false;
  if (key == "jax" || key == "jaxlib" || key == "numpy") {
    if (!is_package_version(value)) return false;
    add_package(package_list(declared, {kName, begin_}, ""), key, value, line.number);
  } else if (key == "python") {
    if (DeclaredPackages* list = package_list(declared, {kName, begin_}, "")) list->python = leading_version(value);
  } else if (key == "device info") {
    take_devices(value, declared);
  } else if (key.starts_with("jax.devices (")) {
    const auto local = behind(key, "total, ");
    const auto count = local ? leading_number(*local) : std::nullopt;
    const bool has_gpus = value.starts_with("[CudaDevice") || value.starts_with("[GpuDevice") ||
                          value.starts_with("[gpu") || value.starts_with("[cuda");
    if (DeclaredGpus* list = has_gpus && count ? gpu_list(declared, {kName, begin_}) : nullptr) list->count = *count;
  } else if (key == "platform" && value.starts_with("uname_result(")) {
    declare(declared, "os.kernel.release", std::string(quoted(value, "release")), place);
    declare(declared, "os.architecture", std::string(quoted(value, "machine")), place);
  } else {
    return key == "process_count";
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> jax_env_reader() { return std::make_unique<JaxEnvReader>(); }

}  // namespace varve
