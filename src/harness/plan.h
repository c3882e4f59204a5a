#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/run_record.h"

namespace varve {

// One unit before it is executed: the fields of Unit that the plan fixes.
struct PlannedUnit {
  int side = 0;  // which variant: 0 is "A", 1 is "B"
  UnitRole role = UnitRole::timing;
  int block = -1;
  int position = 0;
  int pair = -1;
};

inline constexpr int kMostVariants = 26;  // they are called by the letters

// A warm-up unit of each variant, in their order: A B C.
std::vector<PlannedUnit> plan_warmup_round(int variants);

// Round number `round`, from 0: one timing unit of each variant, which are pairs of each other, in an order that is
// drawn from `seed` (stats/round_order.h). Two rounds are a block: what a server may serve, and what is not cut in two.
// One variant is a plain sequence, without pairs or blocks of more than one position.
std::vector<PlannedUnit> plan_round(int variants, int round, std::uint64_t seed);

// The first round at or after `round` that begins a block.
int next_block(int round);

std::string variant_name(int side);    // "A", "B", …
std::string order_name(int variants);  // "A", "drawn pairs", "drawn Williams squares of 3": Protocol::order

}  // namespace varve
