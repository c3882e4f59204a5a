// lshw -C display: the GPUs of NVIDIA's and the kernel module that holds each.
//   *-display
//        description: 3D controller
//        product: GA107M [GeForce RTX 3050 Mobile]
//        vendor: NVIDIA Corporation
//        bus info: pci@0000:01:00.0
//        configuration: depth=32 driver=nouveau latency=0
// Lines between these say nothing that is kept.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
constexpr std::size_t kMostCards = 64;
constexpr std::int64_t kCardReach = 20;  // lines of one device

class LshwReader : public TextReader {
 public:
  static constexpr const char* kName = "lshw";
  const char* name() const override { return kName; }
  void end() override { begin_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = trim(line.text.substr(0, 512));
    if (const auto kind = behind(text, "description: "); kind && text.starts_with("description: ")) {
      const bool is_card =
          kind->starts_with("VGA compatible") || kind->starts_with("3D contr") || kind->starts_with("Display contr");
      begin_ = is_card ? line.number : 0;
      card_ = {};
      is_ours_ = false;
      return is_card;
    }
    if (begin_ == 0 || line.number - begin_ > kCardReach) return false;
    const auto pair = key_and_value(text);
    if (!pair) return false;
    const auto& [key, value] = *pair;
    if (key == "product") {
      const auto inside = behind(value, "[");
      card_.model = clean_utf8(trim(up_to(inside ? *inside : value, "]/")), 96);
      card_.capability = capability_of_product(card_.model);
    } else if (key == "vendor") {
      is_ours_ = value.starts_with("NVIDIA");
    } else if (key == "bus info") {
      if (const auto address = behind(value, "pci@")) card_.address = to_lower(*address);
    } else if (key == "configuration") {
      take_driver(value, line, declared);
    }
    return true;
  }

 private:
  // "driver=nouveau": of a card that nothing holds there is no such word, and nothing is concluded.
  void take_driver(std::string_view value, const TextLine& line, Declared& declared) {
    begin_ = 0;
    const auto driver = behind(value, "driver=");
    if (!is_ours_ || !driver || card_.address.empty() || declared.on_bus.size() >= kMostCards) return;
    if (declared.on_bus.empty()) declared.on_bus_line = line.number;
    card_.vendor = "10de";
    card_.bound_driver = clean_utf8(up_to(*driver, " "), 32);
    declared.on_bus.push_back(card_);
  }

  std::int64_t begin_ = 0;  // where the card's lines begin; 0: they are none of a card's
  Gpu card_;
  bool is_ours_ = false;  // of NVIDIA's
};
}  // namespace

std::unique_ptr<TextReader> lshw_reader() { return std::make_unique<LshwReader>(); }

}  // namespace varve
