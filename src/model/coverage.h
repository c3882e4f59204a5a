#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// What a GPU is called by compilers: 9.0 is sm_90. NVIDIA's "compute capability".
struct ComputeCapability {
  int major = 0, minor = 0;
  auto operator<=>(const ComputeCapability&) const = default;
};

// "9.0", "90", "sm_90" or "12.1"; nothing for anything else. The last digit is the minor number.
std::optional<ComputeCapability> compute_capability_from(std::string_view text);
std::string to_string(ComputeCapability capability);  // "9.0"

enum class CodeKind { sass, ptx, lto_ir, other };
std::string_view to_string(CodeKind kind);
std::optional<CodeKind> code_kind_from(std::string_view text);

// What one piece of GPU code was made for.
struct CodeTarget {
  CodeKind kind = CodeKind::sass;
  ComputeCapability architecture;
  char variant = '\0';               // 'a' this architecture only, 'f' its family, else '\0'
  int isa_major = 0, isa_minor = 0;  // of PTX: its ISA version; 0.0 for other kinds
  auto operator<=>(const CodeTarget&) const = default;
};

std::string to_string(const CodeTarget& target);  // "sm_90a", "compute_120 (PTX 9.0)", "lto_90"

// Regions (fat binaries: one translation unit each) that hold the same set of targets.
struct CodeGroup {
  std::vector<CodeTarget> targets;  // sorted, each once
  std::int64_t regions = 0;
};

// Which GPUs the code inside a binary serves. The header pass counts every region; the exact pass only those that hold
// code, and those outside the usual sections too.
struct Coverage {
  bool exact = false;
  std::int64_t regions = 0;  // all groups together
  std::int64_t entries = 0;
  std::int64_t regions_empty = 0;   // exact pass: left out because none of their cubins holds code
  std::vector<CodeGroup> groups;    // by targets
  std::vector<std::string> codecs;  // "none", "lz4", "zstd", "old": how entries are compressed
  std::string remark;               // "the code is not in .nv_fatbin; see --exact"; may be empty
};

// How regions of a binary load on one GPU: natively; after compilation by the driver; not at all.
struct CoverageCount {
  std::int64_t native = 0, jit = 0, none = 0;
};

// `ptx_ceiling`: the newest PTX ISA that the driver compiles, as {major, minor}; without it every version passes.
// Rules: FATBIN notes section 6; CUDA C++ Programming Guide, "Binary compatibility" and "Family-specific targets".
CoverageCount count_coverage(const Coverage& coverage, ComputeCapability gpu,
                             std::optional<std::pair<int, int>> ptx_ceiling = std::nullopt);

}  // namespace varve
