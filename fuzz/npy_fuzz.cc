// Outputs that are held against each other: arrays of NumPy, JSON, text.
#include <cstdint>
#include <cstdlib>

#include "harness/readings/npy_array.h"
#include "harness/readings/output_equality.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto array = varve::read_npy(bytes); array && array->values.size() > size) std::abort();
  const std::string_view half = bytes.substr(0, size / 2), rest = bytes.substr(size / 2);
  if (!varve::compare_outputs(bytes, std::string(bytes), 0).equal) std::abort();
  varve::compare_outputs(half, rest, 0.5);
  return 0;
}
