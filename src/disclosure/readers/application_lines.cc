// What applications print of their stack when they start, and files that pin it:
//   Ultralytics YOLOv8.2.15 🚀 Python-3.10.9 torch-2.1.0+cu121 CUDA:0 (NVIDIA GeForce RTX 3090, 24576MiB)
//   version: v1.10.1  •  python: 3.10.6  •  torch: 2.1.2+cu121  •  xformers: 0.0.23.post1        (Stable Diffusion web
//   UI)
//   * CUDA:                          name = "torch"                 (poetry.lock, uv.lock)
//       - GPU:                       version = "2.3.0+cpu"
//         - NVIDIA A100-SXM4-40GB    PyTorch built with:            (torch.__config__.show(), also of OpenMMLab's
//         reports)
//       - version:  12.1               - CUDA Runtime 11.0
// (the first column: PyTorch Lightning's collect_env_details). Each start line is an environment of its own.
#include <utility>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "tables/gpu_products.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostStartLine = 512;
constexpr std::int64_t kBlockReach = 40;  // lines of a block

class ApplicationLinesReader : public TextReader {
 public:
  static constexpr const char* kName = "application";
  const char* name() const override { return kName; }
  void end() override {
    cuda_line_ = gpus_line_ = locked_line_ = built_line_ = 0;
    locked_.clear();
  }
  bool take(const TextLine& line, Declared& declared) override {
    if (holds(line, "'PyTorch'")) return take_python_values(line, declared);
    if (line.text.size() < 5 || line.text.size() > kMostStartLine) return false;
    if (holds(line, "torch-")) return take_ultralytics(line, declared);
    if (holds(line, "torch: ") && holds(line, "python: ")) return take_footer(line, declared);
    return take_locked(line, declared) || take_built_with(line, declared) || take_lightning(line, declared);
  }

 private:
  bool take_python_values(const TextLine& line, Declared& declared);
  static void take_numbered_devices(const TextLine& line, Declared& declared);
  static bool take_ultralytics(const TextLine& line, Declared& declared);
  static bool take_footer(const TextLine& line, Declared& declared);
  bool take_locked(const TextLine& line, Declared& declared);
  bool take_built_with(const TextLine& line, Declared& declared);
  bool take_lightning(const TextLine& line, Declared& declared);

  std::int64_t cuda_line_ = 0, gpus_line_ = 0;  // of Lightning's blocks "CUDA:" and "GPU:"
  std::int64_t count_ = 0;                      // GPUs of the block
  std::int64_t locked_line_ = 0, locked_list_ = 0;
  std::string locked_;  // the package whose version follows
  std::int64_t built_line_ = 0;
};

// A report of OpenMMLab's as Python prints a dictionary, on one line or one a value:
//   OrderedDict([('sys.platform', 'linux'), …, ('PyTorch', '2.0.1'), …])        'PyTorch': '1.9.1',
bool ApplicationLinesReader::take_python_values(const TextLine& line, Declared& declared) {
  DeclaredPackages* list = nullptr;
  for (const auto& [key, name] : {std::pair("'PyTorch'", "torch"), std::pair("'TorchVision'", "torchvision")}) {
    auto value = behind(line.text, std::string(key) + ", '");
    if (!value) value = behind(line.text, std::string(key) + ": '");
    const std::string_view version = value ? up_to(*value, "'") : std::string_view();
    if (!is_package_version(version)) continue;
    if (list == nullptr) list = package_list(declared, {kName, line.number}, "");
    add_package(list, name, version, line.number);
  }
  take_built_with(line, declared);
  if (list == nullptr) return false;
  const auto of = [&](const std::string& key) {
    auto value = behind(line.text, "'" + key + "', '");
    if (!value) value = behind(line.text, "'" + key + "': '");
    return value ? up_to(*value, "'") : std::string_view();
  };
  list->python = leading_version(of("Python"));
  if (const auto nvcc = behind(of("NVCC"), "release "); nvcc) {
    declare_nvcc(declared, leading_version(*nvcc), "", {kName, line.number});
  }
  take_numbered_devices(line, declared);
  return true;
}

// ('GPU 0,1', 'Tesla V100-PCIE-32GB'), or 'GPU 0': 'NVIDIA A100'.
void ApplicationLinesReader::take_numbered_devices(const TextLine& line, Declared& declared) {
  for (auto rest = behind(line.text, "'GPU "); rest; rest = behind(*rest, "'GPU ")) {
    const std::string_view numbers = up_to(*rest, "'");
    auto value = behind(rest->substr(0, 160), "', '");
    if (!value) value = behind(rest->substr(0, 160), "': '");
    const std::string_view model = value ? up_to(*value, "'") : std::string_view();
    if (!capability_of_gpu(model)) continue;
    for (const std::string_view number : split(numbers, ',')) {
      const auto at = leading_number(number);
      Gpu* gpu = at ? gpu_in(gpu_list(declared, {kName, line.number}), *at) : nullptr;
      if (gpu != nullptr) gpu->model = clean_utf8(model, 96);
    }
  }
}

