#pragma once
#include <cstddef>
#include <vector>

namespace varve {

struct SteadyPart {
  std::size_t first = 0;  // where the last stretch without a change begins
  bool steady = true;     // it is at least half of the values
};

// Where values in the order of time (all positive) have become steady: the last segment of the segmentation into levels
// of ln(value) that costs least, where a segment costs its squared deviations over the noise and each further segment a
// penalty (Killick, Fearnhead and Eckley 2012, doi 10.1080/01621459.2012.737745, solved exactly; Barrett et al. 2017,
// doi 10.1145/3133876, for its use on benchmarks). Bins of medians stand for many values; the noise is the median
// absolute difference of neighbours, and no value counts for more than five times it: an outlier is no level. Of fewer
// than six values nothing is said: all are steady.
SteadyPart steady_part(const std::vector<double>& values);

}  // namespace varve
