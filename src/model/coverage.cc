#include "model/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace varve {
namespace {

// Which capabilities a family-specific target of this capability may run on: those of the same number. CUDA C++
// Programming Guide 13.0, "Family-specific targets": 10.0 and 10.3 are one family, so are 12.0 and 12.1; 11.0, which
// CUDA 12.9 still called 10.1, stands alone. A capability that the guide does not list is a family of its own.
int family_of(ComputeCapability capability) {
  static constexpr std::array<std::pair<ComputeCapability, ComputeCapability>, 2> kFamilies{{
      {{10, 3}, {10, 0}},
      {{12, 1}, {12, 0}},
  }};
  for (const auto& [member, head] : kFamilies) {
    if (capability == member) capability = head;
  }
  return capability.major * 10 + capability.minor;
}

// Whether the suffix lets code of this target run on the GPU at all.
bool variant_admits(const CodeTarget& target, ComputeCapability gpu) {
  switch (target.variant) {
    case '\0':
      return true;
    case 'a':
      return target.architecture == gpu;
    case 'f':
      return family_of(target.architecture) == family_of(gpu) && target.architecture.minor <= gpu.minor;
    default:
      return false;
  }
}

// Systems on a chip of the Tegra line: K1, X1, X2, Xavier, Orin, Thor (10.1 to CUDA 12, 11.0 from CUDA 13 on).
bool is_tegra(ComputeCapability capability) {
  static constexpr std::array<ComputeCapability, 7> kTegra{{{3, 2}, {5, 3}, {6, 2}, {7, 2}, {8, 7}, {10, 1}, {11, 0}}};
  return std::find(kTegra.begin(), kTegra.end(), capability) != kTegra.end();
}

bool runs_natively(const CodeTarget& target, ComputeCapability gpu) {
  if (target.kind != CodeKind::sass) return false;
  // "Binary compatibility is supported only for the desktop. It is not supported for Tegra. Also, the binary
  // compatibility between desktop and Tegra is not supported" (CUDA C++ Programming Guide, "Binary Compatibility").
  if (is_tegra(gpu) || is_tegra(target.architecture)) return target.architecture == gpu;
  return target.architecture.major == gpu.major && target.architecture.minor <= gpu.minor &&
         variant_admits(target, gpu);
}

bool runs_by_jit(const CodeTarget& target, ComputeCapability gpu, const std::optional<std::pair<int, int>>& ceiling) {
  return target.kind == CodeKind::ptx && target.architecture <= gpu && variant_admits(target, gpu) &&
         (!ceiling || std::pair(target.isa_major, target.isa_minor) <= *ceiling);
}

}  // namespace

std::optional<ComputeCapability> compute_capability_from(std::string_view text) {
  if (text.starts_with("sm_")) text.remove_prefix(3);
  // Two or three digits, with or without a dot before the last.
  if (text.size() < 2 || !is_digit(text.back())) return std::nullopt;
  const int minor = text.back() - '0';
  text.remove_suffix(1);
  if (text.size() > 1 && text.back() == '.') text.remove_suffix(1);
  if (text.size() > 2 || text.front() == '0' || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  int major = 0;
  for (char digit : text) major = major * 10 + (digit - '0');
  return ComputeCapability{major, minor};
}

std::string to_string(ComputeCapability capability) { return fmt::format("{}.{}", capability.major, capability.minor); }

std::string to_string(const CodeTarget& target) {
  std::string number = fmt::format("{}{}", target.architecture.major, target.architecture.minor);
  if (target.variant != '\0') number += target.variant;
  switch (target.kind) {
    case CodeKind::sass:
      return "sm_" + number;
    case CodeKind::ptx:
      return fmt::format("compute_{} (PTX {}.{})", number, target.isa_major, target.isa_minor);
    case CodeKind::lto_ir:
      return "lto_" + number;
    case CodeKind::other:
      break;
  }
  return "other_" + number;
}

CoverageCount count_coverage(const Coverage& coverage, ComputeCapability gpu,
                             std::optional<std::pair<int, int>> ptx_ceiling) {
  CoverageCount count;
  for (const CodeGroup& group : coverage.groups) {
    const auto any = [&](auto&& serves) { return std::any_of(group.targets.begin(), group.targets.end(), serves); };
    if (any([&](const CodeTarget& target) { return runs_natively(target, gpu); })) {
      count.native += group.regions;
    } else if (any([&](const CodeTarget& target) { return runs_by_jit(target, gpu, ptx_ceiling); })) {
      count.jit += group.regions;
    } else {
      count.none += group.regions;
    }
  }
  return count;
}

}  // namespace varve
