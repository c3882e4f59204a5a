#include "kernels/formats/verbose_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace varve {

VerboseLibrary verbose_library(std::string_view line) {
  static constexpr std::array<std::pair<std::string_view, VerboseLibrary>, 4> kMarkers{{
      {"onednn_verbose,", VerboseLibrary::onednn},
      {"dnnl_verbose,", VerboseLibrary::onednn},
      {"mkldnn_verbose,", VerboseLibrary::onednn},
      {"MKL_VERBOSE ", VerboseLibrary::mkl},
  }};
  const auto found = std::find_if(kMarkers.begin(), kMarkers.end(),
                                  [&](const auto& marker) { return line.starts_with(marker.first); });
  return found == kMarkers.end() ? VerboseLibrary::none : found->second;
}

VerboseLibrary first_verbose_library(std::span<const std::byte> beginning) {
  std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  while (!text.empty()) {
    if (const VerboseLibrary library = verbose_library(text); library != VerboseLibrary::none) return library;
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return VerboseLibrary::none;
}

}  // namespace varve
