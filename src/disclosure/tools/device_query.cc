// NVIDIA's sample deviceQuery, and `numba -s`:
//   Device 0: "NVIDIA GeForce RTX 3090"
//     CUDA Driver Version / Runtime Version          12.4 / 11.8
//     CUDA Capability Major/Minor version number:    8.6
//   id 0             b'Tesla T4'                              [SUPPORTED]
//                         Compute Capability: 7.5
// and of the latter its own lines, where no device is listed either:
//   CUDA Device Initialized                       : False
//   CUDA Driver Version                           : 11.6
//   Numba Version                                 : 0.56.4
// The runtime is the sample's own and no toolkit.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
class DeviceQueryReader : public TextReader {
 public:
  static constexpr const char* kName = "deviceQuery";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 512));
    if (text.starts_with("Device ") && text.ends_with('"')) {
      const auto number = leading_number(text.substr(7));
      const auto name = behind(text, ": \"");
      if (!number || !name) return false;
      return open(*number, name->substr(0, name->size() - 1), line, declared);
    }
    if (text.starts_with("id ") && text.find(" b'") != std::string_view::npos && has(text, "SUPPORTED]")) {
      const auto number = leading_number(text.substr(3));
      return number && open(*number, up_to(*behind(text, " b'"), "'"), line, declared);
    }
    if (begin_ == 0) return take_numba(text, line, declared);
    if (text.starts_with("CUDA Driver Version / Runtime Version")) {
      declare_api_level(declared, leading_version(trim(text.substr(37))), {kName, line.number});
      return true;
    }
    const bool is_capability =
        text.starts_with("CUDA Capability Major/Minor version number:") || text.starts_with("Compute Capability:");
    if (!is_capability) return false;
    if (Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), number_)) {
      gpu->capability = compute_capability_from(leading_version(trim(*behind(text, ":"))));
    }
    return true;
  }

 private:
  static bool take_numba(std::string_view text, const TextLine& line, Declared& declared) {
    const auto pair = text.size() > 40 && text.find("  ") < 40 ? key_and_value(text) : std::nullopt;
    if (!pair) return false;
    const auto& [key, value] = *pair;
    if (key == "CUDA Device Initialized") {
      if (value == "False" && declared.asked_gpu_line == 0) declared.asked_gpu_line = line.number;
      return true;
    }
    if (key == "Numba Version") {
      add_package(package_list(declared, {"numba -s", line.number}, ""), "numba", value, line.number);
      return true;
    }
    if (key != "CUDA Driver Version" || leading_version(value).find('.') != 2) return false;
    declare_api_level(declared, leading_version(value), {"numba -s", line.number});
    return true;
  }
  bool open(std::int64_t number, std::string_view model, const TextLine& line, Declared& declared) {
    if (begin_ == 0 || number == 0) begin_ = line.number;
    number_ = number;
    if (Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), number)) gpu->model = clean_utf8(model, 96);
    return true;
  }

  std::int64_t begin_ = 0;  // the first line of this list; 0: none has begun
  std::int64_t number_ = 0;
};
}  // namespace

std::unique_ptr<TextReader> device_query_reader() { return std::make_unique<DeviceQueryReader>(); }

}  // namespace varve
