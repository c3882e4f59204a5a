#pragma once
#include <string>
#include <vector>

#include "compare/sides.h"

namespace varve {

// Why rates and times of the two sides say nothing about which is faster, as sentences; empty: they may be compared.
//   - a count that the user named (protocol.work_metrics) is not the same in all units, within the declared tolerance,
//     or is missing in one;
//   - an output that the user named is not what it was in the first unit;
//   - in a unit rate, time and work do not fit together;
//   - the primary metric is a sum of other numbers of lines in some units.
std::vector<std::string> work_differences(const Sides& sides, const std::string& primary);

}  // namespace varve
