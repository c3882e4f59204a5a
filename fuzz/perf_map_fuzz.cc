// /tmp/perf-PID.map, which the measured program writes.
#include "kernels/generated_code.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto code = varve::GeneratedCode::parse({reinterpret_cast<const char*>(data), size});
  for (std::uint64_t address : {0ull, 0x1000ull, 0x7f0000001000ull, ~0ull}) (void)code.find(address);
  return 0;
}
