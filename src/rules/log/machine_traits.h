#pragma once
#include <string>

#include "rules/analysis/analysis.h"
#include "rules/log/conditions.h"

namespace varve {

// Whether the machine is known to have what the word says; unknown where nobody could look.
Answer ask_trait(MachineTrait trait, const Analysis& analysis);

// The CUDA release that something would be built with: the toolkit that builds would take, or, of a log alone, what it
// says of nvcc. "12.4"; empty: not known.
std::string toolkit_release(const Analysis& analysis);

}  // namespace varve
