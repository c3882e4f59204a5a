#include "stats/round_order.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "stats/drawn_bits.h"

namespace varve {

namespace {
constexpr int kFewestRounds = 24;                // of a set: of fewer each would follow too much from those before it
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

// 0 to count - 1, every order equally likely (Fisher and Yates); takes one draw less than there are numbers.
std::vector<int> drawn_order(int count, std::uint64_t seed, std::uint64_t place) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  for (std::size_t left = numbers.size(); left > 1; --left) {
    std::swap(numbers[left - 1], numbers[drawn_bits(seed, place++) % left]);
  }
  return numbers;
}
}  // namespace

std::vector<int> round_order(int sides, int round, std::uint64_t seed) {
  assert(sides >= 1 && round >= 0);
  const int rows = sides % 2 == 0 ? sides / 2 : sides;  // each with its mirror image
  const int rounds = 2 * rows * ((kFewestRounds + 2 * rows - 1) / (2 * rows));
  const auto place = static_cast<std::uint64_t>(round / rounds) * static_cast<std::uint64_t>(rounds + sides);
  const std::vector<int> numbers = drawn_order(rounds, seed ^ kStream, place);
  const std::vector<int> letters = drawn_order(sides, seed ^ kStream, place + static_cast<std::uint64_t>(rounds));
  const int number = numbers[static_cast<std::size_t>(round % rounds)];
  std::vector<int> order = williams_row(sides, number / 2 % rows);
  if (number % 2 == 1) std::reverse(order.begin(), order.end());
  for (int& side : order) side = letters[static_cast<std::size_t>(side)];
  return order;
}

}  // namespace varve
