#pragma once
#include <vector>

#include "model/answers/kernels_record.h"
#include "model/answers/trace_comparison.h"
#include "tables/knowledge.h"

namespace varve {

// Rows of data/dispatch_changes.json for exactly the steps between two stacks: a component whose version both sides
// tell, once, and of which the row holds for one side and not for the other, on a GPU of both. By rising id.
std::vector<KnownChange> known_changes(const KernelsRecord& a, const KernelsRecord& b, const Knowledge& knowledge);

}  // namespace varve
