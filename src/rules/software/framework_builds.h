#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// Rules about what frameworks and their extensions were built for (framework_rules.cc has their rows).

// Builds without CUDA on a machine with a GPU, and packages that select such builds.
std::vector<Found> builds_without_cuda(const Situation& situation);
// Extensions that say that they were built for another release of the framework than is there.
std::vector<Found> extensions_of_other_release(const Situation& situation);
// Packages built for one CUDA major version beside the framework that they need, built for another or for none.
std::vector<Found> cuda_variants_apart(const Situation& situation);
// One framework installed twice, by two installers or under two names.
std::vector<Found> frameworks_twice(const Situation& situation);

}  // namespace varve
