// What programs print of the driver and of the devices that they were given:
//   hashcat       * Device #1: NVIDIA GeForce RTX 2070 SUPER, 7360/8192 MB (2048 MB allocatable), 40MCU
//   hashcat -I        Name...........: NVIDIA GeForce GTX 1060 6GB          Driver.Version.: 516.94
//   an OpenCL list    CL_DEVICE_NAME: NVIDIA GeForce RTX 2070 SUPER         CL_DRIVER_VERSION: 465.89
//   nccl-tests    #  Rank  0 Group  0 Pid  26327 on host device  0 [0xc1] NVIDIA RTX A6000
//   CUDA.jl       NVIDIA driver 515.86.1, for CUDA 11.7          CUDA driver 11.7
//                 - Quadro RTX 5000 (14.251 GiB, sm_75)
//   images of NGC ERROR: This container was built for NVIDIA Driver Release 450.36 or later, but
//                        version 440.100 was detected and compatibility mode is UNAVAILABLE.
//                   Using CUDA 12.6 driver version 560.35.03 with kernel driver version 550.120.
//   vLLM          vLLM API server version 0.7.0                  Initializing a V1 LLM engine (v0.8.5) with config
//                 Detected different devices in the system: NVIDIA GeForce RTX 5090, NVIDIA GeForce RTX 3090. Please …
// (public issues of hashcat, NCCL, CUDA.jl, Triton, vLLM.) Only devices that are known as products of NVIDIA's.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostLine = 400;

// Julia leaves out zeros at the front of parts: "515.86.1" is 515.86.01.
std::string whole_driver(std::string_view version) {
  std::string number(leading_version(version));
  const std::size_t dot = number.rfind('.');
  if (dot == std::string::npos || number.find('.') != 3) return {};
  if (dot != 3 && dot + 2 == number.size()) number.insert(dot + 1, "0");
  return number;
}

class ProgramLinesReader : public TextReader {
 public:
  static constexpr const char* kName = "program";
  const char* name() const override { return kName; }
  void end() override { devices_ = count_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() < 12 || line.text.size() > kMostLine) return false;
    const auto names = [&](const SoughtText& part) { return holds(line, part); };
    // Each part begins with a rare letter: most lines are looked at by memchr alone.
    if (names("Device #") || names("CL_D") || names("Name....") || names("Driver.Version.") || names("[0x")) {
      return take_device(line, declared);
    }
    if (names("VIDIA driver ") || names("UDA driver ") || names("kernel driver version ") ||
        names("detected and compat")) {
      return take_driver(line, declared);
    }
    if (names("GiB") && names("sm_")) return take_julia(line, declared);
    if (names("LLM ") && (names("server version ") || names("engine (v"))) return take_vllm(line, declared);
    if (names("Detected different devices in the system: ")) return take_different(line, declared);
    return false;
  }

 private:
  // vLLM names each kind once: there is at least one of each.
  bool take_different(const TextLine& line, Declared& declared) {
    std::string_view rest = *behind(line.text, "in the system: ");
    rest = rest.substr(0, rest.find(". "));
    devices_ = 0;
    std::int64_t number = 0;
    bool any = false;
    for (const std::string_view piece : split(rest, ',')) {
      if (!add(trim(piece), number, line, declared)) continue;
      ++number;
      any = true;
    }
    devices_ = 0;
    return any;
  }
  bool add(std::string_view model, std::int64_t number, const TextLine& line, Declared& declared);
  bool take_device(const TextLine& line, Declared& declared);
  static bool take_driver(const TextLine& line, Declared& declared);
  bool take_julia(const TextLine& line, Declared& declared);
  static bool take_vllm(const TextLine& line, Declared& declared);

  std::int64_t devices_ = 0, count_ = 0;  // where the list begins; devices without a number
  std::string host_;                      // of nccl-tests: those of the first alone
};

bool ProgramLinesReader::add(std::string_view model, std::int64_t number, const TextLine& line, Declared& declared) {
  model = trim(model);
  if (!is_brand(model) || !written_product(model)) return false;
  if (devices_ == 0) devices_ = line.number;
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, devices_}), number);
  if (gpu == nullptr) return false;
  if (gpu->model.empty()) gpu->model = clean_utf8(model, 96);
  gpu->capability = written_product(model);
  return true;
}

