#include "read_trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_trace_of(varve::kProton, {data, size});
  return 0;
}
