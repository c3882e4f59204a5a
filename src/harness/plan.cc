#include "harness/plan.h"

#include <fmt/format.h>

#include <cassert>

#include "stats/round_order.h"

namespace varve {

std::vector<PlannedUnit> plan_warmup_round(int variants) {
  std::vector<PlannedUnit> plan;
  for (int side = 0; side < variants; ++side) plan.push_back({side, UnitRole::warmup, -1, 0, -1});
  return plan;
}

std::vector<PlannedUnit> plan_round(int variants, int round, std::uint64_t seed) {
  assert(variants >= 1 && variants <= kMostVariants && round >= 0);
  if (variants == 1) return {{0, UnitRole::timing, round, 0, -1}};
  std::vector<PlannedUnit> plan;
  int position = round % 2 * variants;
  for (const int side : round_order(variants, round, seed)) {
    plan.push_back({side, UnitRole::timing, round / 2, position++, round});
  }
  return plan;
}

int next_block(int round) { return round + round % 2; }

std::string variant_name(int side) { return std::string(1, static_cast<char>('A' + side)); }

std::string order_name(int variants) {
  if (variants <= 2) return variants == 1 ? "A" : "drawn pairs";
  return fmt::format("drawn Williams squares of {}", variants);
}

}  // namespace varve
