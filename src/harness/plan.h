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

// The order of execution. Warm-up units come first, the sides taking turns: A B A B. Timing units of two variants
// follow in blocks A B B A, so that a drift that is linear in time cancels inside a block (STATS 3.2); each half of a
// block is a pair, `units` pairs in all, and an odd count ends with half a block. One variant is a plain sequence
// without pairs or blocks of more than one position. `variants` is 1 or 2.
std::vector<PlannedUnit> plan_units(int variants, int units, int warmup);

std::string variant_name(int side);    // "A", "B"
std::string order_name(int variants);  // "A", "ABBA": Protocol::order

}  // namespace varve
