#include "harness/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "base/text.h"

namespace varve {

namespace {
// The row of a Williams square: 0, 1, k-1, 2, k-2, … with `shift` added to each, modulo k. The rows of the shifts 0 to
// k-1 are a Latin square; with their mirror images every ordered pair of neighbours stands in them equally often. For
// an even k the mirror image of row i is row i + k/2, so k/2 of them and their mirrors are the square.
std::vector<int> williams_row(int variants, int shift) {
  std::vector<int> row;
  for (int i = 0; i < variants; ++i) {
    const int step = i == 0 ? 0 : i % 2 == 1 ? (i + 1) / 2 : variants - i / 2;
    row.push_back((step + shift) % variants);
  }
  return row;
}

std::vector<int> round_order(int variants, int round) {
  const int rows = variants % 2 == 0 ? variants / 2 : variants;
  const int block = round / 2;
  std::vector<int> order = williams_row(variants, block % rows);
  if (round % 2 == 1) std::reverse(order.begin(), order.end());
  return order;
}
}  // namespace

std::vector<PlannedUnit> plan_warmup_round(int variants) {
  std::vector<PlannedUnit> plan;
  for (int side = 0; side < variants; ++side) plan.push_back({side, UnitRole::warmup, -1, 0, -1});
  return plan;
}

std::vector<PlannedUnit> plan_round(int variants, int round) {
  assert(variants >= 1 && variants <= kMostVariants && round >= 0);
  if (variants == 1) return {{0, UnitRole::timing, round, 0, -1}};
  std::vector<PlannedUnit> plan;
  int position = round % 2 * variants;
  for (const int side : round_order(variants, round)) {
    plan.push_back({side, UnitRole::timing, round / 2, position++, round});
  }
  return plan;
}

int next_block(int round) { return round + round % 2; }

std::string variant_name(int side) { return std::string(1, static_cast<char>('A' + side)); }

std::string order_name(int variants) {
  if (variants <= 2) return variants == 1 ? "A" : "ABBA";
  return fmt::format("mirrored Williams square of {}", variants);
}

std::string order_text(int variants) {
  constexpr int kRounds = 3;
  std::vector<std::string> rounds;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::string> names;
    for (const int side : round_order(variants, round)) names.push_back(variant_name(side));
    rounds.push_back(join(names, " "));
  }
  return join(rounds, ", ");
}

}  // namespace varve
