#pragma once
#include <vector>

#include "model/answers/check_result.h"

namespace varve {

// What moved between a lock (a captured stack) and the stack now, by comparing like with like: facts that were not
// looked at in the same way (one of the two does not apply, was not asked for, or sees more where whole sections are
// read) have not moved. A fact of the identity matters; what is only a control of measurements is told and does not: a
// variable that is newly set or unset too. Packages and libraries (by build id and size) of environments and toolkits
// that both have, files of the driver, what a process has mapped in both, and the digest of an image count as identity.
// A lock by another Varve says nothing of what that one may not have looked for.
std::vector<Drift> drift_since(const Stack& lock, const Stack& now);

}  // namespace varve
