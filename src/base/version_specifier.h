#pragma once
#include <optional>
#include <string_view>

namespace varve {

// Whether an installed version is what is asked for: PEP 440's specifiers (==, !=, <=, >=, <, >, ~=, ===, a trailing
// ".*"; commas are "and"), and conda's ("2.1.2", "=2.1", "11.8.*", "|" is "or"). Pre-releases count as their release.
// Nothing: it is not understood.
std::optional<bool> meets_specifier(std::string_view installed, std::string_view specifier);

}  // namespace varve
