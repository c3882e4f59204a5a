// inxi -Gx, inxi -F:
//   Graphics:  Device-1: NVIDIA GP104 [GeForce GTX 1080] vendor: ASUSTeK driver: nvidia v: 430.40 bus ID: 01:00.0
//   System:    Kernel: 6.5.0-15-generic x86_64 bits: 64 Desktop: Cinnamon Distro: Linux Mint 21.3 Virginia
// (smxi/inxi#191.) Host names and serial numbers stand in it too: nothing but these values is kept.
#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostInxiLine = 400;
constexpr std::int64_t kMostInxiCards = 64;

// "GeForce RTX 3060 Lite Hash Rate": as many of the words as are a product.
std::string product_of_words(std::string_view name) {
  while (!name.empty() && !written_product(name)) name = trim(name.substr(0, name.rfind(' ') + 1));
  return std::string(name);
}

class InxiReader : public TextReader {
 public:
  static constexpr const char* kName = "inxi";
  const char* name() const override { return kName; }
  void end() override { devices_ = count_ = 0; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() > kMostInxiLine) return false;
    if (holds(line, "Device-") && holds(line, ": NVIDIA ") && holds(line, "driver: ")) {
      take_device(line, declared);
      return true;
    }
    return holds(line, "Kernel: ") && holds(line, " bits: ") && take_system(line, declared);
  }

 private:
  void take_device(const TextLine& line, Declared& declared) {
    const auto name = count_ < kMostInxiCards ? behind(line.text, "[") : std::nullopt;
    const std::string product = name ? product_of_words(trim(up_to(*name, "]/"))) : std::string();
    if (devices_ == 0) devices_ = line.number;
    Gpu* gpu = product.empty() ? nullptr : gpu_in(gpu_list(declared, {kName, devices_}), count_++);
    if (gpu != nullptr) {
      gpu->model = clean_utf8(product, 96);
      gpu->capability = written_product(product);
    }
    if (const auto version = behind(line.text, "driver: nvidia v: "); version) {
      declare_driver(declared, *version, {kName, line.number});
    }
  }
  static bool take_system(const TextLine& line, Declared& declared) {
    const std::string_view release = up_to(*behind(line.text, "Kernel: "), " ");
    if (!is_package_version(release) || std::count(release.begin(), release.end(), '.') < 2) return false;
    declare(declared, "os.kernel.release", std::string(release), {kName, line.number});
    const auto distro = behind(line.text, " Distro: ");
    if (distro && distro->find_first_of("0123456789") != std::string_view::npos) {
      declare(declared, "os.name", clean_utf8(trim(distro->substr(0, distro->find(" base: "))), 64),
              {kName, line.number});
    }
    return true;
  }

  std::int64_t devices_ = 0, count_ = 0;  // where the list begins; how many there are
};
}  // namespace

std::unique_ptr<TextReader> inxi_reader() { return std::make_unique<InxiReader>(); }

}  // namespace varve
