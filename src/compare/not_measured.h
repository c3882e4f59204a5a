#pragma once
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// Why the numbers of the two sides are not of the same thing, as sentences: other work, units that failed, two
// benchmarks. Empty: they may be compared.
std::vector<std::string> why_not_measured(const Sides& sides, const std::vector<ControlItem>& items);

// Why the sides did not do the same, as sentences (in work_equality.cc); empty: as far as it was asked for, they did.
//   - a count that the user named (protocol.work_metrics) is not the same in all units, within the declared tolerance,
//     or is missing in one;
//   - an output that the user named is not what it was in the first unit;
//   - in a unit rate, time and work do not fit together;
//   - the primary metric is a sum of other numbers of lines in some units.
std::vector<std::string> work_differences(const Sides& sides, const std::string& primary);

// What a run is a benchmark of: the name that it was given, else the script that its command names, else its program.
std::string benchmark_of(const Run& run, const Variant& variant);

}  // namespace varve
