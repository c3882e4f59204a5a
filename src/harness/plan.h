#pragma once
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

// Round number `round`, from 0: one timing unit of each variant, which are pairs of each other. Two rounds are a block:
// the second has the order of the first turned round, so that a drift that is linear in time cancels inside a block
// (STATS 3.2). The first of each block is the next row of a Latin square in which every variant also follows every
// other equally often (Williams 1949, doi 10.1071/CH9490149): A B B A for two; A B C, C B A, B C A, A C B, … for three.
// One variant is a plain sequence, without pairs or blocks of more than one position.
std::vector<PlannedUnit> plan_round(int variants, int round);

// The first round at or after `round` that begins a block.
int next_block(int round);

std::string variant_name(int side);    // "A", "B", …
std::string order_name(int variants);  // "A", "ABBA", "mirrored Williams square of 3": Protocol::order
std::string order_text(int variants);  // the first rounds in letters: "A B C, C B A, B C A"

}  // namespace varve
