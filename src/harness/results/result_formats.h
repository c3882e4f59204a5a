#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/results/result_text.h"

namespace varve {

// A form in which a benchmark program writes its result, told by its content.
struct ResultFormat {
  const char* name;  // for people: "Google Benchmark JSON"
  bool (*is)(const ResultText& text);
  void (*read)(const ResultText& text, ResultMetrics& metrics);
};

// The readers, one a file. A reader leaves out what it does not understand.
extern const ResultFormat kGoogleBenchmark;  // google_benchmark.cc
extern const ResultFormat kHyperfine;        // hyperfine.cc
extern const ResultFormat kPytestBenchmark;  // pytest_benchmark.cc
extern const ResultFormat kSglangServing;    // sglang_serving.cc
extern const ResultFormat kVllmServing;      // vllm_serving.cc
extern const ResultFormat kLlamaBench;       // llama_bench.cc
extern const ResultFormat kRedisBenchmark;   // redis_benchmark.cc
extern const ResultFormat kNvbench;          // nvbench.cc
extern const ResultFormat kMlperfLog;        // mlperf_log.cc
extern const ResultFormat kMlperfDetail;     // mlperf_detail.cc
extern const ResultFormat kNcclTests;        // nccl_tests.cc
extern const ResultFormat kAiperf;           // aiperf.cc
extern const ResultFormat kVllmOffline;      // vllm_offline.cc
extern const ResultFormat kServingText;      // serving_text.cc
extern const ResultFormat kJmh;              // jmh.cc
extern const ResultFormat kCriterion;        // criterion.cc

// The format that the text is in, or nullptr.
const ResultFormat* result_format_of(const ResultText& text);
std::vector<std::string> result_format_names();

// Adds the numbers of a result; `where` is its file or "the output". Error: it is in none of the formats, or there is
// no number in it.
Status read_result(std::string_view text, const std::string& where, ReportedMetrics& reported);

}  // namespace varve
