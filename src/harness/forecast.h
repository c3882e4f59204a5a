#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/benchmark.h"

namespace varve {

// The standard deviation that ln(B/A) of a pair is likely to have, from warm-up units alone. The sides may differ, so
// only units of one side are compared: with independent units of log-sd s on either side, successive differences of
// one side and the difference of a pair both have the variance 2 s^2 (the mean square successive difference of von
// Neumann et al. 1941, doi 10.1214/aoms/1177731677). The first warm-up of a side is left out when there are at least
// three: it pays for cold caches. Nothing with fewer than two usable differences.
std::optional<double> forecast_pair_deviation(const std::vector<Unit>& units, const std::string& metric);

// How many pairs a verdict is likely to take, in lines for a person. With one variant it speaks of pairs with a later
// run. Says that it cannot tell when it cannot.
std::vector<std::string> forecast_lines(const RunPlan& plan, const std::vector<Unit>& units, const std::string& metric);

}  // namespace varve
