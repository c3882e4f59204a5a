// What tells the system and the processor by the way, in lines that are others': a text seldom names them of itself.
//   [MSC v.1929 64 bit (AMD64)]     | GPU  Name   TCC/WDDM |     torch-2.6.0-cp310-cp310-win_amd64.whl
//   My system is Windows 11.        Linux-5.15.136-tegra-aarch64-with-glibc2.35
// and that a program asked for the GPU and got none:
//   Is CUDA available: False        >>> torch.cuda.is_available()
//   [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
//   WARNING:root:No GPU found.      tensorflow==2.16 can't utilize the gpu
// and the image that a container is made from:
//   Image: nvcr.io/nvidia/pytorch:24.05-py3          NVIDIA Release 24.05 (build 94018429)
// Only where all signs say one thing is anything concluded (text_packages.cc). No line is taken from others.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "tables/framework_images.h"
#include "tables/spoken_signs.h"

namespace varve {

namespace {
constexpr std::size_t kMostSentence = 240;
constexpr std::size_t kMostCommand = 2048;
constexpr SoughtText kWslKernel = "-microsoft-standard";
constexpr std::int64_t kMostLines = 4096;  // who describes a machine does so at the start, also of a long log

bool holds_any(const TextLine& line, std::initializer_list<SoughtText> sought) {
  return std::any_of(sought.begin(), sought.end(), [&](const SoughtText& one) { return holds(line, one); });
}

void see(std::int64_t& place, const TextLine& line, bool is_there) {
  if (is_there && place == 0) place = line.number;
}

bool is_no(std::string_view text) { return text.starts_with("False") || text.starts_with("false"); }

// What stands between "CUDA" and its release.
std::string_view behind_cuda_words(std::string_view text) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"version", "Version", "toolkit", "Toolkit", "版本", "：", "is "});
  for (bool any = true; any;) {
    const std::size_t before = text.size();
    text.remove_prefix(std::min(text.find_first_not_of(" :=*`[|("), text.size()));
    for (const std::string_view word : kWords) {
      if (text.starts_with(word)) text.remove_prefix(word.size());
    }
    any = text.size() < before;
  }
  return text;
}

// "CUDA: 11.3", "cuda 11.3", "cuda11.3", but not of a tool whose words mean one thing.
void see_cuda(const TextLine& line, Declared& declared) {
  constexpr std::size_t kMostCudas = 8;
  if (holds(line, "NVIDIA-SMI") || holds(line, "used to build") || holds(line, "Driver")) return;
  std::string_view rest = line.text;
  while (declared.written_cudas.size() < kMostCudas) {
    const std::size_t at = std::min(rest.find("uda"), rest.find("UDA"));
    if (at == std::string_view::npos) return;
    rest.remove_prefix(at + 3);
    const std::string_view version = leading_version(behind_cuda_words(rest));
    const auto major = leading_number(version);
    const std::size_t dot = version.find('.');
    if (!major || *major < 8 || *major > 20 || dot == std::string_view::npos || dot + 1 >= version.size()) continue;
    declared.written_cudas.emplace(version.substr(0, std::min(version.find('.', dot + 1), dot + 3)), line.number);
  }
}

