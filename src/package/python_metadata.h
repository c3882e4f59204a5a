#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// A package name for comparing: lower case, one "-" for every run of "-", "_" and "." (PEP 503).
std::string normal_package_name(std::string_view name);

// The headers of a METADATA or PKG-INFO file (Python packaging's "Core metadata specifications": lines "Name: value" up
// to the first empty one, continued by lines that begin with a blank).
struct PackageMetadata {
  std::string name, version;              // at most 256 bytes each, valid UTF-8
  std::vector<std::string> requirements;  // Requires-Dist, at most 4096
};
PackageMetadata parse_metadata(std::string_view text);

// "cuda-toolkit[cublas,cudart]==13.2.2; platform_system == 'Linux'" (PEP 508).
struct PackageRequirement {
  std::string name;  // as written
  std::vector<std::string> extras;
  std::string specifier;  // "==13.2.2", without blanks and round brackets
  std::string marker;     // "" applies always
};
std::optional<PackageRequirement> parse_requirement(std::string_view text);

// What markers are judged for: CPython on Linux, x86-64.
struct MarkerContext {
  std::string python;            // "3.11"; empty: not known, and what asks for it is taken as true
  std::set<std::string> extras;  // those that were asked for, normalised
};

// Whether a requirement with this marker applies (PEP 508: and, or, brackets, comparisons of variables and strings).
// A marker that cannot be understood applies.
bool marker_applies(std::string_view marker, const MarkerContext& context);

// Whether the marker can be true only by one of these extras: true with them, false without.
bool marker_needs_extra(std::string_view marker, const MarkerContext& context);

// -1, 0 or 1 for versions of numbers with dots; what is no number counts as 0.
int compare_dotted(std::string_view a, std::string_view b);

}  // namespace varve
