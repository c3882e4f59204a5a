// python -m torch.utils.collect_env (pytorch/pytorch torch/utils/collect_env.py), and vLLM's, which has the same keys
// in sections of its own, the colons below each other, its version and its variables behind them:
//   PyTorch version: 2.4.0+cu121
//   CUDA used to build PyTorch: 12.1
//   GPU models and configuration: GPU 0: NVIDIA A10        (one on the line; several below it)
//   [pip3] numpy==1.26.4
//   [conda] pytorch   1.3.0   py3.7_cuda10.1.243_cudnn7.6.3_0   pytorch
// "CUDA runtime version" is what nvcc says, not the runtime in use.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class CollectEnvReader : public TextReader {
 public:
  static constexpr const char* kName = "collect_env";
  const char* name() const override { return kName; }
  void end() override { gpus_ = false; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  bool take_package(const TextLine& line, Declared& declared);
  bool take_gpu(const TextLine& line, Declared& declared);
  bool take_pair(std::string_view key, std::string_view value, const TextLine& line, Declared& declared);
  void begin(std::int64_t line) {
    if (begin_ != 0) return;
    begin_ = line;
  }
  void add_torch(std::string_view version, const TextLine& line, Declared& declared);

  std::int64_t begin_ = 0;  // the first line of this report; 0: none has begun
  std::int64_t gpu_line_ = 0;
  bool gpus_ = false;  // the lines of GPUs follow
};

void CollectEnvReader::add_torch(std::string_view version, const TextLine& line, Declared& declared) {
  begin_ = line.number;  // a second report begins a list of its own
  add_package(package_list(declared, {kName, begin_}, ""), "torch", version, line.number);
}

bool CollectEnvReader::take_gpu(const TextLine& line, Declared& declared) {
  const auto rest = behind(line.text, "GPU ");
  if (!rest) return false;
  const auto number = leading_number(*rest);
  const auto name = behind(*rest, ": ");
  if (!number || !name || is_placeholder(*name)) return false;
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, gpu_line_}), *number);
  if (gpu != nullptr) gpu->model = clean_utf8(trim(up_to(*name, "(")), 96);
  return true;
}

// "[pip3] a==b", "[pip] a                 1.0", "[conda] a   b   build   channel"
bool CollectEnvReader::take_package(const TextLine& line, Declared& declared) {
  const bool is_conda = line.text.starts_with("[conda] ");
  const std::size_t close = line.text.find("] ");
  if (close == std::string_view::npos) return false;
  const std::string_view rest = trim(line.text.substr(close + 2));
  begin(line.number);
  DeclaredPackages* list = package_list(declared, {kName, begin_}, is_conda ? "conda" : "pip");
  if (const std::size_t equals = rest.find("=="); equals != std::string_view::npos && !is_conda) {
    add_package(list, trim(rest.substr(0, equals)), trim(rest.substr(equals + 2)), line.number);
    return true;
  }
  const std::vector<std::string_view> words = split_words(rest);
  if (words.size() < 2 || !is_package_version(words[1])) return true;
  const bool has_build = is_conda && words.size() > 2 && words[2] != "pypi_0";
  add_package(list, words[0], has_build ? std::string(words[1]) + " " + std::string(words[2]) : std::string(words[1]),
              line.number);
  return true;
}