class SystemSignsReader : public TextReader {
 public:
  const char* name() const override { return "system"; }
  bool take(const TextLine& whole, Declared& declared) override {
    if (whole.text.size() < 2 || whole.number > kMostLines) return false;
    TextLine line = whole;
    if (holds(whole, "(e.g")) {  // of a form, whose examples are no signs
      const std::size_t begin = whole.text.find("(e.g"), end = whole.text.find(')', begin);
      line_ = whole.text.substr(0, begin);
      if (end != std::string_view::npos) line_ += whole.text.substr(end + 1);
      line.text = line_;
    }
    see(declared.windows_line, line,
        holds_any(line, {"indows 1", "indows-1", "indows10", "indows11", "win10", "win11", "Win10", "Win11", "WDDM",
                         "[MSC v.", "C:\\", "c:\\users", "win_amd64", "win-64::"}));
    see(declared.wsl_line, line, holds_any(line, {"WSL", "wsl2", " on wsl", " in wsl", "microsoft-standard"}));
    see(declared.unix_line, line,
        holds_any(line,
                  {"Ubuntu", "Linux", "linux", "Debian", "CentOS", "glibc", "[GCC ", "docker", "/home/", "/usr/"}));
    see(declared.jetson_line, line, holds_any(line, {"Jetson", "JetPack", "jetson", "jetpack", "Jetpack"}));
    see(declared.arm_line, line,
        holds_any(line, {"aarch64", "Jetson", "JetPack", "jetson", "jetpack", "Jetpack", "tegra"}));
    see(declared.build_options_line, line, holds_any(line, {"CMAKE_ARGS", "cmake.args", "GGML_CUDA", "LLAMA_CUBLAS"}));
    see(declared.x86_line, line, holds_any(line, {"x86_64", "amd64", "AMD64"}));
    see(declared.no_smi_line, line,
        holds_any(line, {"nvidia-smi: command not found", "nvidia-smi: not found", "nvidia-smi not found"}));
    // Half of what asks for a feature is an option or an argument, the other half the end of a model's name.
    if (holds_any(line, {"-", "=", "orch.compile(", "cuda.jit", "umba"}) && line.text.size() <= kMostCommand) {
      for (const std::string_view feature : features_asked(line.text)) {
        declared.features.emplace(std::string(feature), line.number);
      }
    }
    if (holds(line, kWslKernel)) take_wsl_kernel(line, declared);
    if (holds(line, "(release), REVISION: ")) take_jetson(line, declared);
    if (holds(line, "4t-core ") && holds(line, "nvidia-l4t-core ")) take_jetson_package(line, declared);
    // An environment that pins a toolkit of CUDA's is meant to use it.
    see(declared.asked_gpu_line, line, holds_any(line, {"- cudatoolkit=", "- pytorch-cuda="}));
    if (line.text.size() <= kMostSentence && holds_any(line, {"inux ", "buntu ", "ent", "ebian ", "RHEL ", "Hat "})) {
      const std::string_view libc = libc_of_system(line.text);
      if (!libc.empty()) declared.libcs.emplace(std::string(libc), line.number);
    }
    if (line.text.size() <= kMostSentence && holds_any(line, {"uda", "UDA"})) see_cuda(line, declared);
    see_image(line, declared);
    see_question(line, declared);
    return false;
  }

 private:
  // A command, a file, a form or a sentence names the image; NVIDIA's containers print their release.
  static void see_image(const TextLine& line, Declared& declared) {
    if (holds(line, "NVIDIA Release ")) {
      if (const auto image = framework_image_of_banner(trim(line.text))) {
        declare_framework_image(declared, *image, line.number);
      }
    }
    if (!holds_any(line,
                   {"nvcr.io", "vllm-openai:", "sglang:", "rapidsai/", "jupyter/", "rayproject/", "huggingface/text-"}))
      return;
    if (line.text.size() > kMostCommand || is_image_advice(line.text)) return;
    for (const std::string_view word : split_words(line.text)) {
      if (const auto image = framework_image_of(word)) declare_framework_image(declared, *image, line.number);
    }
  }
  // "5.15.146.1-microsoft-standard-WSL2" is WSL's kernel, whatever stands around it; a requirement has no such name.
  static void take_wsl_kernel(const TextLine& line, Declared& declared) {
    const std::size_t mark = line.text.find(kWslKernel.text);
    std::size_t begin = mark;
    while (begin > 0 && (is_digit(line.text[begin - 1]) || line.text[begin - 1] == '.')) --begin;
    const std::string_view number = leading_version(line.text.substr(begin, mark - begin));
    if (std::count(number.begin(), number.end(), '.') < 2 || begin + number.size() != mark) return;
    std::string_view release = line.text.substr(begin, mark - begin + kWslKernel.text.size());
    if (line.text.substr(mark + kWslKernel.text.size()).starts_with("-WSL2")) {
      release = line.text.substr(begin, release.size() + 5);
    }
    declare(declared, "os.kernel.release", std::string(release), {"system", line.number}, "", Standing::inferred);
  }
  // "# R35 (release), REVISION: 4.1, GCID: …" of /etc/nv_tegra_release is 35.4.1.
  static void take_jetson(const TextLine& line, Declared& declared) {
    const auto release = behind(line.text, "# R"), revision = behind(line.text, "REVISION: ");
    if (!release || !revision || leading_version(*release).empty() || leading_version(*revision).empty()) return;
    declare(declared, "os.jetson_linux",
            std::string(leading_version(*release)) + "." + std::string(leading_version(*revision)),
            {"system", line.number});
    see(declared.arm_line, line, true);
  }
  // "nvidia-l4t-core 36.4.7-20250918154033" of apt or dpkg.
  static void take_jetson_package(const TextLine& line, Declared& declared) {
    const std::string_view version = up_to(trim(*behind(line.text, "nvidia-l4t-core ")), " )");
    const std::string_view release = leading_version(version);
    if (release.find('.') == std::string_view::npos || !version.substr(release.size()).starts_with("-20")) return;
    declare(declared, "os.jetson_linux", std::string(release), {"system", line.number});
    see(declared.arm_line, line, true);
  }
  void see_question(const TextLine& line, Declared& declared);
  std::string line_;
  std::int64_t asked_ = -9;  // where the question stands whose answer is looked for
};

