#include "harness/unit/measured_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/units.h"

namespace varve {

namespace {
constexpr std::int64_t kClockStep = 10'000'000;  // of the coarsest clock that a program may read: /proc/uptime

double seconds_between(std::int64_t from_ns, std::int64_t to_ns) { return static_cast<double>(to_ns - from_ns) * 1e-9; }

std::vector<Stretch> inside(const std::vector<Stretch>& stretches, const Stretch& life) {
  std::vector<Stretch> lived;
  for (const Stretch& stretch : stretches) {
    const Stretch part{std::max(stretch.start_ns, life.start_ns), std::min(stretch.end_ns, life.end_ns)};
    if (part.end_ns > part.start_ns) lived.push_back(part);
  }
  return lived;
}
}  // namespace

UnitWindow unit_window(const WrittenMetrics& written, const std::string& metric, const Stretch& life) {
  const std::string& name = metric.empty() && !written.metrics.empty() ? written.metrics.front().name : metric;
  const auto found = written.windows.find(name);
  if (found == written.windows.end()) return {};
  const MetricWindow& window = found->second;
  if (!window.fault.empty()) return {{}, fmt::format("{}: {}", name, window.fault)};
  const Stretch& first = window.stretches.front();
  const Stretch& last = window.stretches.back();
  std::vector<Stretch> lived = inside(window.stretches, life);
  const bool early = first.start_ns < life.start_ns - kClockStep;
  if (!early && last.end_ns <= life.end_ns + kClockStep && !lived.empty()) return {std::move(lived), ""};
  const std::string how = early ? fmt::format("begins {} before the unit was started",
                                              format_seconds(seconds_between(first.start_ns, life.start_ns)))
                                : fmt::format("ends {} after the unit had ended",
                                              format_seconds(seconds_between(life.end_ns, last.end_ns)));
  return {{}, fmt::format("{}: its window {} by CLOCK_MONOTONIC (time.monotonic_ns() in Python)", name, how)};
}

MeasuredWindow measured_window(const std::vector<Stretch>& stretches, const Stretch& life) {
  MeasuredWindow window{.start_ns = stretches.front().start_ns - life.start_ns,
                        .end_ns = stretches.back().end_ns - life.start_ns,
                        .length_ns = 0,
                        .stretches = static_cast<int>(stretches.size()),
                        .marks = {}};
  for (const Stretch& stretch : stretches) window.length_ns += stretch.end_ns - stretch.start_ns;
  return window;
}

}  // namespace varve
