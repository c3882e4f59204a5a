#include "binary/version/driver_version.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/read_only_strings_scan.h"

namespace varve {

namespace {
constexpr std::string_view kProfiles = "nvidia-application-profiles-", kBehindVersion = "-rc";
constexpr std::size_t kWholeText = 64;  // more than the whole text

// "535.261.03" of "535.261.03-rc…"; empty: something else.
std::string_view version_before_end(std::string_view text) {
  const std::size_t end = text.find(kBehindVersion);
  if (end == text.npos) return {};
  const std::string_view version = text.substr(0, end);
  const auto dots = std::count(version.begin(), version.end(), '.');
  const bool is_version = (dots == 1 || dots == 2) && is_digit(version.front()) && is_digit(version.back()) &&
                          std::all_of(version.begin(), version.end(), [](char c) { return is_digit(c) || c == '.'; });
  return is_version ? version : std::string_view();
}
}  // namespace

std::optional<std::string> driver_version_in_texts(const FileReader& reader) {
  const auto ranges = read_only_ranges(reader, "libcuda");
  if (!ranges) return std::nullopt;
  std::string found;
  for (const ReadOnlyRange& range : *ranges) {
    scan_range(reader, range.offset, range.size, kWholeText, [&](const ScanWindow& window) {
      for (std::size_t at = find_bytes(window.bytes, kProfiles, window.begin); at < window.end && found.empty();
           at = find_bytes(window.bytes, kProfiles, at + 1)) {
        found = version_before_end(window.bytes.substr(at + kProfiles.size(), kWholeText - kProfiles.size()));
      }
      return found.empty();
    });
    if (!found.empty()) return found;
  }
  return std::nullopt;
}

}  // namespace varve
