#pragma once
#include <vector>

#include "model/answers/kernels_record.h"
#include "model/comparison.h"

namespace varve {

// What two records disclose of the stacks under them, each fact of either side once: same, different, or unknown where a
// side does not tell. Unknown never counts as same. In the order of the layers.
std::vector<ControlItem> compare_trace_facts(const KernelsRecord& a, const KernelsRecord& b);

}  // namespace varve
