// cupy.show_config() (cupy/cupy cupyx/_runtime.py); the colons stand below each other:
//   OS                           : Linux-6.14.0-37-generic-x86_64-with-glibc2.35
//   CuPy Version                 : 14.0.0
//   CUDA Root                    : /usr/local/cuda
//   CUDA Build Version           : 12090
//   CUDA Driver Version          : 13000                       (the API level)
//   CUDA Runtime Version         : 12090 (linked to CuPy) / 12000 (locally installed)
//   Device 0 Name                : NVIDIA A100
//   Device 0 Compute Capability  : 80
#include <fmt/format.h>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class CupyConfigReader : public TextReader {
 public:
  static constexpr const char* kName = "cupy.show_config";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0, os_ = {}; }
  bool take(const TextLine& line, Declared& declared) override;

 private:
  bool take_pair(std::string_view key, std::string_view value, const TextLine& line, Declared& declared);
  bool take_device(std::string_view key, std::string_view value, Declared& declared) const;

  std::int64_t begin_ = 0;
  std::string os_, python_;  // that stand before the line that tells that it is CuPy
  std::int64_t os_line_ = 0;
};

bool CupyConfigReader::take_device(std::string_view key, std::string_view value, Declared& declared) const {
  const auto number = leading_number(key.substr(7));
  if (!number) return false;
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), *number);
  if (gpu == nullptr) return true;
  if (key.ends_with(" Name")) gpu->model = clean_utf8(value, 96);
  if (key.ends_with(" Compute Capability")) gpu->capability = compute_capability_from(value);
  if (key.ends_with(" PCI Bus ID")) gpu->address = pci_address(value);
  return true;
}

bool CupyConfigReader::take_pair(std::string_view key, std::string_view value, const TextLine& line,
                                 Declared& declared) {
  const TextPlace place{kName, line.number};
  if (key.starts_with("Device ")) return take_device(key, value, declared);
  DeclaredPackages* list = package_list(declared, {kName, begin_}, "");
  if (key == "NumPy Version" || key == "SciPy Version") {
    if (is_package_version(value)) add_package(list, to_lower(key.substr(0, 5)), value, line.number);
  } else if (key == "Python Version") {
    if (list != nullptr) list->python = leading_version(value);
  } else if (key == "CUDA Root") {
    if (!is_placeholder(value)) declare(declared, "toolkit.active", kept_path(value), place);
  } else if (key == "CUDA Build Version") {
    const auto number = leading_number(value);
    if (number && *number >= 1000 && *number < 1'000'000) {
      declared.package_cuda.insert_or_assign(
          "cupy",
          known_fact(fmt::format("{}.{}", *number / 1000, *number % 1000 / 10), source_at(place), Standing::declared));
    }
  } else if (key == "CUDA Driver Version") {
    declare_api_level(declared, value, place);
  } else if (key == "NVCC PATH" || key == "CuPy Platform") {
    if (has(value, "ROCm")) add_other(declared, "ROCm");
  } else {
    return key.ends_with(" Version") || key.ends_with(" Path") || key.ends_with(" Dirs");
  }
  return true;
}

bool CupyConfigReader::take(const TextLine& line, Declared& declared) {
  const std::size_t colon = line.text.substr(0, 48).find(" : ");
  if (colon == std::string_view::npos || colon > 40) return false;
  const std::string_view key = trim(line.text.substr(0, colon)), value = trim(line.text.substr(colon + 3));
  if (key == "CuPy Version") {
    begin_ = line.number;
    DeclaredPackages* list = package_list(declared, {kName, begin_}, "");
    add_package(list, "cupy", value, line.number);
    if (list != nullptr && !python_.empty()) list->python = python_;
    if (!os_.empty()) declare_platform(declared, os_, {kName, os_line_});
    return true;
  }
  if (begin_ == 0) {
    if (key == "OS" && value.starts_with("Linux-")) os_ = value, os_line_ = line.number, python_ = {};
    if (key == "Python Version") python_ = leading_version(value);
    return false;
  }
  return take_pair(key, value, line, declared);
}
}  // namespace

std::unique_ptr<TextReader> cupy_config_reader() { return std::make_unique<CupyConfigReader>(); }

}  // namespace varve
