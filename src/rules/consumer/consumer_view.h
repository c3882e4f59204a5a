#pragma once
#include <vector>

#include "rules/situation.h"

namespace varve {

// The consumers of a stack with what its binaries say of the files that they load. A stack without consumers (whole
// sections were not read) yields one for each package with a role of framework or extension that has binaries, with
// what those name directly. The views point into `stack`.
std::vector<ConsumerView> consumer_views(const Stack& stack);

}  // namespace varve
