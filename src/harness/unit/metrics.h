#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/run_record.h"

namespace varve {

// What a program reports through the file that VARVE_METRICS names: JSON lines, one number a line, other members
// ignored, empty lines allowed:
//   {"metric": "tokens/s", "value": 1520.5}
//   {"metric": "time to first token", "value": 0.021, "unit": "s", "better": "lower"}
// Without "better", unit and name tell (tables/metric_direction.h), or it is unknown. A metric on several lines becomes
// the median of its values; its unit and better may not change, and its work is the sum. Order of first appearance is
// kept. Limits: 16 MiB, 64 KiB a line, 1000 metrics, 200 bytes a name, 40 a unit. The names of the built-in metrics are
// reserved. The Error's `where` is "metrics line N".
//
// A line may also say what its number was measured over, by CLOCK_MONOTONIC, and how much was done in it:
//   {"metric": "tokens/s", "value": 812.5, "start_ns": 81250000000, "end_ns": 83250000000, "work": 1625}
// All lines of a metric do, or its window is not used. What is wrong with this fails nothing: it is said in `fault`.
struct MetricWindow {
  std::vector<Stretch> stretches;  // by rising start, apart from each other; empty: the lines do not say
  std::string fault;  // "metrics line 2: \"end_ns\" is not after \"start_ns\""; then there are no stretches
};

struct WrittenMetrics {
  std::vector<Metric> metrics;
  std::map<std::string, MetricWindow, std::less<>> windows;  // by metric, of those that tell of one
};
Result<WrittenMetrics> parse_metrics(std::string_view text);

// The file's metrics; none when there is no such file. Only a regular file is read, links are not followed.
Result<WrittenMetrics> read_metrics(const std::string& path);

bool is_built_in_metric(std::string_view name);  // "wall time", "CPU time"

}  // namespace varve
