#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace varve {

// How a sequence repeats: from `begin` up to `end` everything is equal to what stands `length` further on.
struct Period {
  std::size_t length = 0;
  std::size_t begin = 0, end = 0;  // end - begin is at least two lengths

  std::size_t rounds() const { return (end - begin) / length; }
};

struct PeriodSearch {
  Period period;       // length 0: none
  std::string reason;  // why there is none
};

// The period of a sequence of names: the shortest after which the longest stretch repeats exactly. A layer that occurs
// many times in each round repeats too, but only within a round, so its stretch is shorter. Distances between equal
// pieces are the candidates, the most frequent first; O(n log n). Refuses where nothing repeats, where the stretch is
// less than half of the sequence, and where one name follows itself.
PeriodSearch find_period(std::span<const std::uint32_t> names);

}  // namespace varve
