#pragma once
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// Why the numbers of the two sides are not of the same thing, as sentences: other work, units that failed, two
// benchmarks. Empty: they may be compared.
std::vector<std::string> why_not_measured(const Sides& sides, const std::vector<ControlItem>& items);

// What a run is a benchmark of: the name that it was given, else the script that its command names, else its program.
std::string benchmark_of(const Run& run, const Variant& variant);

}  // namespace varve
