// mlperf_log_summary.txt of LoadGen (loadgen/results.cc of mlcommons/inference): "MLPerf Results Summary", then lines
// of "name : value". The number of a scenario is "Samples per second" (Offline), "Completed samples per second" or
// "Scheduled samples per second" (Server), "90th percentile latency (ns)" (SingleStream), "99th percentile latency
// (ns)" (MultiStream); "Result is : VALID" or INVALID.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
bool is_mlperf_log(const ResultText& text) {
  for (const std::string_view line : text.lines) {
    if (trim(line) == "MLPerf Results Summary") return true;
  }
  return false;
}

void read_mlperf_log(const ResultText& text, ResultMetrics& metrics) {
  for (const std::string_view line : text.lines) {
    if (trim(line) == "Test Parameters Used") break;
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, colon)), value = trim(line.substr(colon + 1));
    if (name == "Result is" && value != "VALID") metrics.note("LoadGen calls the result " + clean_utf8(value, 40));
    const std::optional<double> number = parse_number(value);
    if (!number) continue;
    if (name.ends_with("per second")) metrics.add(name, *number, {"", Better::higher, Combined::median});
    if (name.ends_with("(ns)")) {
      metrics.add(trim(name.substr(0, name.size() - 4)), *number * 1e-9, {"s", Better::lower, Combined::median});
    }
  }
}
}  // namespace

const ResultFormat kMlperfLog = {"MLPerf log summary", is_mlperf_log, read_mlperf_log};

}  // namespace varve
