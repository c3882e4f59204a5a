#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace varve {

// Time divided equally among several, in units of 2^-60 ns: 2^67 ns fit, and what the divisions of a whole trace lose
// together is far below a nanosecond.
__extension__ typedef unsigned __int128 Share;

inline constexpr int kShareBits = 60;

inline constexpr Share share_of(std::uint64_t ns) { return static_cast<Share>(ns) << kShareBits; }

// Shares as whole nanoseconds that sum to the whole nanosecond next to their sum: all are rounded down, and the rest
// goes one by one to those with the largest fractions, of equal ones to the first (the method of largest remainders).
std::vector<std::int64_t> whole_shares(const std::vector<Share>& shares);

}  // namespace varve
