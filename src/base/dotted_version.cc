#include "base/dotted_version.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostParts = 8, kMostDigits = 9;

bool starts_with(const DottedVersion& version, const DottedVersion& start) {
  for (std::size_t i = 0; i < start.parts.size(); ++i) {
    if (i >= version.parts.size() || version.parts[i] != start.parts[i]) return false;
  }
  return true;
}

bool is_within_piece(const DottedVersion& version, std::string_view piece) {
  const std::size_t digits = piece.find_first_of("0123456789");
  const std::string_view sign = trim(piece.substr(0, std::min(digits, piece.size())));
  const std::optional<DottedVersion> bound = dotted_version_from(piece.substr(sign.size()));
  if (!bound) return false;
  if (sign == "<") return version < *bound;
  if (sign == "<=") return version <= *bound;
  if (sign == ">") return version > *bound;
  if (sign == ">=") return version >= *bound;
  if (sign == "==") return version == *bound;
  if (sign == "!=") return version != *bound;
  return sign.empty() && starts_with(version, *bound);
}
}  // namespace

std::strong_ordering DottedVersion::operator<=>(const DottedVersion& other) const {
  const std::size_t longest = std::max(parts.size(), other.parts.size());
  for (std::size_t i = 0; i < longest; ++i) {
    const int mine = i < parts.size() ? parts[i] : 0;
    const int theirs = i < other.parts.size() ? other.parts[i] : 0;
    if (mine != theirs) return mine <=> theirs;
  }
  return std::strong_ordering::equal;
}

std::optional<DottedVersion> dotted_version_from(std::string_view text) {
  text = trim(text);
  const std::string_view whole = text;
  std::size_t read = 0;  // bytes of it
  DottedVersion version;
  while (!text.empty() && is_digit(text[0]) && version.parts.size() < kMostParts) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    if (end > kMostDigits) return std::nullopt;
    version.parts.push_back(static_cast<int>(parse_integer(text.substr(0, end)).value_or(0)));
    text.remove_prefix(end);
    read = whole.size() - text.size();
    if (text.size() < 2 || text[0] != '.') break;
    text.remove_prefix(1);
  }
  if (version.parts.empty()) return std::nullopt;
  version.written = whole.substr(0, read);
  return version;
}

std::string to_string(const DottedVersion& version) {
  if (!version.written.empty()) return version.written;
  std::string text;
  for (const int part : version.parts) text += (text.empty() ? "" : ".") + std::to_string(part);
  return text;
}

bool is_within(const DottedVersion& version, std::string_view range) {
  for (const std::string_view piece : split(range, ',')) {
    if (!is_within_piece(version, trim(piece))) return false;
  }
  return true;
}

}  // namespace varve
