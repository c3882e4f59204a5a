#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/readings/reported.h"

namespace varve {

// Several numbers of one metric as one, or why that cannot be.
struct CombinedNumber {
  double value = 0;
  Combined combined = Combined::none;
  std::string refused;  // empty: it could be done
};

// Not empty, all of one metric. Without `wanted`:
//   rates      measured over times that are known: all that was done ÷ all the time it took, so that processes side by
//              side add up and stretches one after the other do not; with ranks: the mean of each rank, added up; else
//              added up
//   durations  the median
//   sizes      the highest
//   counts     added up
//   anything else is refused, unless all numbers are equal.
CombinedNumber combine_numbers(const std::vector<Reported>& all, std::optional<Combined> wanted);

// Sorted, and those that touch or overlap made one.
std::vector<Stretch> united(std::vector<Stretch> stretches);

// Whether a rate, the time that it was measured over and the work that was done in it fit together, to 1 %: "" or what
// does not. Rates in thousands or millions of the work (GFLOP/s) fit too.
std::string work_mismatch(const Reported& reported);

}  // namespace varve
