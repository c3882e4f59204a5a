#pragma once
#include <string_view>

#include "model/kernels/profile.h"

namespace varve {

// What a call of a GPU runtime or driver is for, by its name, with or without a version behind it
// ("cudaLaunchKernel_v7000", "cuLaunchKernelEx", "hipModuleLaunchKernel"): launch, synchronise, allocate, or call for
// all others. A copy that makes the host wait is a call: how long it waited cannot be told from how long it copied.
// Sources: CUDA Runtime and Driver API references, HIP runtime API reference.
Activity runtime_activity(std::string_view name);

}  // namespace varve
