// lspci, lspci -nn, lspci -k and lspci -nnk: the GPUs of NVIDIA's on the bus and the kernel module that holds each.
//   01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)
//   0000:5a:00.0 3D controller: NVIDIA Corporation Device 1db6 (rev a1)
//           Kernel driver in use: nouveau
//   86:00.0 Infiniband controller: Mellanox Technologies MT2910 Family [ConnectX-7]
// Of other makers' cards only that one is there is kept.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
constexpr std::size_t kMostOnBus = 64;

bool is_hexadecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// "01:00.0" and "0000:01:00.0".
bool is_bus_address(std::string_view text) {
  if (text.size() == 12 && text[4] == ':') text.remove_prefix(5);
  return text.size() == 7 && text[2] == ':' && text[5] == '.' && is_hexadecimal(text.substr(0, 2)) &&
         is_hexadecimal(text.substr(3, 2)) && is_digit(text[6]);
}

class LspciReader : public TextReader {
 public:
  static constexpr const char* kName = "lspci";
  const char* name() const override { return kName; }
  void end() override { is_open_ = false; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 512);
    if (text.size() < 12) {
      if (text.empty()) is_open_ = false;
      return false;
    }
    if (text[0] == ' ' || text[0] == '\t') return is_open_ && take_member(trim(text), declared);
    if (!is_hexadecimal(text.substr(0, 2)) || !is_bus_address(up_to(text, " "))) return false;
    is_open_ = false;
    const bool is_card =
        has(text, "VGA compatible controller") || has(text, "3D controller") || has(text, "Display controller");
    if (has(text, "Infiniband controller")) take_adapter(up_to(text, " "), line, declared);
    if (!is_card || !has(text, "NVIDIA")) return true;
    if (declared.on_bus.size() >= kMostOnBus) return true;
    if (declared.on_bus.empty()) declared.on_bus_line = line.number;
    declared.on_bus.push_back(card(text));
    is_open_ = true;
    return true;
  }

 private:
  static Gpu card(std::string_view text);
  // An adapter that only the bus names; ibstat and NCCL call it by the kernel's name (stack_of_text.cc).
  static void take_adapter(std::string_view address, const TextLine& line, Declared& declared) {
    if (declared.adapters.size() >= kMostOnBus) return;
    if (declared.adapters.empty()) declared.adapters_line = line.number;
    declared.adapters.push_back({.name = "on " + std::string(address), .link_layer = "InfiniBand", .gigabits = {}});
  }
  static bool take_member(std::string_view text, Declared& declared) {
    if (const auto module = behind(text, "Kernel driver in use: ")) {
      declared.on_bus.back().bound_driver = clean_utf8(trim(*module), 32);
      return true;
    }
    return text.starts_with("Kernel modules: ") || text.starts_with("Subsystem: ");
  }

  bool is_open_ = false;  // the last card was NVIDIA's, its members follow
};

// The product stands in the last brackets that hold no ids: "GA102 [GeForce RTX 3090]"; where the list of ids is old,
// "Device 2684" alone.
Gpu LspciReader::card(std::string_view text) {
  const std::string_view address = up_to(text, " ");
  Gpu gpu{.address = address.size() == 7 ? "0000:" + std::string(address) : to_lower(address), .vendor = "10de"};
  for (std::size_t at = text.find('['); at != std::string_view::npos; at = text.find('[', at + 1)) {
    const std::string_view inside = up_to(text.substr(at + 1), "]");
    if (inside.starts_with("10de:") && inside.size() == 9) {
      gpu.device = to_lower(inside.substr(5));
    } else if (inside.size() > 4) {
      const std::string_view name = trim(up_to(inside, "/"));
      if (capability_of_product(name)) gpu.model = clean_utf8(name, 96);
    }
  }
  const auto device = behind(text, "NVIDIA Corporation Device ");
  if (gpu.device.empty() && device && is_hexadecimal(device->substr(0, 4))) gpu.device = to_lower(device->substr(0, 4));
  gpu.capability = capability_of_product(gpu.model);
  if (!gpu.capability && !gpu.device.empty()) gpu.capability = capability_of_pci_device(gpu.device);
  return gpu;
}
}  // namespace

std::unique_ptr<TextReader> lspci_reader() { return std::make_unique<LspciReader>(); }

}  // namespace varve
