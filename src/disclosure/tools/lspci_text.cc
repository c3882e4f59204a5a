// lspci, lspci -nn, lspci -k and lspci -nnk: the GPUs of NVIDIA's on the bus and the kernel module that holds each.
//   01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)
//   0000:5a:00.0 3D controller: NVIDIA Corporation Device 1db6 (rev a1)
//           Kernel driver in use: nouveau
//   00:03.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge        (-vvv, as root)
//           Bus: primary=00, secondary=41, subordinate=41, sec-latency=0
//                   ACSCtl: SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
//   86:00.0 Infiniband controller: Mellanox Technologies MT2910 Family [ConnectX-7]
// Of other makers' cards only that one is there is kept. Of "lspci -vvv | grep ACSCtl" that something redirects.
#include <iterator>

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

std::string full_address(std::string_view address) {
  return address.size() == 7 ? "0000:" + to_lower(address) : to_lower(address);
}

class LspciReader : public TextReader {
 public:
  static constexpr const char* kName = "lspci";
  const char* name() const override { return kName; }
  void end() override { open_ = Open::none; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 512);
    if (text.size() < 12) {
      if (text.empty()) open_ = Open::none;
      return false;
    }
    if (holds(line, "ACSCtl:")) return take_redirect(text, line, declared);
    if (text[0] == ' ' || text[0] == '\t') {
      return open_ == Open::bridge ? take_bus(text, declared)
                                   : open_ == Open::card && take_member(trim(text), declared);
    }
    if (!is_hexadecimal(text.substr(0, 2)) || !is_bus_address(up_to(text, " "))) return false;
    open_ = has(text, " bridge: ") ? Open::bridge : Open::other;
    if (open_ == Open::bridge) bridge_ = {.address = full_address(up_to(text, " "))};
    const bool is_card =
        has(text, "VGA compatible controller") || has(text, "3D controller") || has(text, "Display controller");
    if (has(text, "Infiniband controller")) take_adapter(up_to(text, " "), line, declared);
    if (!is_card || !has(text, "NVIDIA")) return true;
    if (declared.on_bus.size() >= kMostOnBus) return true;
    if (declared.on_bus.empty()) declared.on_bus_line = line.number;
    declared.on_bus.push_back(card(text));
    open_ = Open::card;
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
    if (text.starts_with("LnkCap:") || text.starts_with("LnkSta:")) return take_link(text, declared.on_bus.back());
    if (const auto module = behind(text, "Kernel driver in use: ")) {
      declared.on_bus.back().bound_driver = clean_utf8(trim(*module), 32);
      return true;
    }
    return text.starts_with("Kernel modules: ") || text.starts_with("Subsystem: ");
  }

  static bool take_link(std::string_view text, Gpu& card);
  bool take_bus(std::string_view text, Declared& declared);
  bool take_redirect(std::string_view text, const TextLine& line, Declared& declared);

  enum class Open { none, card, bridge, other };
  Open open_ = Open::none;  // whose members follow: a card of NVIDIA's, a bridge
  ListedBridge bridge_;
};

// "LnkSta: Speed 2.5GT/s (downgraded), Width x4 (downgraded)": what the link has at best (LnkCap) and now.
bool LspciReader::take_link(std::string_view text, Gpu& card) {
  const auto width = behind(text, "Width x");
  const auto lanes = width ? leading_number(*width) : std::nullopt;
  const auto speed = behind(text, "Speed ");
  if (!lanes || *lanes < 1 || *lanes > 32 || !speed) return false;
  PcieLink link{.lanes = *lanes};
  constexpr std::string_view kSpeeds[] = {"2.5GT/s", "5GT/s", "8GT/s", "16GT/s", "32GT/s", "64GT/s"};  // of PCIe 1 to 6
  for (std::size_t i = 0; i < std::size(kSpeeds); ++i) {
    if (speed->starts_with(kSpeeds[i])) link.generation = static_cast<std::int64_t>(i) + 1;
  }
  if (link.generation > 0) (text.starts_with("LnkCap:") ? card.pcie_max : card.pcie) = link;
  return true;
}

// The numbers of buses are hexadecimal.
bool LspciReader::take_bus(std::string_view text, Declared& declared) {
  const auto first = behind(text, "secondary="), last = behind(text, "subordinate=");
  if (!first || !last) return false;
  const auto begin = parse_integer(up_to(*first, ","), 16), end = parse_integer(up_to(*last, ","), 16);
  if (begin && end) bridge_.first_bus = *begin, bridge_.last_bus = *end;
  for (ListedBridge& known : declared.bridges) {
    if (known.address == bridge_.address) known = bridge_;
  }
  return true;
}

bool LspciReader::take_redirect(std::string_view text, const TextLine& line, Declared& declared) {
  if (open_ == Open::card || open_ == Open::other) return true;  // an endpoint's own
  if (!has(text, "ReqRedir+") && !has(text, "CmpltRedir+")) return true;
  if (declared.bridges.empty()) declared.bridges_line = line.number;
  if (declared.bridges.size() < kMostOnBus)
    declared.bridges.push_back(open_ == Open::bridge ? bridge_ : ListedBridge{});
  return true;
}

// The product stands in the last brackets that hold no ids: "GA102 [GeForce RTX 3090]"; where the list of ids is old,
// "Device 2684" alone.
Gpu LspciReader::card(std::string_view text) {
  const std::string_view address = up_to(text, " ");
  Gpu gpu{.address = full_address(address), .vendor = "10de"};
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
