#include "kernels/databases/database_formats.h"
#include "kernels/trace/profile_builder.h"
#include "kernels/trace/trace_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  varve::ProfileBuilder builder(varve::WitnessKind::nsight_systems);
  const auto input = varve::trace_of_bytes(bytes, "fuzz");
  if (varve::kNsightSystems.read(*input, builder, {})) {
    const varve::TraceReading reading = builder.take();
    for (const auto& [kind, profile] : reading.record.profiles.by_kind) {
      if (profile.remainder_ns() != 0) __builtin_trap();
    }
  }
  return 0;
}
