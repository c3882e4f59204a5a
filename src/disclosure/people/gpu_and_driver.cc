// One value for a GPU and its driver, as forms ask for ("GPU Model/Driver", "GPU / Driver"):
//   Tesla T4 / 495.29.05          RTX 2080ti 440.64          NVIDIA GTX 1080 Ti / nvidia-580xx-dkms 580.173.02
//   GeForce RTX 3090 (driver 535.104.05)
#include "disclosure/people/gpu_and_driver.h"

#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/people/spoken_products.h"

namespace varve {

namespace {
bool is_about_driver(std::string_view word) {
  constexpr auto kAbout =
      std::to_array<std::string_view>({"/", "-", "|", "+", "driver", "drivers", "version", "with", "on", "and", ""});
  const std::string lower = to_lower(bare_word(word));
  return is_among(lower, kAbout) || lower.starts_with("nvidia");
}
}  // namespace

GpuAndDriver gpu_and_driver(std::string_view value) {
  const SpokenWords words = split_words(value);
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view number = driver_number(words[i]);
    if (number.empty()) continue;
    std::size_t last = i;  // the first word that is not the GPU's
    while (last > 1 && is_about_driver(words[last - 1])) --last;
    const char* const end = words[last - 1].data() + words[last - 1].size();
    std::string_view gpu = value.substr(0, static_cast<std::size_t>(end - value.data()));
    while (!gpu.empty() && std::string_view(" ,;/(-").find(gpu.back()) != std::string_view::npos) gpu.remove_suffix(1);
    return {gpu, number};
  }
  return {value, {}};
}

}  // namespace varve
