// nvidia-smi -L, and nvidia-container-cli info:
//   GPU 0: NVIDIA A100 80GB PCIe (UUID: GPU-932bfb2c-849a-2a22-1e84-9eff6bc02b39)
//     MIG 3g.40gb     Device  0: (UUID: MIG-0929581a-2be6-5dec-bf34-0954c6c529a6)
//
//   NVRM version:   510.47.03
//   CUDA version:   11.6
//   Device Index:   0
//   Model:          Tesla T4
//   Architecture:   7.5
// UUIDs identify a machine: they are hashed.
#include <fmt/format.h>

#include "base/redact.h"
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr const char* kCliName = "nvidia-container-cli";

class SmiListReader : public TextReader {
 public:
  static constexpr const char* kName = "nvidia-smi -L";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0, cli_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 512);
    if (text.starts_with("GPU ")) return take_gpu(text, line, declared);
    if (begin_ != 0 && trim(text).starts_with("MIG ")) return take_part(declared);
    return take_cli(text, line, declared);
  }

 private:
  bool take_gpu(std::string_view text, const TextLine& line, Declared& declared);
  bool take_part(Declared& declared) const;
  bool take_cli(std::string_view text, const TextLine& line, Declared& declared);

  std::int64_t begin_ = 0, number_ = 0;
  std::int64_t cli_ = 0;  // the line of "NVRM version"
};

bool SmiListReader::take_gpu(std::string_view text, const TextLine& line, Declared& declared) {
  const std::size_t uuid = text.find(" (UUID: ");
  const auto number = leading_number(text.substr(4));
  const auto name = behind(text, ": ");
  if (uuid == std::string_view::npos || !number || !name) return false;
  if (begin_ == 0 || *number == 0) begin_ = line.number;
  number_ = *number;
  Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), *number);
  if (gpu == nullptr) return true;
  gpu->model = clean_utf8(name->substr(0, name->find(" (UUID: ")), 96);
  const std::string_view id = up_to(text.substr(uuid + 8), ")");
  if (id.size() == 40 && id.starts_with("GPU-")) gpu->uuid = hashed_gpu_id(id);
  return true;
}

// One is listed: the GPU is divided.
bool SmiListReader::take_part(Declared& declared) const {
  if (Gpu* gpu = gpu_in(gpu_list(declared, {kName, begin_}), number_)) gpu->mig = GpuMode{true, true};
  return true;
}

bool SmiListReader::take_cli(std::string_view text, const TextLine& line, Declared& declared) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon > 16) return false;
  const std::string_view key = text.substr(0, colon), value = trim(text.substr(colon + 1));
  if (key == "NVRM version" && value.find(' ') == std::string_view::npos) {
    cli_ = line.number;
    declare_driver(declared, value, {kCliName, line.number});
    return true;
  }
  if (cli_ == 0) return false;
  if (key == "CUDA version") {
    declare_api_level(declared, value, {kCliName, line.number});
    return true;
  }
  if (key == "Device Index") number_ = parse_integer(value).value_or(0);
  Gpu* gpu = gpu_in(gpu_list(declared, {kCliName, cli_}), number_);
  if (gpu == nullptr) return false;
  if (key == "Model") gpu->model = clean_utf8(value, 96);
  if (key == "Architecture") gpu->capability = compute_capability_from(value);
  if (key == "Bus Location") gpu->address = pci_address(value);
  if (key == "GPU UUID" && value.size() == 40) gpu->uuid = hashed_gpu_id(value);
  return key == "Model" || key == "Architecture" || key == "Bus Location" || key == "GPU UUID" ||
         key.starts_with("Device ") || key == "Brand";
}
}  // namespace

std::unique_ptr<TextReader> smi_list_reader() { return std::make_unique<SmiListReader>(); }

}  // namespace varve