bool ApplicationLinesReader::take_ultralytics(const TextLine& line, Declared& declared) {
  const auto rest = behind(line.text, " torch-"), python = behind(line.text, "Python-");
  if (!rest || !python) return false;
  const std::string_view version = up_to(*rest, " ");
  if (!is_package_version(version)) return false;
  DeclaredPackages* list = package_list(declared, {kName, line.number}, "");
  if (list != nullptr) list->python = leading_version(*python);
  add_package(list, "torch", version, line.number);
  const auto device = behind(*rest, " CUDA:");
  const auto number = device ? leading_number(*device) : std::nullopt;
  const auto name = device ? behind(*device, "(") : std::nullopt;
  if (!number || !name) return true;
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, line.number}), *number);
  if (gpu != nullptr) gpu->model = clean_utf8(trim(up_to(*name, ",)")), 96);
  return true;
}

bool ApplicationLinesReader::take_footer(const TextLine& line, Declared& declared) {
  DeclaredPackages* list = nullptr;
  for (const char* name : {"torch", "xformers"}) {
    const auto value = behind(line.text, std::string(name) + ": ");
    const std::string_view version = value ? up_to(*value, " \t") : std::string_view();
    if (!is_package_version(version)) continue;
    if (list == nullptr) list = package_list(declared, {kName, line.number}, "");
    add_package(list, name, version, line.number);
  }
  const auto python = behind(line.text, "python: ");
  if (list != nullptr && python) list->python = leading_version(*python);
  return list != nullptr;
}

bool ApplicationLinesReader::take_locked(const TextLine& line, Declared& declared) {
  if (!line.text.ends_with('"') && locked_.empty()) return false;
  if (line.text.starts_with("name = \"")) {
    locked_ = up_to(line.text.substr(8), "\"");
    locked_line_ = line.number;
    if (locked_list_ == 0) locked_list_ = line.number;
    return true;
  }
  if (locked_.empty() || line.number != locked_line_ + 1 || !line.text.starts_with("version = \"")) {
    locked_.clear();
    return false;
  }
  const std::string_view version = up_to(line.text.substr(11), "\"");
  if (is_package_name(locked_) && is_package_version(version)) {
    add_package(package_list(declared, {kName, locked_list_}, ""), locked_, version, line.number);
  }
  locked_.clear();
  return true;
}

// Of torch, where it says so itself; its version stands elsewhere.
bool ApplicationLinesReader::take_built_with(const TextLine& line, Declared& declared) {
  if (holds(line, "PyTorch built with:")) built_line_ = line.number;
  if (built_line_ == 0 || line.number - built_line_ > kBlockReach) return false;
  if (holds(line, "USE_CUDA=0") || holds(line, "USE_CUDA=OFF")) {
    declared.package_cuda.emplace(
        "torch", missing_fact(Missing::absent, source_at({"PyTorch built with", line.number}), "a build without CUDA"));
    return false;
  }
  if (!holds(line, "CUDA Runtime ")) return false;
  const auto value = behind(line.text, "- CUDA Runtime ");
  const std::string_view version = value ? leading_version(*value) : std::string_view();
  if (version.find('.') == std::string_view::npos) return false;
  declared.package_cuda.emplace(
      "torch", known_fact(std::string(version), source_at({"PyTorch built with", line.number}), Standing::declared));
  return true;
}

bool ApplicationLinesReader::take_lightning(const TextLine& line, Declared& declared) {
  if (cuda_line_ == 0 && !holds(line, "CUDA:")) return false;
  const std::string_view text = trim(line.text);
  if (text == "* CUDA:" || text == "- CUDA:") {
    cuda_line_ = line.number;
    gpus_line_ = count_ = 0;
    return true;
  }
  if (cuda_line_ == 0 || line.number - cuda_line_ > kBlockReach || !text.starts_with("- ")) {
    if (text.starts_with("* ")) cuda_line_ = 0;
    return false;
  }
  if (text == "- GPU:") {
    gpus_line_ = line.number;
    return true;
  }
  const std::string_view item = trim(text.substr(2));
  if (item.starts_with("version:")) {
    const std::string_view version = trim(item.substr(8));
    cuda_line_ = 0;
    if (version == "None" || leading_version(version) != version || version.find('.') == std::string_view::npos)
      return version == "None";
    declared.package_cuda.emplace(
        "torch", known_fact(std::string(version), source_at({kName, line.number}), Standing::declared));
    return true;
  }
  if (gpus_line_ == 0 || item.find(':') != std::string_view::npos || !capability_of_gpu(item)) return false;
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, gpus_line_}), count_++);
  if (gpu != nullptr) gpu->model = clean_utf8(item, 96);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> application_lines_reader() { return std::make_unique<ApplicationLinesReader>(); }

}  // namespace varve
