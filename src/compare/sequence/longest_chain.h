#pragma once
#include <vector>

#include "compare/sequence/align.h"

namespace varve {

// Of blocks of one length, by rising a and, within that, rising b: as many as can follow one another on both sides
// without overlap. O(n log n).
std::vector<CommonRun> longest_chain(const std::vector<CommonRun>& blocks);

}  // namespace varve
