#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "binary/frames/frame_rules.h"

namespace varve {

// What the programs of many functions have in common.
struct FrameCommon {
  std::uint64_t code_factor = 1, return_register = kReturnAddress;
  std::int64_t data_factor = 1;
};

// Runs call frame instructions (DWARF 5, 6.4.2, and GNU's) from a function's start to `offset` bytes behind it: those
// that all functions share first. Nothing when they do not make sense or use what is not known here.
std::optional<FrameRules> frame_rules(const FrameCommon& common, std::span<const std::byte> first,
                                      std::span<const std::byte> own, std::uint64_t offset);

}  // namespace varve
