#pragma once
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// What recorders saw of either side, each quantity as an account of its own beside those of the timing units: rows and
// remainder sum to the whole of each side's recorded window, and none of it is added to another account. One unit a
// side has no spread: there are no intervals, no shares, and no row is called changed. What several shapes of one
// operation took is one row; what ran on a device for an operation stands below it. A window that holds a multiple of
// the other's work is scaled to it; where the windows hold different work there is no account, and the reason.
std::vector<KernelAccount> recorded_accounts(const Sides& sides);

}  // namespace varve
