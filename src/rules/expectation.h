#pragma once
#include <vector>

#include "model/check_result.h"

namespace varve {

// What moved between a lock (a captured stack) and the stack now. Facts that were not looked at in the same way (one of
// the two does not apply, or was not asked for) have not moved. A fact of the identity matters; what is only a control
// of measurements is told and does not. Packages of environments that both have count as identity.
std::vector<Drift> drift_since(const Stack& lock, const Stack& now);

}  // namespace varve
