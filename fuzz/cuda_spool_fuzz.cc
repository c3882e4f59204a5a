#include "kernels/cuda/cuda_spool_trace.h"
#include "read_trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_trace_of(varve::kCudaSpool, {data, size});
  return 0;
}
