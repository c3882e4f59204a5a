#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// A version of numbers between dots: drivers, CUDA releases, libraries. "550.54.15", "12.4", "9".
struct DottedVersion {
  std::vector<int> parts;    // at least one
  std::string written = {};  // the text it was read from, "550.54.014"; empty for one that was put together

  int major() const { return parts.empty() ? 0 : parts[0]; }
  int minor() const { return parts.size() < 2 ? 0 : parts[1]; }

  // Number by number; missing ones count as zero, so "12" and "12.0" are the same.
  std::strong_ordering operator<=>(const DottedVersion& other) const;
  bool operator==(const DottedVersion& other) const { return (*this <=> other) == 0; }
};

// The numbers at the start of the text, up to the first thing that is none: "2.15.0+cu132" is 2.15.0, "13.2.86 (V13…)"
// is 13.2.86, "1.13.0a0" is 1.13.0. At most eight numbers of at most nine digits. Nothing when it starts with no digit.
std::optional<DottedVersion> dotted_version_from(std::string_view text);

// As it was read, its zeros too ("570.124.06"), or its numbers between dots.
std::string to_string(const DottedVersion& version);

// Whether the version is within what is written: a comma is "and", each piece has one of < <= > >= == != before it, or
// is a version whose numbers the given one starts with ("12.1" holds for 12.1.3). Empty: always.
bool is_within(const DottedVersion& version, std::string_view range);

}  // namespace varve
