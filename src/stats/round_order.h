#pragma once
#include <cstdint>
#include <vector>

namespace varve {

// The order in which the sides of round number `round`, from 0, are measured, drawn from `seed`.
//
// The rounds of a set are the rows of a Williams square and their mirror images (Williams 1949, doi 10.1071/CH9490149),
// so that over a set every side stands at every place, and before every other, equally often; the square is taken as
// often as makes 24 rounds. Which side is which letter of the square is drawn for each set, and so is the order of its
// rounds: of two sides a set is twelve rounds that one begins and twelve that the other does. Whatever the machine does
// in a round then is as likely to help either side, nearly independently of the rounds before (randomised complete
// blocks: Fisher 1935; docs/adr/0016-drawn-order.md).
std::vector<int> round_order(int sides, int round, std::uint64_t seed);

}  // namespace varve
