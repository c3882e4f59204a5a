#pragma once
#include <string>
#include <vector>

#include "model/environment.h"
#include "world/files.h"

namespace varve {

// The names of libraries that the code of a package puts together, so that no file holds them: what its row lists
// ("opens" in data/packages.json) with the number that the SONAME has of the CUDA that it was built for, or that a
// constant of its own states. `folder`: of packages. A number that nobody knows leaves its name out.
std::vector<std::string> made_up_names(const Files& files, const std::string& folder, const Package& package);

}  // namespace varve