bool ProgramLinesReader::take_device(const TextLine& line, Declared& declared) {
  const std::string_view text = trim(line.text);
  if (text.starts_with("* Device #")) {
    const auto number = leading_number(text.substr(10));
    const auto rest = behind(text, ": ");
    if (!number || *number < 1 || !rest || !has(*rest, " MB")) return false;
    return add(up_to(*rest, ","), *number - 1, line, declared);
  }
  for (const std::string_view key : {"CL_DEVICE_NAME:", "- CL_DEVICE_NAME:", "Name...........:"}) {
    if (text.starts_with(key)) return add(text.substr(key.size()), count_++, line, declared);
  }
  for (const std::string_view key : {"CL_DRIVER_VERSION:", "- CL_DRIVER_VERSION:", "Driver.Version.:"}) {
    if (!text.starts_with(key)) continue;
    const std::string_view version = trim(text.substr(key.size()));
    if (leading_version(version) != version || version.find('.') != 3) return false;
    declare_driver(declared, version, {kName, line.number});
    return true;
  }
  if (!text.starts_with('#') || !has(text, " Rank ")) return false;
  const std::size_t device = text.find(" device ");
  const auto model = device == std::string_view::npos ? std::nullopt : behind(text.substr(device), "] ");
  const auto number = device == std::string_view::npos ? std::nullopt : leading_number(trim(text.substr(device + 8)));
  const std::size_t on = text.find(" on ");
  if (!model || !number || on == std::string_view::npos || on > device) return false;
  const std::string_view host = trim(text.substr(on + 4, device - on - 4));
  if (host_.empty()) host_ = host;
  return host == host_ && add(*model, *number, line, declared);
}

bool ProgramLinesReader::take_driver(const TextLine& line, Declared& declared) {
  const std::string_view text = line.text;
  const TextPlace place{kName, line.number};
  if (const auto kernel = behind(text, " with kernel driver version "); kernel && has(text, "Using CUDA ")) {
    const auto user = behind(text, "driver version ");
    declare(declared, "driver.kernel_mode.version", whole_driver(*kernel), place);
    declare(declared, "driver.user_mode.version", whole_driver(*user), place);
    declare(declared, "driver.user_mode.role", "compat", place);
    return true;
  }
  if (const std::size_t end = text.find(" was detected and compatibility mode is "); end != std::string_view::npos) {
    const std::size_t begin = text.rfind("version ", end);
    if (begin == std::string_view::npos) return false;
    const std::string driver = whole_driver(text.substr(begin + 8, end - begin - 8));
    if (!driver.empty()) declare_driver(declared, driver, place);
    return !driver.empty();
  }
  if (text.starts_with("NVIDIA driver ") && has(text, ", for CUDA ")) {
    const std::string driver = whole_driver(text.substr(14));
    if (!driver.empty()) declare_driver(declared, driver, place);
    return !driver.empty();
  }
  constexpr std::string_view kLevel = "CUDA driver ";
  if (!text.starts_with(kLevel)) return false;
  const std::string_view level = leading_version(text.substr(kLevel.size()));
  if (level.size() != text.size() - kLevel.size() || level.find('.') == std::string_view::npos) return false;
  declare_api_level(declared, level.substr(0, level.find('.', level.find('.') + 1)), place);
  return true;
}

bool ProgramLinesReader::take_julia(const TextLine& line, Declared& declared) {
  std::string_view text = trim(line.text);
  if (!text.ends_with(')') || !(has(text, ", sm_") || has(text, "(sm_"))) return false;
  const auto number = leading_number(text);
  text = text.starts_with("- ") ? text.substr(2)
         : number               ? text.substr(std::min(text.find(": "), text.size() - 2) + 2)
                                : std::string_view();
  const bool is_taken = add(up_to(text, "("), number ? *number : count_, line, declared);
  if (is_taken && !number) ++count_;
  return is_taken;
}

bool ProgramLinesReader::take_vllm(const TextLine& line, Declared& declared) {
  auto version = behind(line.text, "vLLM API server version ");
  if (!version) version = behind(line.text, "LLM engine (v");
  const std::string_view number = version ? up_to(*version, ") ,") : std::string_view();
  if (!is_package_version(number) || number.find('.') == std::string_view::npos || has(number, "dev")) return false;
  add_package(package_list(declared, {"vLLM", line.number}, ""), "vllm", number, line.number);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> program_lines_reader() { return std::make_unique<ProgramLinesReader>(); }

}  // namespace varve
