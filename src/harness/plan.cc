#include "harness/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "harness/split_mix.h"

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

// How many rows make a square, with their mirror images.
int rows_of(int variants) { return variants % 2 == 0 ? variants / 2 : variants; }

// Which variant has which letter of the square; as they are named where nothing is drawn.
std::vector<int> drawn_letters(int variants, int square, std::uint64_t seed) {
  std::vector<int> letters(static_cast<std::size_t>(variants));
  std::iota(letters.begin(), letters.end(), 0);
  SplitMix random(seed ^ (static_cast<std::uint64_t>(square) << 32));
  for (std::size_t left = letters.size(); seed != 0 && left > 1; --left) {
    std::swap(letters[left - 1], letters[random.next() % left]);
  }
  return letters;
}

bool is_turned(int round, std::uint64_t seed) {
  const bool second = round % 2 == 1;
  if (seed == 0) return second;
  return second != (SplitMix(~seed ^ static_cast<std::uint64_t>(round / 2)).next() % 2 == 1);
}

std::vector<int> round_order(int variants, int round, std::uint64_t seed) {
  const int block = round / 2;
  const std::vector<int> letters = drawn_letters(variants, block / rows_of(variants), seed);
  std::vector<int> order = williams_row(variants, block % rows_of(variants));
  for (int& side : order) side = letters[static_cast<std::size_t>(side)];
  if (is_turned(round, seed)) std::reverse(order.begin(), order.end());
  return order;
}
}  // namespace

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

std::string order_name(int variants, std::uint64_t seed) {
  if (variants == 1) return "A";
  const std::string name = variants == 2 ? "ABBA" : fmt::format("mirrored Williams square of {}", variants);
  return seed == 0 ? name : name + " (drawn)";
}

}  // namespace varve
