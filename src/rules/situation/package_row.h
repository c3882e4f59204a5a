#pragma once
#include "model/environment.h"
#include "tables/package_table.h"

namespace varve {

// The row of data/packages.json for a package, by the names of its installer; nullptr: none.
const PackageRow* row_of(const Package& package);

}  // namespace varve
