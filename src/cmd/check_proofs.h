#pragma once
#include <functional>
#include <string>

#include "base/result.h"
#include "model/answers/check_result.h"
#include "rules/situation/situation.h"
#include "world/world.h"

namespace varve {

// Has the PTX of the subject's binaries that would have to be compiled for each GPU of the machine compiled by the
// driver's own compiler, in children with limits; into check.proofs. `driver_folder`: of --driver-root, whose compiler
// is taken then; empty: this machine's. Error: no GPU is known, no compiler is at hand, or the subject's files are not
// on this machine.
Status add_proofs(const World& world, const Situation& situation, const std::string& driver_folder,
                  const std::function<void(const std::string& what, double share)>& progress, Check& check);

}  // namespace varve
