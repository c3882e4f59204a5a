#pragma once
#include "kernels/cpu_profile.h"
#include "kernels/cpu_sampler.h"

namespace varve {

// Gives the samples whose stacks stand in the evidence their callers, and drops the stacks: what a CpuSampler asks for
// now and then. Reads the files that were mapped; those that are no longer the same have no callers.
void find_callers(CpuEvidence& evidence, SymbolCache& cache);

}  // namespace varve
