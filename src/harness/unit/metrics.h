#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "harness/readings/reported.h"

struct stat;

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

// The file that $VARVE_METRICS names. It is made for the first unit, and anew for one that comes behind a unit which
// did something to it: making and removing a file costs more than all else that is done for a unit that writes no
// metric.
class MetricsPlace {
 public:
  explicit MetricsPlace(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  // Sees to it that the file is there and empty, and nobody wrote to it. False: it cannot be made.
  bool make();
  // Adds its lines. Only a regular file is read, links are not followed.
  Result<MetricsFile> read(ReportedMetrics& reported);
  // The next unit gets another file: a process may still hold this one open.
  void abandon() { made_ = {}; }

 private:
  // Changes with whatever is done to a file: a write, a name, permissions.
  struct Made {
    std::uint64_t device = 0, inode = 0, links = 0;
    std::int64_t size = -1, changed_ns = 0;  // of its inode (st_ctim)
    std::uint32_t mode = 0, user = 0;
    bool operator==(const Made&) const = default;
  };
  static Made state_of(const struct stat& status);
  bool is_as_made() const;

  std::string path_;
  Made made_;
};

}  // namespace varve