bool CollectEnvReader::take_pair(std::string_view key, std::string_view value, const TextLine& line,
                                 Declared& declared) {
  const TextPlace place{kName, line.number};
  if (key == "PyTorch version") {
    add_torch(value, line, declared);
  } else if (key == "CUDA used to build PyTorch") {
    if (is_digit(value.empty() ? ' ' : value[0])) {
      declared.package_cuda.insert_or_assign(
          "torch", known_fact(std::string(leading_version(value)), source_at(place), Standing::declared));
    } else if (value == "None" || value == "Could not collect") {  // as it writes torch.version.cuda where it is None
      declared.package_cuda.insert_or_assign("torch",
                                             missing_fact(Missing::absent, source_at(place), "a build without CUDA"));
    }
  } else if (key == "ROCM used to build PyTorch" || key == "ROCm SDK used to build PyTorch" ||
             key == "HIP runtime version") {
    if (!is_placeholder(value)) {
      add_other(declared, "ROCm " + std::string(leading_version(value)));
      declared.package_cuda.insert_or_assign("torch",
                                             missing_fact(Missing::absent, source_at(place), "a build for ROCm"));
    }
  } else if (key == "XPU used to build PyTorch") {
    if (!is_placeholder(value)) {
      add_other(declared, "Intel XPU " + std::string(leading_version(value)));
      declared.package_cuda.insert_or_assign("torch",
                                             missing_fact(Missing::absent, source_at(place), "a build for XPU"));
    }
  } else if (key == "Nvidia driver version") {
    declare_driver(declared, value, place);
  } else if (key == "CUDA runtime version") {
    const std::string_view build = leading_version(value);
    const std::size_t dot = build.find('.');
    const std::size_t second = dot == std::string_view::npos ? dot : build.find('.', dot + 1);
    declare_nvcc(declared, build.substr(0, second), second == std::string_view::npos ? "" : build, place);
  } else if (key == "CUDA_MODULE_LOADING set to") {
    // "LAZY" is what collect_env itself sets where nobody did.
    if (!value.empty() && value != "LAZY" && !is_placeholder(value)) {
      declare_variable(declared, "CUDA_MODULE_LOADING", value, line.number);
    }
  } else if (key == "GPU models and configuration") {
    gpus_ = true;
    gpu_line_ = line.number;
    take_gpu({value, line.number}, declared);
  } else if (key == "Libc version") {
    if (value.starts_with("glibc-")) declare(declared, "os.libc", "glibc " + std::string(value.substr(6)), place);
  } else if (key == "Python version") {
    DeclaredPackages* list = package_list(declared, {kName, begin_ == 0 ? line.number : begin_}, "");
    if (list != nullptr && !leading_version(value).empty()) list->python = leading_version(value);
  } else if (key == "Python platform") {
    declare_platform(declared, value, place);
  } else if (key == "GCC version") {
    const std::size_t close = value.rfind(") ");
    declare(declared, "os.gcc",
            std::string(leading_version(close == std::string_view::npos ? value : value.substr(close + 2))), place, "",
            Standing::inferred);
  } else if (key == "OS" && begin_ != 0) {
    const std::size_t machine = value.rfind(" (");
    const bool has_machine = machine != std::string_view::npos && (value.ends_with("64)") || value.ends_with("64le)"));
    declare(declared, "os.name", std::string(has_machine ? value.substr(0, machine) : value), place);
    if (has_machine) {
      declare(declared, "os.architecture", std::string(value.substr(machine + 2, value.size() - machine - 3)), place);
    }
  } else if (key == "vLLM Version") {
    add_package(package_list(declared, {kName, begin_ == 0 ? line.number : begin_}, ""), "vllm", up_to(value, " ("),
                line.number);
  } else {
    return key == "Is debug build" || key == "Is CUDA available" || key == "cuDNN version" || key == "Clang version" ||
           key == "CMake version" || key == "MIOpen runtime version" || key == "Is XNNPACK available" ||
           key == "HIP used to build PyTorch" || key == "Is XPU available" || key == "Caching allocator config" ||
           key == "vLLM Build Flags" || key == "Versions of relevant libraries";
  }
  return true;
}

bool CollectEnvReader::take(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  if (text.starts_with("[pip") || text.starts_with("[conda]")) return take_package(line, declared);
  if (gpus_ && text.starts_with("GPU ")) return take_gpu(line, declared);
  if (text.starts_with("Collecting environment information")) {
    begin_ = line.number;
    return true;
  }
  // What its keys begin with: most lines of a log begin otherwise, and are not cut into key and value.
  const std::size_t first = text.find_first_not_of(" \t");
  constexpr std::string_view kStarts = "CGHILMNOPRVXcv";
  if (first == std::string_view::npos || kStarts.find(text[first]) == std::string_view::npos) return false;
  const auto pair = key_and_value(text.substr(0, 512));
  if (!pair || pair->first.size() > 32 || pair->first.size() < 2) return false;
  const bool taken = take_pair(pair->first, pair->second, line, declared);
  if (taken && pair->first != "GPU models and configuration") gpus_ = false;
  return taken;
}
}  // namespace

std::unique_ptr<TextReader> collect_env_reader() { return std::make_unique<CollectEnvReader>(); }

}  // namespace varve
