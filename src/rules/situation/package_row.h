#pragma once
#include "model/environment.h"
#include "tables/package_table.h"

namespace varve {

// The row of data/packages.json for a package, by the names of its installer; nullptr: none.
const PackageRow* row_of(const Package& package);

// A list of packages that somebody wrote down: nobody looked at their files.
bool is_a_list(const Environment& environment);
// Whether what is not in the environment is not there. A list that somebody wrote down may be a part of one; what pip
// and conda list as a whole names pip.
bool is_whole(const Environment& environment);

}  // namespace varve
