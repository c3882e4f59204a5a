#include "base/version_specifier.h"

#include <algorithm>

#include "base/dotted_version.h"
#include "base/text.h"

namespace varve {

namespace {
bool has_start(const DottedVersion& version, const DottedVersion& start) {
  for (std::size_t i = 0; i < start.parts.size(); ++i) {
    if ((i < version.parts.size() ? version.parts[i] : 0) != start.parts[i]) return false;
  }
  return true;
}

// "~=3.9.0" is ">=3.9.0" within 3.9 (PEP 440, "Compatible release").
bool is_compatible(const DottedVersion& version, DottedVersion bound) {
  if (version < bound) return false;
  if (bound.parts.size() > 1) bound.parts.pop_back();
  return has_start(version, bound);
}

std::optional<bool> meets_piece(std::string_view installed, std::string_view piece) {
  piece = trim(piece);
  if (piece.empty() || piece == "*") return true;
  const std::size_t end = std::min(piece.find_first_not_of("<>=!~"), piece.size());
  const std::string_view sign = piece.substr(0, end);
  std::string_view wanted = trim(piece.substr(end));
  // A local part counts only where it is asked for (PEP 440, "Local version identifiers").
  if (wanted.find('+') != std::string_view::npos && (sign == "==" || sign == "===" || sign.empty())) {
    return to_lower(installed) == to_lower(wanted);
  }
  const std::optional<DottedVersion> version = dotted_version_from(installed);
  const bool any_end = wanted.ends_with(".*") || wanted.ends_with('*');
  if (any_end) wanted = wanted.substr(0, wanted.find_first_of("*"));
  while (wanted.ends_with('.')) wanted.remove_suffix(1);
  const std::optional<DottedVersion> bound = dotted_version_from(wanted);
  if (!version || !bound) return std::nullopt;
  if (sign == "===") return installed == wanted;
  if (sign == "==") return any_end ? has_start(*version, *bound) : *version == *bound;
  if (sign == "!=") return any_end ? !has_start(*version, *bound) : *version != *bound;
  if (sign == "<=") return *version <= *bound || has_start(*version, *bound);
  if (sign == ">=") return *version >= *bound;
  if (sign == "<") return *version < *bound;
  if (sign == ">") return *version > *bound;
  if (sign == "~=") return is_compatible(*version, *bound);
  if (sign == "=" || sign.empty()) return has_start(*version, *bound);
  return std::nullopt;
}
}  // namespace

std::optional<bool> meets_specifier(std::string_view installed, std::string_view specifier) {
  if (trim(specifier).empty()) return true;
  bool some_unknown = false;
  for (const std::string_view choice : split(specifier, '|')) {
    bool all = true, unknown = false;
    for (const std::string_view piece : split(choice, ',')) {
      const std::optional<bool> met = meets_piece(installed, piece);
      unknown = unknown || !met;
      all = all && met.value_or(true);
    }
    if (all && !unknown) return true;
    some_unknown = some_unknown || (all && unknown);
  }
  return some_unknown ? std::nullopt : std::optional(false);
}

}  // namespace varve
