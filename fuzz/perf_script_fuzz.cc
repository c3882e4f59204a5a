#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  varve::ProfileBuilder builder(varve::WitnessKind::perf_script);
  const auto input = varve::trace_of_bytes(bytes, "fuzz");
  if (varve::kPerfScript.read(*input, builder, {})) {
    const varve::TraceReading reading = builder.take();
    for (const auto& [kind, profile] : reading.record.profiles.by_kind) {
      if (profile.remainder_ns() != 0) __builtin_trap();
    }
  }
  (void)varve::find_trace_format(bytes);
  return 0;
}
