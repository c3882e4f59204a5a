#pragma once
#include <string>
#include <vector>

#include "model/answers/kernels_record.h"
#include "model/comparison.h"

namespace varve {

// A fact as text for people; of a list that says one thing several times how often it does: "8 × NVIDIA B300".
std::string shown_trace_fact(const Fact& fact);

// What two records disclose of the stacks under them, each fact of either side once: same, different, or unknown where
// a side does not tell. Unknown never counts as same. In the order of the layers.
std::vector<ControlItem> compare_trace_facts(const KernelsRecord& a, const KernelsRecord& b);

}  // namespace varve
