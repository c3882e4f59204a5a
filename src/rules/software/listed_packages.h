#pragma once
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// Lists of packages that somebody wrote down. Nobody looked at their files or at what they ask for: what has to be of
// one release is told by data/packages.json and data/framework_builds.json.
std::vector<Found> listed_framework_pins(const Analysis& analysis);  // of frameworks, plugins and extensions
std::vector<Found> listed_without_wheel(const Analysis& analysis);   // asked for, and none for this Python
std::vector<Found> listed_library_pins(const Analysis& analysis);    // wheels of cuDNN and NCCL against their framework
std::vector<Found> listed_host_cuda(const Analysis& analysis);  // TensorFlow against the toolkit it takes CUDA from
std::vector<Found> listed_twice(const Analysis& analysis);      // two wheels that write one library
std::vector<Found> listed_linker_shadowed(const Analysis& analysis);  // LD_LIBRARY_PATH before a newer wheel

}  // namespace varve
