// The readers on results of real programs where those can be installed (fuzz/corpus/result: Google Benchmark 1.7.1,
// hyperfine 1.15.0, pytest-benchmark 5, redis-benchmark 7, LoadGen 6.0), and on published results for the others: vLLM
// (llm-d benchmarks), llama-bench (its README and ggml-org's report of the DGX Spark), nccl-tests (16 H100; two nodes
// by mpirun), the text of vLLM's client, LoadGen's detail log (inference_results_v4.1, Llama 2 on a MI300X); sglang,
// NVBench, aiperf, vLLM offline and MLPerf training by their sources and documentation.
#include "harness/results/result_formats.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/test_sources.h"

namespace varve {
namespace {

std::string sample(const std::string& name) {
  std::ifstream file(test::source_path("fuzz/corpus/result/" + name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

WrittenMetrics read(const std::string& text) {
  ReportedMetrics reported;
  const Status status = read_result(text, "result", reported);
  EXPECT_TRUE(status) << to_text(status.error());
  return reported.close();
}

std::string format_of(const std::string& name) {
  const std::string text = sample(name);
  const ResultFormat* format = result_format_of(result_text(text));
  return format == nullptr ? "" : format->name;
}

Metric find(const WrittenMetrics& written, const std::string& name) {
  for (const Metric& metric : written.metrics) {
    if (metric.name == name) return metric;
  }
  ADD_FAILURE() << "there is no " << name;
  return {};
}

TEST(ResultFormats, AreToldByContent) {
  EXPECT_EQ(format_of("google_benchmark_1.7.1.json"), "Google Benchmark JSON");
  EXPECT_EQ(format_of("hyperfine_1.15.0.json"), "hyperfine JSON");
  EXPECT_EQ(format_of("pytest_benchmark_5.json"), "pytest-benchmark JSON");
  EXPECT_EQ(format_of("vllm_serving.json"), "vLLM serving JSON");
  EXPECT_EQ(format_of("sglang_serving.jsonl"), "sglang serving JSON");
  for (const char* name : {"llama_bench.json", "llama_bench.csv", "llama_bench.md"})
    EXPECT_EQ(format_of(name), "llama-bench");
  EXPECT_EQ(format_of("redis_benchmark_7.csv"), "redis-benchmark CSV");
  EXPECT_EQ(format_of("nvbench.json"), "NVBench JSON");
  EXPECT_EQ(format_of("mlperf_log_summary_6.txt"), "MLPerf log summary");
  EXPECT_EQ(format_of("mlperf_log_detail_4.1.txt"), "MLPerf detail log");
  EXPECT_EQ(format_of("mlperf_training.txt"), "MLPerf detail log");
  EXPECT_EQ(format_of("nccl_tests.txt"), "nccl-tests");
  EXPECT_EQ(format_of("nccl_tests_mpirun.txt"), "nccl-tests");
  EXPECT_EQ(format_of("aiperf.json"), "aiperf or genai-perf JSON");
  EXPECT_EQ(format_of("vllm_throughput.json"), "vLLM or sglang offline JSON");
  EXPECT_EQ(format_of("vllm_latency.json"), "vLLM or sglang offline JSON");
  EXPECT_EQ(format_of("serving_text.txt"), "vLLM or sglang serving text");
  EXPECT_EQ(format_of("jmh.json"), "JMH's results");
  EXPECT_EQ(format_of("jmh.txt"), "JMH's results");
  EXPECT_EQ(format_of("criterion.txt"), "criterion's results");
}

TEST(ResultFormats, NobodyElsesTextIsTaken) {
  for (const char* text : {"", "hello\n", "{}", "[1, 2]", "{\"results\": []}", "\"a\",\"b\",\"c\"\n", "a,b\n1,2\n"}) {
    EXPECT_EQ(result_format_of(result_text(text)), nullptr) << text;
  }
  ReportedMetrics reported;
  const Status status = read_result("hello\n", "out.txt", reported);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().found.find("Google Benchmark JSON"), std::string::npos);
}

TEST(GoogleBenchmark, RepetitionsAreOneNumberAndAggregatesAreLeftOut) {
  const WrittenMetrics written = read(sample("google_benchmark_1.7.1.json"));
  const Metric sum = find(written, "BM_Sum/64");
  EXPECT_EQ(sum.unit, "s");
  EXPECT_EQ(sum.better, Better::lower);
  EXPECT_EQ(sum.count, 2);
  EXPECT_EQ(sum.combined, Combined::median);
  EXPECT_GT(sum.value, 1e-9);
  EXPECT_LT(sum.value, 1);  // ns in the file, made on a busy machine
  EXPECT_EQ(find(written, "BM_Sum/1024 items_per_second").better, Better::higher);
  ASSERT_EQ(written.notes.size(), 1u);
  EXPECT_EQ(written.notes[0], "Google Benchmark JSON: BM_Fails: no such device");
}

TEST(GoogleBenchmark, NumbersThatAreNoneAreLeftOut) {
  const WrittenMetrics written = read(sample("several_lines.txt"));
  ASSERT_EQ(written.metrics.size(), 1u);
  EXPECT_EQ(written.metrics[0].name, "a CPU time");
  EXPECT_EQ(written.metrics[0].value, 2e-6);
}

TEST(Hyperfine, TheMedianOfItsTimes) {
  const WrittenMetrics written = read(sample("hyperfine_1.15.0.json"));
  const Metric sleep = find(written, "sleep 0.01");
  EXPECT_NEAR(sleep.value, 0.135565238, 1e-9);
  EXPECT_EQ(sleep.count, 3);
  EXPECT_EQ(sleep.source, "hyperfine JSON");
  EXPECT_TRUE(written.notes.empty());
}

TEST(Hyperfine, SaysThatAnExecutionFailed) {
  const WrittenMetrics written = read(
      R"({"results": [{"command": "false", "mean": 1, "median": 1.5, "user": 0, "system": 0, "exit_codes": [0, 1]}]})");
  EXPECT_EQ(find(written, "false").value, 1.5);
  EXPECT_EQ(written.notes.size(), 1u);
}

TEST(PytestBenchmark, TheMedian) {
  EXPECT_NEAR(find(read(sample("pytest_benchmark_5.json")), "test_b.py::test_sum").value, 1.0215000202151714e-05,
              1e-15);
}

TEST(Serving, RatesFirstThenTimesAndCounts) {
  const WrittenMetrics vllm = read(sample("vllm_serving.json"));
  EXPECT_EQ(vllm.metrics.front().name, "output throughput");
  EXPECT_EQ(find(vllm, "output throughput").unit, "tokens/s");
  EXPECT_EQ(find(vllm, "median time to first token").unit, "ms");
  EXPECT_EQ(find(vllm, "output tokens").value, 81050);
  EXPECT_EQ(vllm.work_fault, "");
  const WrittenMetrics sglang = read(sample("sglang_serving.jsonl"));
  EXPECT_EQ(find(sglang, "median request latency").value, 1580.5);
  EXPECT_EQ(sglang.work_fault, "");
}

TEST(Serving, MoreRequestsUnderWayThanWereLetIn) {
  std::string text = sample("sglang_serving.jsonl");
  text.replace(text.find("\"max_concurrency\": 8"), 20, "\"max_concurrency\": 4");
  EXPECT_EQ(read(text).work_fault,
            "sglang serving JSON: 4.878 requests/s of 1600.25 ms each are 7.806 under way, but at most 4 were let in");
}

TEST(LlamaBench, SaysTheSameInAllItsForms) {
  EXPECT_EQ(find(read(sample("llama_bench.json")), "llama 7B Q4_0 pp512").value, 1234.5);
  EXPECT_EQ(find(read(sample("llama_bench.json")), "llama 7B Q4_0 tg128").value, 81);
  EXPECT_EQ(find(read(sample("llama_bench.csv")), "llama 7B Q4_0 pp512").value, 1234.5);
  EXPECT_EQ(find(read(sample("llama_bench.csv")), "llama 7B Q4_0 tg128 @ d4096").value, 81);
  const WrittenMetrics table = read(sample("llama_bench.md"));
  EXPECT_EQ(table.metrics.size(), 3u);
  EXPECT_EQ(find(table, "gpt-oss 20B MXFP4 MoE pp2048 @ d4096").value, 3030.29);
  EXPECT_EQ(table.metrics[0].unit, "tokens/s");
}

TEST(RedisBenchmark, OldAndNew) {
  const WrittenMetrics now = read(sample("redis_benchmark_7.csv"));
  EXPECT_EQ(now.metrics.front().name, "SET");
  EXPECT_EQ(find(now, "GET").value, 5102.04);
  EXPECT_EQ(find(now, "GET p99 latency").value, 85.311);
  const WrittenMetrics old = read("\"PING_INLINE\",\"86206.90\"\n\"SET\",\"90000.00\"\n");
  EXPECT_EQ(find(old, "PING_INLINE").value, 86206.9);
}

TEST(Nvbench, MeansAndWhatWasSkipped) {
  const WrittenMetrics written = read(sample("nvbench.json"));
  EXPECT_EQ(find(written, "copy Size=1048576").value, 1.25e-5);
  EXPECT_EQ(find(written, "copy Size=1048576 bandwidth").better, Better::higher);
  ASSERT_EQ(written.notes.size(), 1u);
  EXPECT_NE(written.notes[0].find("out of memory"), std::string::npos);
}

TEST(MlperfLog, TheScenariosNumberAndItsValidity) {
  const WrittenMetrics written = read(sample("mlperf_log_summary_6.txt"));
  EXPECT_EQ(written.metrics.front().name, "90.0th percentile latency");
  EXPECT_NEAR(written.metrics.front().value, 0.011205551, 1e-12);
  EXPECT_TRUE(written.notes.empty());
  const WrittenMetrics invalid =
      read("MLPerf Results Summary\nScenario : Offline\nSamples per second: 812.5\nResult is : INVALID\n");
  EXPECT_EQ(find(invalid, "Samples per second").better, Better::higher);
  EXPECT_EQ(invalid.notes.size(), 1u);
}

TEST(MlperfDetail, WhatWasCompletedAndNotWhatWasAskedFor) {
  const WrittenMetrics written = read(sample("mlperf_log_detail_4.1.txt"));
  EXPECT_EQ(written.metrics.front().name, "completed samples per sec");
  EXPECT_EQ(written.metrics.front().value, 8.58586);
  EXPECT_EQ(find(written, "completed tokens per second").better, Better::higher);
  EXPECT_NEAR(find(written, "first token 99.00 percentile latency").value, 0.785265884, 1e-12);
  for (const Metric& metric : written.metrics) {
    EXPECT_EQ(metric.name.find("scheduled"), std::string::npos);
    EXPECT_EQ(metric.name.find("throughput"), std::string::npos) << "6.5e-9 is no rate";
  }
}

TEST(MlperfDetail, OfTrainingTheTimeFromStartToStop) {
  const WrittenMetrics written = read(sample("mlperf_training.txt"));
  ASSERT_EQ(written.metrics.size(), 1u);
  EXPECT_EQ(written.metrics[0].value, 1812.5);
  EXPECT_EQ(written.metrics[0].better, Better::lower);
  EXPECT_TRUE(written.notes.empty());
}

TEST(NcclTests, TheAverageFirstThenEachSize) {
  const WrittenMetrics written = read(sample("nccl_tests.txt"));
  EXPECT_EQ(written.metrics.front().name, "average bus bandwidth");
  EXPECT_EQ(written.metrics.front().value, 70.742);
  EXPECT_EQ(written.metrics.front().better, Better::higher);
  EXPECT_EQ(find(written, "bus bandwidth 8 GiB").value, 338.82);
  EXPECT_EQ(find(written, "bus bandwidth 8 GiB in place").value, 337.35);
  EXPECT_EQ(find(written, "time 1 MiB in place").value, 207.2);
  EXPECT_EQ(find(written, "time 8 B").unit, "us");
  EXPECT_EQ(find(written, "time 8 B").better, Better::lower);
  EXPECT_EQ(written.work_fault, "");
}

TEST(NcclTests, BehindWhatMpirunPutsBefore) {
  const WrittenMetrics written = read(sample("nccl_tests_mpirun.txt"));
  EXPECT_EQ(written.metrics.front().name, "all_reduce_perf_mpi average bus bandwidth");
  EXPECT_EQ(find(written, "all_reduce_perf_mpi time 128 MiB").value, 58479.5);
}

TEST(NcclTests, WrongValuesAreNoMeasurement) {
  std::string text = sample("nccl_tests.txt");
  text.replace(text.find(": 0 OK"), 6, ": 3 FAILED");
  EXPECT_NE(read(text).work_fault.find("wrong"), std::string::npos);
}

TEST(Aiperf, RatesThenPercentiles) {
  const WrittenMetrics written = read(sample("aiperf.json"));
  EXPECT_EQ(written.metrics.front().name, "output token throughput");
  EXPECT_EQ(written.metrics.front().unit, "tokens/s");
  EXPECT_EQ(find(written, "p99 time to first token").value, 120);
  EXPECT_EQ(find(written, "p50 output token throughput per user").unit, "tokens/s/user");
  EXPECT_EQ(find(written, "requests").better, Better::unknown);
}

TEST(VllmOffline, ThroughputAndLatency) {
  EXPECT_EQ(find(read(sample("vllm_throughput.json")), "total token throughput").value, 20000);
  const WrittenMetrics latency = read(sample("vllm_latency.json"));
  EXPECT_EQ(find(latency, "batch latency").value, 1.5);
  EXPECT_EQ(find(latency, "batch latency").count, 3);
}

TEST(ServingText, SaysWhatTheJsonSays) {
  const WrittenMetrics written = read(sample("serving_text.txt"));
  EXPECT_EQ(written.metrics.front().name, "output throughput") << "though a count is printed first";
  EXPECT_EQ(find(written, "output throughput").value, 434.4);
  EXPECT_EQ(find(written, "mean time to first token").value, 7279.56) << "what stands behind the block is nobody's";
  EXPECT_EQ(find(written, "p99.9 time per output token").unit, "ms");
  EXPECT_EQ(find(written, "output tokens").value, 65536);
}

TEST(Serving, EmbeddingsHaveNoOutput) {
  const WrittenMetrics written = read(
      R"({"duration": 2, "completed": 10, "total_input_tokens": 100, "request_throughput": 5,
          "total_token_throughput": 50, "mean_e2el_ms": 9, "p99.9_e2el_ms": 12})");
  EXPECT_EQ(written.metrics.front().name, "total token throughput");
  EXPECT_EQ(find(written, "p99.9 request latency").value, 12);
}

TEST(Jmh, ATableAndItsJson) {
  const WrittenMetrics table = read(sample("jmh.txt"));
  ASSERT_EQ(table.metrics.size(), 4u) << "what profilers add is left out, and what is no number";
  EXPECT_EQ(table.metrics[0].name, "Sum.add 64, thrpt");
  EXPECT_EQ(table.metrics[0].better, Better::higher);
  EXPECT_EQ(table.metrics[1].name, "Sum.add 64, avgt");
  EXPECT_EQ(table.metrics[1].value, 8.1);
  EXPECT_EQ(table.metrics[1].better, Better::lower);
  EXPECT_EQ(table.metrics[2].value, 10.5);
  EXPECT_EQ(table.metrics[3].name, "Sum.add:p0.99 64, sample");
  const WrittenMetrics json = read(sample("jmh.json"));
  ASSERT_EQ(json.metrics.size(), 1u);
  EXPECT_EQ(json.metrics[0].name, "bench.Case1.decode depth=10 length=12, thrpt");
  EXPECT_EQ(json.metrics[0].value, 12002.994394295827);
  EXPECT_EQ(json.metrics[0].unit, "ops/s");
  EXPECT_EQ(json.metrics[0].better, Better::higher);
}

TEST(Criterion, TheEstimateBetweenTheEndsOfItsInterval) {
  const WrittenMetrics written = read(sample("criterion.txt"));
  ASSERT_EQ(written.metrics.size(), 2u);
  EXPECT_EQ(written.metrics[0].name, "alloc");
  EXPECT_DOUBLE_EQ(written.metrics[0].value, 2.5306e-3);
  EXPECT_EQ(written.metrics[0].unit, "s");
  EXPECT_EQ(written.metrics[0].better, Better::lower);
  EXPECT_EQ(written.metrics[1].name, "sorting/of several thousand words");
  EXPECT_DOUBLE_EQ(written.metrics[1].value, 24.310e-6);
}

}  // namespace
}  // namespace varve