// "tensorflow==2.16 can't utilize the gpu", "it only uses my CPU": what somebody or a program says (spoken_signs.json).
bool may_miss_gpu(const TextLine& line) {
  return line.text.size() <= kMostSentence && holds_any(line, {"GPU", "gpu", "CPU", "cpu", "CUDA", "cuda"});
}

void SystemSignsReader::see_question(const TextLine& line, Declared& declared) {
  if (declared.asked_gpu_line != 0) return;
  if (may_miss_gpu(line) && misses_gpu(line.text)) {
    declared.asked_gpu_line = line.number;
    return;
  }
  const std::string_view text = line.text;
  if (holds(line, "CUDA available")) {
    if (has(text, "'CUDA available', False") || has(text, "'CUDA available': False")) {
      declared.asked_gpu_line = line.number;
    }
    const auto pair = key_and_value(text.substr(0, 96));
    if (pair && (is_no(pair->second) || pair->second == "No")) declared.asked_gpu_line = line.number;
    return;
  }
  // "tf.config.list_physical_devices('GPU') # [] is returned", and "[]" below it.
  if (holds(line, "list_physical_devices(") && holds(line, "GPU")) {
    asked_ = line.number;
    const std::string_view rest = *behind(text, "list_physical_devices(");
    if (has(rest, "[]")) declared.asked_gpu_line = line.number;
    return;
  }
  // "Is GPU Available: []", as programs print it.
  if (holds(line, "GPU") && text.size() <= kMostSentence && trim(text).ends_with(": []")) {
    declared.asked_gpu_line = line.number;
    return;
  }
  // TensorFlow lists the processor alone.
  if (holds(line, "physical_device:CPU:0") && !holds(line, "GPU")) {
    declared.asked_gpu_line = line.number;
    return;
  }
  if (line.number - asked_ <= 2 && asked_ != line.number) {
    std::string_view answer = trim(text);
    for (const std::string_view start : {">>> ", "Out["}) {
      if (answer.starts_with(start)) answer = trim(answer.substr(start == "Out[" ? answer.find(':') + 1 : 4));
    }
    if (answer == "[]" || is_no(answer) || answer.ends_with(" False") || answer.ends_with(", False)") ||
        answer.starts_with("it prints False") || answer.starts_with("it returns False")) {
      declared.asked_gpu_line = line.number;
      return;
    }
  }
  if (!holds(line, "is_available()")) return;
  const auto rest = behind(text, "cuda.is_available()");
  if (!rest) return;
  asked_ = line.number;
  // "…is_available() returns False", "…: False", "= False"; a question about it in a program is none.
  const std::string_view told = rest->substr(0, 24);
  const bool is_program = text.starts_with("if ") || has(text, " if ") || has(text, "assert");
  if (!is_program && (has(told, "False") || has(told, "false"))) declared.asked_gpu_line = line.number;
}
}  // namespace

std::unique_ptr<TextReader> system_signs_reader() { return std::make_unique<SystemSignsReader>(); }

}  // namespace varve
