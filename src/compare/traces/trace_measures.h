#pragma once
#include <vector>

#include "compare/traces/compared_trace.h"
#include "model/answers/trace_comparison.h"

namespace varve {

// Numbers of two sides beside each other, each of all of its trace; those that neither side tells are left out.
//   kernels, launches, in_graphs: how many; kernel_mean: how long a kernel took on average
//   tensor_cores, compiled, fused, layouts, precision.X: shares of the kernels' time, of what the names tell: on matrix
//     units, written by a compiler for the program, several operations in one, changing a layout or a format, in X
//   busy: the share of the window in which anything ran; pauses, pause_median, pause_longest: of it nothing ran in
//   launch_latency: from the call of a launch to its kernel, the median
//   launch_calls, synchronise_calls, allocate_calls, loading_calls: their number; …_time: what they took, on the host
std::vector<TraceMeasure> compare_measures(const ComparedTrace& a, const ComparedTrace& b);

}  // namespace varve
