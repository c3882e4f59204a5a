// pytest --benchmark-json=FILE (pytest_benchmark/session.py, stats.py of ionelmc/pytest-benchmark 5): {"machine_info",
// "benchmarks": [{"name", "fullname", "extra_info", "stats": {"min", "max", "mean", "median", "ops", "rounds",
// "iterations", "data"}}], "version"}; seconds.
#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"

namespace varve {

namespace {
bool is_pytest_benchmark(const ResultText& text) {
  if (text.json.empty()) return false;
  const Json& rows = array_member(text.json.front(), "benchmarks");
  return !rows.empty() && rows.front().is_object() && rows.front().contains("fullname") &&
         rows.front().contains("stats") && rows.front()["stats"].is_object();
}

void read_pytest_benchmark(const ResultText& text, ResultMetrics& metrics) {
  for (const Json& row : array_member(text.json.front(), "benchmarks")) {
    if (!row.is_object() || !row.contains("stats")) continue;
    metrics.add_member(row["stats"], "median", text_member(row, "fullname"), {"s", Better::lower, Combined::median});
  }
}
}  // namespace

const ResultFormat kPytestBenchmark = {"pytest-benchmark JSON", is_pytest_benchmark, read_pytest_benchmark};

}  // namespace varve
