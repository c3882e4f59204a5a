#pragma once
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// The tables of rules about what consumers bring, against driver and GPU, one a file.
const std::vector<Rule>& runtime_rules();  // the driver against bundled runtimes and GPUs
const std::vector<Rule>& forward_rules();  // forward compatibility
const std::vector<Rule>& code_rules();     // GPU code and run-time compilers against the GPUs

}  // namespace varve
