// A record of the kernel's ring with a sample, and how it is cut into fields.
#include "kernels/perf_sample.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const varve::PerfRecord record{PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, std::as_bytes(std::span(data, size))};
  for (const varve::PerfSampleContent& content : {varve::PerfSampleContent{}, varve::content_with_stacks()}) {
    const auto sample = varve::read_perf_sample(record, content);
    if (!sample || sample->stack.empty()) continue;
    const auto* first = reinterpret_cast<const std::uint8_t*>(sample->stack.data());
    if (first < data || sample->stack.size() > size) __builtin_trap();
  }
  return 0;
}
