#pragma once
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// The strongest sentence that the numbers bear, fit to stand alone in somebody's report. The comparison must be whole
// but for this.
std::string quotable_sentence(const Comparison& comparison, const Sides& sides);

// What a single number out of this comparison takes for granted without saying so, a sentence each.
std::vector<std::string> assumptions_of(const Comparison& comparison, const Sides& sides);

// What explains most of the change, in words, the largest first: at most three. Empty where no account bears it.
std::vector<std::string> largest_changes(const Comparison& comparison);

}  // namespace varve
