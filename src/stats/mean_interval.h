#pragma once
#include <vector>

#include "model/comparison.h"

namespace varve {

// Below this number of values the interval is Student's: of six there are 63 subsets, and one of a mean that is spread
// like a bell would be 9 % wider; of eight 2 %.
inline constexpr int kFewestTypicalValues = 8;

// The interval of the middle of independent values, each of which strays from it as likely to either side.
//
// The means of all subsets of n such values cut the line into 2^n pieces, and the middle lies in each of them equally
// often, whatever the values stray by (typical values: Hartigan 1969, doi 10.1080/01621459.1969.10501057; the same as
// turning round the test that flips signs, Fisher 1935). Student's t wants a mean that is spread like a bell, and a few
// pairs that a wave or a step has torn apart do not give one. Where 2^n is more than 4096 as many subsets are drawn,
// always the same, which keeps the coverage. Turning the sign of all values turns the interval.
Interval interval_of_mean(const std::vector<double>& values, double confidence);

}  // namespace varve
