#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compare/sequence/match_step.h"

namespace varve {

// Items of one side, one after the other.
struct ItemRange {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};
struct StepGap {
  ItemRange a, b;
};
using ItemPlaces = std::vector<std::uint32_t>;
using MatchKey = std::uint64_t;

// A step while it is matched: what is done, and what was tried and is left.
struct StepMatching {
  std::vector<MatchItem> a, b;  // stream by stream
  std::vector<StepGap> streams;
  ItemPlaces left_a, left_b;
  StepMatch match;
};
StepMatching start_matching(const std::vector<MatchStream>& streams);

// Keys of both sides as numbers without gaps. In the order of the keys, so that it does not matter which side is first.
struct KeyTokens {
  std::vector<std::uint32_t> a, b;
};
KeyTokens tokens_of(const std::vector<MatchKey>& a, const std::vector<MatchKey>& b);

void match_same(StepMatching& step, std::size_t i, std::size_t j);
// Kernels for each other; where one exchange is repeated, each for itself. Those of one side alone are left.
void match_group(StepMatching& step, MatchedBy by, const ItemPlaces& a, const ItemPlaces& b);
// What is left on both sides and has one key, in its order. `by`: why; `nothing` of what is the same, one by one.
void match_elsewhere(StepMatching& step, std::uint32_t MatchItem::*key_of, MatchedBy by);
// What is left is of its side alone.
void leave_alone(StepMatching& step);

}  // namespace varve
