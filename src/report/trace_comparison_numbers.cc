// Of two traces: ranks, numbers side by side, and what is known of the releases between them.
#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "report/trace_comparison_words.h"

namespace varve {

std::vector<std::string> known_change_sentences(const TraceComparison& comparison) {
  std::vector<std::string> sentences;
  for (const KnownChange& one : comparison.known_changes) {
    sentences.push_back(
        fmt::format("Known of {} {} → {}: {} ({}; {}).", one.component, one.a, one.b, one.change, one.id, one.source));
  }
  return sentences;
}

std::string measure_title(const std::string& id) {
  struct Row {
    const char *id, *title;
  };
  static constexpr Row kRows[] = {{"kernels", "kernels"},
                                  {"launches", "launches by the host"},
                                  {"in_graphs", "kernels inside graphs"},
                                  {"kernel_mean", "mean time of a kernel"},
                                  {"busy", "device busy, of the window"},
                                  {"tensor_cores", "on matrix units, of kernel time"},
                                  {"compiled", "compiled for the program, of kernel time"},
                                  {"fused", "several operations in one, of kernel time"},
                                  {"layouts", "changing layouts or formats, of kernel time"},
                                  {"pauses", "pauses of the device"},
                                  {"pause_median", "median pause"},
                                  {"pause_longest", "longest pause"},
                                  {"launch_latency", "from a launch to its kernel, median"},
                                  {"launch_calls", "calls that launch"},
                                  {"launch_time", "time in them"},
                                  {"synchronise_calls", "calls that wait for the device"},
                                  {"synchronise_time", "time in them"},
                                  {"allocate_calls", "calls that allocate or free"},
                                  {"allocate_time", "time in them"},
                                  {"loading_calls", "calls that load or link code"},
                                  {"loading_time", "time in them"}};
  for (const Row& row : kRows) {
    if (id == row.id) return row.title;
  }
  constexpr std::string_view kPrecision = "precision.";
  return id.starts_with(kPrecision) ? fmt::format("in {}, of kernel time", id.substr(kPrecision.size())) : id;
}

namespace {
constexpr double kSecondsPerNanosecond = 1e-9;
}  // namespace

std::string measure_text(const std::optional<double>& value, TraceMeasure::Unit unit) {
  if (!value) return "not told";
  if (!std::isfinite(*value)) return "–";
  if (unit == TraceMeasure::Unit::count) return fmt::format("{:.0f}", *value);
  if (unit == TraceMeasure::Unit::share) return fmt::format("{:.1f} %", 100 * *value);
  const TimeUnit time = time_unit_for(*value * kSecondsPerNanosecond);
  return time.text(*value * kSecondsPerNanosecond) + " " + time.name;
}

bool says_something(const TraceMeasure& measure) {
  if (!measure.a || !measure.b) return true;
  if (measure.unit == TraceMeasure::Unit::share) return std::abs(*measure.b - *measure.a) > 0.005;
  return std::abs(*measure.b - *measure.a) > 0.05 * std::max(std::abs(*measure.a), std::abs(*measure.b));
}

std::string rank_title(const RankChange& rank) {
  if (rank.rank < 0) return fmt::format("device {}", rank.device);
  return rank.device < 0 ? fmt::format("rank {}", rank.rank)
                         : fmt::format("rank {}, device {}", rank.rank, rank.device);
}

}  // namespace varve
