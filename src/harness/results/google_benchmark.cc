// Google Benchmark: --benchmark_format=json, --benchmark_out=FILE (src/json_reporter.cc of google/benchmark 1.9).
// {"context": {…}, "benchmarks": [{"name", "run_name", "run_type": "iteration" or "aggregate", "repetitions",
// "iterations", "real_time", "cpu_time", "time_unit": "ns" "us" "ms" "s", "error_occurred", counters …}]}. Counters
// stand among the members. Aggregates and rows of complexity repeat what the iterations say, and are left out.
#include <nlohmann/json.hpp>
#include <set>

#include "harness/results/result_formats.h"
#include "tables/metric_direction.h"

namespace varve {

namespace {
const std::set<std::string> kGoogleMembers = {"family_index",
                                              "per_family_instance_index",
                                              "repetitions",
                                              "repetition_index",
                                              "threads",
                                              "iterations",
                                              "real_time",
                                              "cpu_time",
                                              "aggregate_unit",
                                              "cpu_coefficient",
                                              "rms",
                                              "real_coefficient",
                                              "allocs_per_iter",
                                              "max_bytes_used",
                                              "total_allocated_bytes",
                                              "net_heap_growth"};

bool is_google_benchmark(const ResultText& text) {
  return !text.json.empty() && text.json.front().is_object() && text.json.front().contains("context") &&
         text.json.front()["context"].is_object() && !array_member(text.json.front(), "benchmarks").empty();
}

double google_seconds(const std::string& unit) {
  if (unit == "us") return 1e-6;
  if (unit == "ms") return 1e-3;
  return unit == "s" ? 1 : 1e-9;
}

void read_google_counters(const Json& row, const std::string& name, ResultMetrics& metrics) {
  for (const auto& [member, value] : row.items()) {
    if (!value.is_number() || kGoogleMembers.contains(member)) continue;
    const bool bytes = member == "bytes_per_second";
    const std::string unit = bytes ? "bytes/s" : member == "items_per_second" ? "items/s" : "";
    metrics.add(name + " " + member, value.get<double>(), {unit, metric_direction(member, unit), Combined::median});
  }
}

void read_google_benchmark(const ResultText& text, ResultMetrics& metrics) {
  int failed = 0;
  for (const Json& row : array_member(text.json.front(), "benchmarks")) {
    if (!row.is_object() || text_member(row, "run_type") == "aggregate" || row.contains("big_o")) continue;
    const auto error = row.find("error_occurred");
    if (error != row.end() && error->is_boolean() && error->get<bool>()) {
      if (++failed == 1) metrics.note(text_member(row, "name") + ": " + text_member(row, "error_message"));
      continue;
    }
    std::string name = text_member(row, "run_name");
    if (name.empty()) name = text_member(row, "name");
    const double scale = google_seconds(text_member(row, "time_unit"));
    const ResultMetrics::Kind time{"s", Better::lower, Combined::median};
    if (const auto real = number_member(row, "real_time")) metrics.add(name, *real * scale, time);
    if (const auto cpu = number_member(row, "cpu_time")) metrics.add(name + " CPU time", *cpu * scale, time);
    read_google_counters(row, name, metrics);
  }
}
}  // namespace

const ResultFormat kGoogleBenchmark = {"Google Benchmark JSON", is_google_benchmark, read_google_benchmark};

}  // namespace varve
