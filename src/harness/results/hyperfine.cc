// hyperfine --export-json FILE (src/export/json.rs, src/benchmark/benchmark_result.rs of sharkdp/hyperfine 1.15–1.19):
// {"results": [{"command", "mean", "stddev", "median", "user", "system", "min", "max", "times": […],
// "memory_usage_byte": […], "exit_codes", "parameters"}]}; all in seconds. Executions that failed are among the times.
#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"

namespace varve {

namespace {
bool is_hyperfine(const ResultText& text) {
  if (text.json.empty()) return false;
  const Json& results = array_member(text.json.front(), "results");
  return !results.empty() && results.front().is_object() && results.front().contains("command") &&
         results.front().contains("user") && results.front().contains("system");
}

void read_hyperfine(const ResultText& text, ResultMetrics& metrics) {
  for (const Json& row : array_member(text.json.front(), "results")) {
    const std::string command = text_member(row, "command");
    for (const Json& code : array_member(row, "exit_codes")) {
      if (code == 0) continue;
      metrics.note("an execution of " + command + " failed, and its time is among the others");
      break;
    }
    const ResultMetrics::Kind time{"s", Better::lower, Combined::median};
    const Json& times = array_member(row, "times");
    for (const Json& one : times) {
      if (one.is_number()) metrics.add(command, one.get<double>(), time);
    }
    if (times.empty()) metrics.add_member(row, "median", command, time);
    metrics.add_member(row, "user", command + ", user", time);
    metrics.add_member(row, "system", command + ", system", time);
    for (const Json& bytes : array_member(row, "memory_usage_byte")) {
      if (bytes.is_number())
        metrics.add(command + ", memory", bytes.get<double>(), {"bytes", Better::lower, Combined::highest});
    }
  }
}
}  // namespace

const ResultFormat kHyperfine = {"hyperfine JSON", is_hyperfine, read_hyperfine};

}  // namespace varve
