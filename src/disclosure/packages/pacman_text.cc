// pacman -Q and -Qi, of the packages of a driver (Arch Linux wiki, NVIDIA):
//   nvidia-open-dkms 570.86.16-2                 local/nvidia-utils 550.54.14-1                 lib32-nvidia-utils
//   550.54.14-1
// What `pacman -Ss` finds in a repository is there where it says "[installed]".
#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
// "nvidia", "nvidia-dkms", "nvidia-open", "nvidia-580xx-dkms", "linux-cachyos-nvidia-open", "nvidia-utils".
bool is_driver_package(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"nvidia", "nvidia-dkms", "nvidia-lts", "nvidia-open", "nvidia-open-dkms", "nvidia-open-lts", "nvidia-utils",
       "opencl-nvidia", "lib32-nvidia-utils", "lib32-opencl-nvidia", "nvidia-beta", "nvidia-beta-dkms"});
  if (is_among(name, kNames)) return true;
  const bool is_branch = name.starts_with("nvidia-") && name.size() > 11 && name.substr(10, 2) == "xx";
  return is_branch && (name.ends_with("-dkms") || name.ends_with("-utils") || name.size() == 12);
}

class PacmanReader : public TextReader {
 public:
  const char* name() const override { return "pacman"; }
  bool take(const TextLine& line, Declared& declared) override {
    if (line.text.size() > 120 || !holds(line, "nvidia")) return false;
    std::vector<std::string_view> words = split_words(line.text);
    if (words.size() < 2 || words.size() > 4) return false;
    std::string_view name = words[0];
    const std::size_t slash = name.find('/');
    const bool is_marked = words.size() > 2 && line.text.ends_with("]") && has(line.text, " [installed");
    if (slash != std::string_view::npos && name.substr(0, slash) != "local" && !is_marked) return false;
    if (slash == std::string_view::npos && words.size() != 2) return false;
    name = name.substr(slash == std::string_view::npos ? 0 : slash + 1);
    const std::string_view number = leading_version(words[1]), release = words[1].substr(number.size());
    const bool is_release = release.starts_with('-') && release.size() > 1 && release.size() < 6 &&
                            leading_version(release.substr(1)) == release.substr(1);
    if (!is_driver_package(name) || !is_release || number.find('.') != 3) return false;
    add_system_package(declared, "pacman", name, words[1], line.number);
    return true;
  }
};
}  // namespace

std::unique_ptr<TextReader> pacman_reader() { return std::make_unique<PacmanReader>(); }

}  // namespace varve
