#pragma once
#include <vector>

#include "loading/environment_libraries.h"

namespace varve {

// One consumer for each package with a role of framework or extension of every environment: its extension modules as
// they are imported (those of frameworks first that it needs libraries of), its other libraries one by one, and all
// that these open late. Only where whole sections were read.
void add_package_consumers(const LoadingGround& ground, const std::vector<LibrariesOfEnvironment>& environments,
                           Stack& stack);

}  // namespace varve
