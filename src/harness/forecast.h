#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/benchmark.h"

namespace varve {

// The standard deviation that ln(B/A) of a pair is likely to have, and how much stands behind it.
struct ForecastSpread {
  double deviation = 0;
  double degrees = 0;  // of freedom that an estimate from independent normal values as sharp as this one would have
};

// From warm-up units alone. The sides may differ, so only units of one side are compared: with independent units of
// log-sd s on either side, successive differences of one side and the difference of a pair both have the variance 2 s^2
// (the mean square successive difference of von Neumann et al. 1941, doi 10.1214/aoms/1177731677, which is as sharp as
// 2 (n-1)^2 / (3n-4) degrees of freedom for n units). The first warm-up of a side is left out when there are at least
// three: it pays for cold caches. Nothing with fewer than two usable differences.
std::optional<ForecastSpread> forecast_pair_spread(const std::vector<Unit>& units, const std::string& metric);

// How many pairs a verdict may take, in lines for a person: a range (90 %), never below the five that any verdict
// needs, or that it cannot be told yet; of blocks where units of one share a server. With one variant only what is
// planned: nothing is compared.
std::vector<std::string> forecast_lines(const RunPlan& plan, const std::vector<Unit>& units, const std::string& metric);

}  // namespace varve
