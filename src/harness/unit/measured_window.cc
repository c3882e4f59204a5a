#include "harness/unit/measured_window.h"

#include <fmt/format.h>

#include "base/units.h"

namespace varve {

namespace {
double seconds_between(std::int64_t from_ns, std::int64_t to_ns) { return static_cast<double>(to_ns - from_ns) * 1e-9; }
}  // namespace

UnitWindow unit_window(const WrittenMetrics& written, const std::string& metric, const Stretch& life) {
  const std::string& name = metric.empty() && !written.metrics.empty() ? written.metrics.front().name : metric;
  const auto found = written.windows.find(name);
  if (found == written.windows.end()) return {};
  const MetricWindow& window = found->second;
  if (!window.fault.empty()) return {{}, fmt::format("{}: {}", name, window.fault)};
  const Stretch& first = window.stretches.front();
  const Stretch& last = window.stretches.back();
  if (first.start_ns < life.start_ns || last.end_ns > life.end_ns) {
    const bool early = first.start_ns < life.start_ns;
    return {{},
            fmt::format("{}: its window {} by CLOCK_MONOTONIC (time.monotonic_ns() in Python)", name,
                        early ? fmt::format("begins {} before the unit was started",
                                            format_seconds(seconds_between(first.start_ns, life.start_ns)))
                              : fmt::format("ends {} after the unit had ended",
                                            format_seconds(seconds_between(life.end_ns, last.end_ns))))};
  }
  return {window.stretches, ""};
}

MeasuredWindow measured_window(const std::vector<Stretch>& stretches, const Stretch& life) {
  MeasuredWindow window{.start_ns = stretches.front().start_ns - life.start_ns,
                        .end_ns = stretches.back().end_ns - life.start_ns,
                        .length_ns = 0,
                        .stretches = static_cast<int>(stretches.size())};
  for (const Stretch& stretch : stretches) window.length_ns += stretch.end_ns - stretch.start_ns;
  return window;
}

}  // namespace varve
