#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// Rows of data/dispatch_changes.json that hold for the versions found: of packages by their name, of libraries by their
// family ("cudnn", "cublas") with what environments hold and consumers would load; and for a GPU of the machine.
// `slower`: the known slow-downs and defaults that surprise, one finding a row, as warnings where the machine has a
// GPU, else notes; or all other rows, one note for everything of one release, on a machine with a GPU only.
std::vector<Found> known_dispatch_changes(const Situation& situation, bool slower);

}  // namespace varve
