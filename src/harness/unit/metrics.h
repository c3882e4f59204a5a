#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "harness/readings/reported.h"

namespace varve {

// What a program reports through the file that VARVE_METRICS names: JSON lines, one number a line, other members
// ignored, empty lines allowed:
//   {"metric": "tokens/s", "value": 1520.5}
//   {"metric": "time to first token", "value": 0.021, "unit": "s", "better": "lower"}
// Without "better", unit and name tell (tables/metric_direction.h), or it is unknown. Of a metric on several lines the
// unit and "better" may not change, and its work is the sum; how its values become one, harness/readings/combine.h
// says, unless a line does: "combine": "sum", "mean", "median", "highest" or "lowest". Order of first appearance is
// kept. Limits: 16 MiB, 64 KiB a line, 1000 metrics, 200 bytes a name, 40 a unit. The names of the built-in metrics are
// reserved. The Error's `where` is "metrics line N", and its `found` quotes the line.
//
// A line may also say what its number was measured over, by CLOCK_MONOTONIC, how much was done in it, and which of
// several processes writes it:
//   {"metric": "tokens/s", "value": 812.5, "start_ns": 81250000000, "end_ns": 83250000000, "work": 1625, "rank": 3}
// All lines of a metric say when, or its window is not used. What is wrong with this fails nothing: it is said in
// `fault`.
Status add_metric_lines(std::string_view text, ReportedMetrics& reported);
Result<WrittenMetrics> parse_metrics(std::string_view text);

enum class MetricsFile {
  written,
  empty,     // it is as it was made: nobody wrote to it
  vanished,  // it was there when the program was started, and is not now
};
// Makes the file anew, empty. False: it cannot be made.
bool make_metrics_file(const std::string& path);
// Adds its lines. Only a regular file is read, links are not followed.
Result<MetricsFile> read_metrics_file(const std::string& path, ReportedMetrics& reported);

}  // namespace varve
