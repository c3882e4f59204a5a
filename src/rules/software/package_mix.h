#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// Rules about packages that were installed side by side.

// Versions that packages ask for and do not get, one finding a package. `of_frameworks`: of frameworks, extensions and
// compilers; else of packages with nothing but libraries.
std::vector<Found> unmet_requirements(const Situation& situation, bool of_frameworks);
// Files that two packages wrote. `of_frameworks`: two distributions of a framework; else libraries.
std::vector<Found> overwritten_files(const Situation& situation, bool of_frameworks);
// Libraries that are not the ones that their package installed, or not there.
std::vector<Found> replaced_files(const Situation& situation);

}  // namespace varve
