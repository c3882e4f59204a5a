#pragma once
#include <string>
#include <vector>

#include "model/comparison.h"
#include "model/run_record.h"

namespace varve {

// Why what a unit used says nothing about the metric: the units of both sides took the same time although the metric
// moved, as programs do that run until a clock says so, or that do much beside what they measure. The time is that of
// the window that the metric speaks of, where all units have one. Empty: they are no such units, or it cannot be told.
std::string reason_of_fixed_time(const std::vector<const Unit*>& a, const std::vector<const Unit*>& b,
                                 const MetricComparison& primary);

}  // namespace varve
