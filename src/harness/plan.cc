#include "harness/plan.h"

#include <cassert>

namespace varve {

std::vector<PlannedUnit> plan_units(int variants, int units, int warmup) {
  assert(variants == 1 || variants == 2);
  std::vector<PlannedUnit> plan;
  for (int i = 0; i < warmup; ++i) {
    for (int side = 0; side < variants; ++side) plan.push_back({side, UnitRole::warmup, -1, 0, -1});
  }
  if (variants == 1) {
    for (int i = 0; i < units; ++i) plan.push_back({0, UnitRole::timing, i, 0, -1});
    return plan;
  }
  constexpr int kBlock[4] = {0, 1, 1, 0};
  for (int i = 0; i < 2 * units; ++i) plan.push_back({kBlock[i % 4], UnitRole::timing, i / 4, i % 4, i / 2});
  return plan;
}

std::string variant_name(int side) { return side == 0 ? "A" : "B"; }

std::string order_name(int variants) { return variants == 1 ? "A" : "ABBA"; }

}  // namespace varve
