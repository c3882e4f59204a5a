#pragma once
#include <string>

#include "model/fact.h"
#include "world/child_probe.h"

namespace varve {

// "CUDA_ERROR_NO_DEVICE" for 100; "CUDA error 77" for a number that is not known. The numbers of CUresult (cuda.h), of
// which cudaError_t shares those from 100 on.
std::string cuda_error_name(long long code);

// The CUDA API level of a libcuda ("12.4"), asked of the library itself in a child process: cuDriverGetVersion, which
// needs neither cuInit nor a device. `libcuda` is a path, or the name that the loader finds. Missing: absent when there
// is no such library, unreadable or timeout when it did not answer; the detail says why. For libraries of this host
// only: it runs their code.
Fact driver_api_level(const std::string& libcuda = "libcuda.so.1",
                      const ProbeLimits& limits = {.seconds = 10, .leave_machine_alone = true});

}  // namespace varve
