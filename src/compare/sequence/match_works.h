#pragma once
#include "compare/sequence/step_matching.h"

namespace varve {

// Whether the products of both sides are told, as they are where their names mean nothing to each other.
bool are_of_two_frameworks(const StepMatching& step);

// Products of equal shapes for each other, in their order, and what has shapes between the same two by position.
void match_works(StepMatching& step);

}  // namespace varve
