// What is told of the driver's kernel module where it does not run: modinfo nvidia, dkms status, mokutil --sb-state,
// lsmod, and that nvidia-smi reaches none.
//   version:        580.105.08                              (below "filename: …/nvidia.ko")
//   nvidia/550.90.07, 6.8.0-45-generic, x86_64: installed
//   nvidia, 470.86, 5.11.0-40-generic, x86_64: installed     (before dkms 3)
//   SecureBoot enabled
//   nouveau              2494464  0                          (lsmod)
//   /lib/modules/3.13.0-88-generic/kernel/drivers/video/nvidia.ko                 (find)
//   Installed Driver: nvidia-driver-580-open (version 580.82.09)
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostKernels = 32;

class ModuleTextReader : public TextReader {
 public:
  static constexpr const char* kName = "kernel module";
  const char* name() const override { return kName; }
  void end() override {
    is_modinfo_ = false;
    is_asked_ = false;
  }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 256));
    if (text.empty()) return false;
    if (holds(line, "nvidia-driver-") && holds(line, "-open")) take_open_package(text, line, declared);
    if (text.starts_with("/lib/modules/") && has(text, "/nvidia.ko")) return take_file(text, line, declared);
    switch (text[0]) {
      case 'N':
        if (!text.starts_with("NVIDIA-SMI has failed because it couldn")) return false;
        if (declared.no_kernel_driver_line == 0) declared.no_kernel_driver_line = line.number;
        return true;
      case 'S':
        if (text != "SecureBoot enabled" && text != "SecureBoot disabled") return false;
        declare(declared, "os.secure_boot", text.ends_with("enabled") ? "on" : "off", {kName, line.number});
        return true;
      case 'n':
        return take_dkms(text, line, declared) || take_loaded(text, line, declared);
      default:
        return take_modinfo(text, line, declared);
    }
  }

 private:
  static void take_open_package(std::string_view text, const TextLine& line, Declared& declared);
  static bool take_file(std::string_view text, const TextLine& line, Declared& declared);
  static bool take_dkms(std::string_view text, const TextLine& line, Declared& declared);
  static bool take_loaded(std::string_view text, const TextLine& line, Declared& declared);
  bool take_modinfo(std::string_view text, const TextLine& line, Declared& declared);

  bool is_modinfo_ = false;  // the lines of nvidia.ko follow
  bool is_asked_ = false;    // "modinfo -F version nvidia" stands above
};

void add_kernel(std::string_view release, const TextLine& line, Declared& declared) {
  std::vector<std::string>& kernels = declared.module_kernels;
  const std::string kernel = clean_utf8(release, 96);
  if (std::find(kernels.begin(), kernels.end(), kernel) != kernels.end() || kernels.size() >= kMostKernels) return;
  if (kernels.empty()) declared.module_kernels_line = line.number;
  kernels.push_back(kernel);
}

// "Installed Driver: nvidia-driver-580-open (version 580.82.09)", where somebody says that it is installed.
void ModuleTextReader::take_open_package(std::string_view text, const TextLine& line, Declared& declared) {
  for (const std::string_view mark : {"hould", "nstead", "try ", "Try ", " not ", "n't ", "?", "sudo ", "apt "}) {
    if (has(text, mark)) return;
  }
  if (!has(text, "nstalled") && !has(text, "nstalls")) return;
  const std::string_view branch = leading_version(*behind(text, "nvidia-driver-"));
  const auto rest = behind(text, "-open");
  if (branch.size() != 3 || !behind(text, "nvidia-driver-")->substr(3).starts_with("-open")) return;
  const auto number = rest ? behind(*rest, "version ") : std::nullopt;
  const std::string_view version = number ? leading_version(*number) : std::string_view();
  const bool is_whole = version.starts_with(branch) && version.size() > 4;
  declare(declared, "driver.kernel_mode.installed", std::string(is_whole ? version : branch), {kName, line.number},
          "open module");
}

// find /lib/modules -name "*nvidia*"
bool ModuleTextReader::take_file(std::string_view text, const TextLine& line, Declared& declared) {
  add_kernel(up_to(text.substr(13), "/"), line, declared);
  declared.is_dkms = true;
  return true;
}

bool ModuleTextReader::take_dkms(std::string_view text, const TextLine& line, Declared& declared) {
  if (!text.starts_with("nvidia") || !has(text, ", ") || text.rfind(": ") == std::string_view::npos) return false;
  std::vector<std::string_view> parts = split(text.substr(0, text.rfind(": ")), ',');
  for (std::string_view& part : parts) part = trim(part);
  const std::size_t slash = parts[0].find('/');
  std::string_view version =
      slash == std::string_view::npos ? (parts.size() > 1 ? parts[1] : "") : parts[0].substr(slash + 1);
  const std::size_t at = slash == std::string_view::npos ? 2 : 1;
  if (!is_package_version(version) || parts.size() <= at || !is_package_version(parts[at])) return false;
  const bool is_installed = has(text.substr(text.rfind(": ")), "installed");
  if (!is_installed) return true;  // "added", "built": no kernel has it
  declare(declared, "driver.kernel_mode.installed", std::string(version), {kName, line.number}, "dkms");
  declared.is_dkms = true;
  add_kernel(parts[at], line, declared);
  return true;
}

// Name, size and users; the header is often left out.
bool ModuleTextReader::take_loaded(std::string_view text, const TextLine& line, Declared& declared) {
  const std::vector<std::string_view> words = split_words(text);
  if (words.size() < 3 || !parse_integer(words[1]) || !parse_integer(words[2])) return false;
  if (words[0] == "nouveau" && declared.nouveau_line == 0) declared.nouveau_line = line.number;
  if (words[0] == "nvidia" && declared.nvidia_module_line == 0) declared.nvidia_module_line = line.number;
  return words[0] == "nouveau" || words[0].starts_with("nvidia");
}

bool ModuleTextReader::take_modinfo(std::string_view text, const TextLine& line, Declared& declared) {
  if (holds(line, "modinfo -F version nvidia")) is_asked_ = true;
  const TextPlace place{kName, line.number};
  if (is_asked_ && leading_version(text) == text && text.size() > 5 && text[3] == '.') {
    is_asked_ = false;
    declare(declared, "driver.kernel_mode.installed", std::string(text), place);
    return true;
  }
  if (text.starts_with("filename:")) {
    is_modinfo_ = has(text, "/nvidia.ko") || has(text, "/nvidia-current.ko");
    const auto kernel = is_modinfo_ ? behind(text, "/lib/modules/") : std::nullopt;
    if (kernel && declared.module_kernels.empty()) {
      declared.module_kernels_line = line.number;
      declared.module_kernels.push_back(clean_utf8(up_to(*kernel, "/"), 96));
    }
    return is_modinfo_;
  }
  if (!is_modinfo_) return false;
  const auto pair = key_and_value(text);
  if (!pair) return false;
  if (pair->first == "version") {
    declare(declared, "driver.kernel_mode.installed", std::string(pair->second), place);
  } else if (pair->first == "license") {
    const auto installed = declared.facts.find("driver.kernel_mode.installed");
    if (installed != declared.facts.end()) {
      installed->second.detail = pair->second == "NVIDIA" ? "proprietary module" : "open module";
    }
  } else if (pair->first == "signer") {
    declare(declared, "driver.kernel_mode.signature", "signed", place);
  }
  return true;
}
}  // namespace

std::unique_ptr<TextReader> module_text_reader() { return std::make_unique<ModuleTextReader>(); }

}  // namespace varve
