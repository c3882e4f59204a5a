// What benchmark programs write as their result, and what they print.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/readings/output_pattern.h"
#include "harness/results/result_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  varve::ReportedMetrics reported;
  if (varve::read_result(text, "result", reported)) {
    for (const varve::Metric& metric : reported.close().metrics) {
      if (!std::isfinite(metric.value) || metric.name.empty() || metric.source.empty()) std::abort();
    }
  }
  static const auto pattern = varve::OutputPattern::make("t[^0-9]*([0-9.,]+)");
  varve::LineFeed lines;
  const auto take = [&](std::string_view line) {
    for (const varve::PrintedNumber& found : pattern->find(line)) varve::printed_number(found.text);
  };
  lines.add(text, take);
  lines.end(take);
  return 0;
}
