// What a measured program writes to $VARVE_METRICS.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "harness/unit/metrics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto metrics = varve::parse_metrics({reinterpret_cast<const char*>(data), size});
  if (!metrics) return 0;
  for (const auto& [name, window] : metrics->windows) {
    if (window.fault.empty() == window.stretches.empty()) std::abort();
    std::int64_t end = -1;
    for (const varve::Stretch& stretch : window.stretches) {
      if (stretch.start_ns <= end || stretch.end_ns <= stretch.start_ns) std::abort();
      end = stretch.end_ns;
    }
  }
  for (const varve::Metric& metric : metrics->metrics) {
    if (!std::isfinite(metric.value) || metric.name.empty()) std::abort();
  }
  return 0;
}
