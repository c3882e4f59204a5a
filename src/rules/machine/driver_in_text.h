#pragma once
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// What a text tells of the libcuda that is taken, where nobody looked into files.

// Under WSL packages of a driver for Linux are listed.
std::vector<Found> linux_driver_under_wsl(const Analysis& analysis);
// LD_LIBRARY_PATH leads to a cuda-compat on GPUs that it is not made for.
std::vector<Found> compat_path_on_other_gpus(const Analysis& analysis);

}  // namespace varve
