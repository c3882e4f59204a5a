#include "stats/round_order.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "base/drawn_bits.h"

namespace varve {

namespace {
constexpr std::size_t kFewestRounds = 24;  // of a set: of fewer each would follow too much from those before it
constexpr std::uint64_t kStream = 0x6f72646572;  // apart from what else is drawn from the seed

// The row of a Williams square: 0, 1, k-1, 2, k-2, … with `shift` added to each, modulo k. The rows of the shifts 0 to
// k-1 are a Latin square; with their mirror images every ordered pair of neighbours stands in them equally often. For
// an even k the mirror image of row i is row i + k/2, so k/2 of them and their mirrors are the square.
std::vector<int> williams_row(int sides, int shift) {
  std::vector<int> row;
  for (int i = 0; i < sides; ++i) {
    const int step = i == 0 ? 0 : i % 2 == 1 ? (i + 1) / 2 : sides - i / 2;
    row.push_back((step + shift) % sides);
  }
  return row;
}

std::vector<std::vector<int>> rounds_of_set(int sides) {
  std::vector<std::vector<int>> rounds;
  while (rounds.size() < kFewestRounds) {
    for (int shift = 0; shift < (sides % 2 == 0 ? sides / 2 : sides); ++shift) {
      const std::vector<int> row = williams_row(sides, shift);
      rounds.push_back(row);
      rounds.emplace_back(row.rbegin(), row.rend());
    }
  }
  return rounds;
}

// Every order equally likely (Fisher and Yates); takes one draw less than there are values.
template <class Value>
void shuffle(std::vector<Value>& values, std::uint64_t seed, std::uint64_t& place) {
  for (std::size_t left = values.size(); left > 1; --left) {
    std::swap(values[left - 1], values[drawn_bits(seed, place++) % left]);
  }
}
}  // namespace

std::vector<int> round_order(int sides, int round, std::uint64_t seed) {
  assert(sides >= 1 && round >= 0);
  std::vector<std::vector<int>> rounds = rounds_of_set(sides);
  std::vector<int> letters(static_cast<std::size_t>(sides));
  std::iota(letters.begin(), letters.end(), 0);
  const auto number = static_cast<std::size_t>(round);
  std::uint64_t place = number / rounds.size() * (rounds.size() + letters.size());
  shuffle(rounds, seed ^ kStream, place);
  shuffle(letters, seed ^ kStream, place);
  std::vector<int> order = rounds[number % rounds.size()];
  for (int& side : order) side = letters[static_cast<std::size_t>(side)];
  return order;
}

}  // namespace varve
