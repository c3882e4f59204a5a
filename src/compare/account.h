#pragma once
#include "compare/sides.h"
#include "model/comparison.h"

namespace varve {

// The change of CPU time a unit, split over groups of kernels so that the rows sum to the total: CPU seconds of a unit
// are its user and system time; what its samples do not cover is the last row "(not sampled)". Over the pairs of one
// document; over the units of either side of two (then without shares). Rests on timing units with the witness
// "cpu-samples" only. `primary` decides whether the shares say anything about the metric.
KernelAccount account_kernels(const Sides& sides, const MetricComparison& primary);

}  // namespace varve
