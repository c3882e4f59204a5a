#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/readings/file_state.h"
#include "harness/readings/output_pattern.h"
#include "harness/readings/reported.h"

namespace varve {

// A number in a JSON file: "result.json#/summary/tokens_per_second" (RFC 6901), named by the pointer's last part.
struct JsonNumber {
  std::string file, pointer, metric;
};
Result<JsonNumber> json_number_from(const std::string& text);

// Where the numbers of a unit are read beside the file $VARVE_METRICS, as the user says.
struct MetricSources {
  std::vector<OutputPattern> patterns;
  std::vector<JsonNumber> numbers;
  std::vector<std::string> results;  // files that a benchmark program writes, or "-": what it prints
  std::optional<Combined> several;   // how several values of a metric become one, whatever it is

  bool named() const { return !patterns.empty() || !numbers.empty() || !results.empty(); }
  bool reads_output() const;
};

// Reads what one unit reports. Paths are relative to the program's working folder; an empty one is Varve's own.
class UnitReadings {
 public:
  // Looks at the files that will be read; `sources` is lent.
  explicit UnitReadings(const MetricSources& sources, std::string directory = {});

  void output(std::string_view bytes);
  // After the unit. Error: a source that the user named has no number, with what was found there.
  Status finish(ReportedMetrics& reported);

 private:
  void take_line(std::string_view line);
  Status add_patterns(ReportedMetrics& reported);
  Status add_numbers(ReportedMetrics& reported) const;
  Status add_results(ReportedMetrics& reported) const;
  Result<std::string> fresh_text(const std::string& path, const char* doing) const;

  const MetricSources& sources_;
  std::string directory_;
  std::vector<std::pair<std::string, FileState>> before_;
  LineFeed lines_;
  std::vector<std::vector<PrintedNumber>> matches_;  // of each pattern
  std::string printed_;                              // kept where a result is read from it
  bool printed_too_much_ = false;
};

}  // namespace varve
