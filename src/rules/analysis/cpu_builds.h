#pragma once
#include <string>

#include "rules/analysis/analysis.h"

namespace varve {

// Whether it says itself that it was built without CUDA.
bool is_stated_cpu_build(const Package& package);

// Why a package runs on the CPU only, as a clause behind its name: "is a build without CUDA (torch/version.py: cuda)".
// By what it says of itself; where it says nothing, by what its files carry, need and open. Empty: it may use a GPU, is
// none that would, or nothing tells. `package` must be one of `environment`'s.
std::string cpu_build_reason(const Analysis& analysis, const Environment& environment, const Package& package);

// Whether a framework is one for the GPU: by the CUDA that it states, else by what its files carry, need and open
// (ctranslate2 states none).
bool is_gpu_framework(const Analysis& analysis, const Environment& environment, const Package& package);

}  // namespace varve
