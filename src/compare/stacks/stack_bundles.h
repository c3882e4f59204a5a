#pragma once
#include "model/answers/environment_pair.h"
#include "model/answers/stack_comparison.h"

namespace varve {

// What moves as one between two stacks: all that an image holds, where both are images; else the parts of the active
// CUDA toolkit, the halves of a GPU driver, the packages of the environments that belong together.
std::vector<Bundle> find_stack_bundles(const Stack& a, const Stack& b, const EnvironmentPair& pair,
                                       const StackComparison& comparison);

}  // namespace varve
