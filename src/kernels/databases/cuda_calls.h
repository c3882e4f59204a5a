#pragma once
#include <cstdint>
#include <string>

namespace varve {

enum class CudaInterface { runtime, driver };

// The call that CUPTI gives this number ("callback id"): "cudaLaunchKernel" of 211 of the runtime, without the version
// of CUDA in which it came to be and without the kind of its default stream. Calls that neither start, wait for, copy,
// allocate nor set up anything have no name here: "(call 154 of CUDA's runtime)".
std::string cuda_call_name(CudaInterface interface, std::int64_t number);

}  // namespace varve
