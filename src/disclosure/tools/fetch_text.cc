// neofetch, screenfetch and fastfetch, beside a logo of characters or without one:
//    /:-------------:\      OS: Fedora
//   :---------------::      Kernel: x86_64 Linux 5.14.16-301.fc35.x86_64
//   OS: Ubuntu 22.04.3 LTS x86_64             Kernel: 6.2.0-39-generic             GPU: NVIDIA GeForce RTX 3060 Ti
//   GPU 1: NVIDIA GeForce RTX 4060 Max-Q / Mobile [Discrete]
// Known by the two lines: what runs, and a kernel's release soon below it. The user's name and the machine's stand
// above them and are not looked at.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
constexpr std::size_t kMostFetchLine = 240;
constexpr std::int64_t kFromSystemToKernel = 4, kFromSystemToGpu = 24;

// What stands behind a key at the line's start or behind at least two blanks of a logo; empty: it does not stand there.
std::string_view fetched(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos || (at > 0 && !text.substr(0, at).ends_with("  "))) return {};
  return trim(text.substr(at + key.size()));
}

// "GeForce RTX 4060 Max-Q / Mobile [Discrete]": as many of the words as are a product.
std::string fetched_product(std::string_view name) {
  if (name.starts_with("Corporation ")) name.remove_prefix(12);
  if (const auto inside = behind(name, " [GeForce "); inside) name = name.substr(name.find(" [GeForce ") + 2);
  name = trim(up_to(name, "[]/@("));
  while (!name.empty() && !written_product(name)) name = trim(name.substr(0, name.rfind(' ') + 1));
  return std::string(name);
}

class FetchReader : public TextReader {
 public:
  static constexpr const char* kName = "neofetch";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() > kMostFetchLine) return false;
    if (holds(line, "OS: ")) {
      const std::string_view system = fetched(line.text, "OS: ");
      if (system.empty()) return false;
      system_ = clean_utf8(system, 64);
      system_line_ = line.number;
      is_known_ = false;
      return false;
    }
    if (system_line_ == 0 || line.number - system_line_ > kFromSystemToGpu) return false;
    if (holds(line, "Kernel: ")) return take_kernel(fetched(line.text, "Kernel: "), line, declared);
    return is_known_ && holds(line, "GPU") && holds(line, "NVIDIA") && take_gpu(line, declared);
  }

 private:
  bool take_kernel(std::string_view value, const TextLine& line, Declared& declared) {
    if (line.number - system_line_ > kFromSystemToKernel) return false;
    const std::vector<std::string_view> words = split_words(value);
    const auto release = std::find_if(words.begin(), words.end(), [](std::string_view word) {
      return is_package_version(word) && std::count(word.begin(), word.end(), '.') > 1;
    });
    if (release == words.end()) return false;
    declare(declared, "os.kernel.release", std::string(*release), {kName, line.number});
    std::string_view system = system_;
    for (const std::string_view machine : {"x86_64", "aarch64"}) {
      if (!has(value, machine) && !has(system, machine)) continue;
      declare(declared, "os.architecture", std::string(machine), {kName, line.number});
      if (system.ends_with(machine)) system = trim(system.substr(0, system.size() - machine.size()));
    }
    if (system.size() > 3) declare(declared, "os.name", std::string(system), {kName, system_line_});
    count_ = 0;
    return is_known_ = true;
  }
  bool take_gpu(const TextLine& line, Declared& declared) {
    const std::size_t at = line.text.find("GPU");
    const std::string_view rest = line.text.substr(at + 3);
    const auto name = behind(rest, "NVIDIA ");
    const bool is_key = (at == 0 || line.text[at - 1] == ' ') && up_to(rest, ":").size() < 24 && has(rest, ": ");
    const std::string product = name && is_key ? fetched_product(*name) : std::string();
    Gpu* gpu = product.empty() ? nullptr : gpu_in(gpu_list(declared, {kName, system_line_}), count_++);
    if (gpu == nullptr) return false;
    gpu->model = clean_utf8(product, 96);
    gpu->capability = written_product(product);
    return true;
  }

  std::string system_;            // behind "OS:"
  std::int64_t system_line_ = 0;  // 0: none yet
  std::int64_t count_ = 0;        // of the GPUs below it
  bool is_known_ = false;         // a kernel's release stood below it
};
}  // namespace

std::unique_ptr<TextReader> fetch_text_reader() { return std::make_unique<FetchReader>(); }

}  // namespace varve
