#pragma once
#include <vector>

#include "capture/subject/collector.h"

namespace varve {

// In the order in which they run; a later one may read the facts of an earlier one.
const std::vector<Collector>& collectors();

}  // namespace varve
