#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace varve {

// A run of a sequence that is the same on both sides: `length` tokens from `a` on and from `b` on.
struct CommonRun {
  std::size_t a = 0, b = 0, length = 0;

  bool operator==(const CommonRun&) const = default;
};

// How two sequences of numbers correspond: runs in rising order on both sides, none adjoining another on both; what
// lies between two of them was exchanged for each other. Made to tell a true story and not the shortest one: what is
// rare on both sides and in one order anchors the rest, otherwise the longest common block does, in the manner of
// Ratcliff and Obershelp (1988); of several that are equally long the chain of most. Swapping the sides swaps the
// answer. Common beginnings and ends cost nothing; between anchors the cost is what equal tokens occur together, which
// is capped: beyond, the sides are followed from one agreement to the next.
std::vector<CommonRun> align(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

// The longest block that both sides have, the first of several; length 0 where there is none, or where looking for it
// would take too long.
CommonRun longest_common_block(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace varve
