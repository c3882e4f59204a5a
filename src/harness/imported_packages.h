#pragma once
#include <optional>

#include "harness/unit/recorder.h"
#include "harness/variant.h"

namespace varve {

// The Python environment that a side's program imported from: that of the most libraries that it mapped from a folder
// of packages, else the one that the program itself stands in. With the package of each of these libraries, by the
// packages' own lists of files. Nothing: no Python was seen.
std::optional<ImportedPackages> imported_packages(const PreparedVariant& variant, const RecordingGround& ground);

}  // namespace varve
