#include "kernels/databases/database_formats.h"
#include "kernels/trace/profile_builder.h"
#include "kernels/trace/trace_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  varve::ProfileBuilder builder(varve::WitnessKind::nvprof);
  const auto input = varve::trace_of_bytes(bytes, "fuzz");
  (void)varve::kNvprof.read(*input, builder, {});
  (void)builder.take();
  return 0;
}
