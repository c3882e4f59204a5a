#include "harness/sources/suggested_source.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(SuggestedSource, ALineThatNamesARateAlone) {
  EXPECT_EQ(suggested_source(
                "  19164 requests in 1.01s, 369.95MB read\nRequests/sec:  19019.38\nTransfer/sec:    367.16MB\n"),
            "it prints \"Requests/sec:  19019.38\", which --metric-from 'Requests/sec: *([0-9.,]+)' reads");
  EXPECT_EQ(
      suggested_source("Time per request:       4.643 [ms] (mean)\nRequests per second:    430.79 [#/sec] (mean)\n"),
      "it prints \"Requests per second:    430.79 [#/sec] (mean)\", which --metric-from "
      "'Requests per second: *([0-9.,]+)' reads");
  EXPECT_EQ(suggested_source("    total number of events:              352\n    events per second:   350.62\n"),
            "it prints \"events per second:   350.62\", which --metric-from 'events per second: *([0-9.,]+)' reads");
  EXPECT_EQ(
      suggested_source(" GET: rps=0.0 (overall: 0.0)\rGET: 20920.50 requests per second, p50=0.655 msec\n"),
      "it prints \"GET: 20920.50 requests per second, p50=0.655 msec\", which --metric-from 'GET: *([0-9.,]+)' reads");
  EXPECT_EQ(
      suggested_source("tps = 812.5 (without initial connection time)\n"),
      "it prints \"tps = 812.5 (without initial connection time)\", which --metric-from 'tps *= *([0-9.,]+)' reads");
}

TEST(SuggestedSource, AResultThatIsKnown) {
  EXPECT_EQ(suggested_source("\"test\",\"rps\",\"avg_latency_ms\"\n\"GET\",\"38167.94\",\"0.946\"\n"),
            "it prints redis-benchmark CSV, which --results - reads");
}

TEST(SuggestedSource, TablesOfProgramsThatNameNoNumber) {
  const std::string table = "it prints a table of ";
  EXPECT_EQ(
      suggested_source("type   16 bytes     64 bytes\nAES-128-CBC     853153.37k  1124268.00k\n"),
      table + "openssl speed, of which --metric-from 'AES\\-128\\-CBC .* (?P<throughput>[0-9.]+)k' reads a number");
  EXPECT_EQ(
      suggested_source("Avr:     348   9   3648  310  |  4686  11   3466  379\nTot:              10   3557    345\n"),
      table + "7z b, of which --metric-from 'Tot: .* (?P<score>[0-9]+)' reads a number");
  EXPECT_EQ(suggested_source("stress-ng: metrc: [2121] cpu                  62      1.04      0.05      0.00        "
                             "59.89        1246.51\n"),
            table +
                "stress-ng, of which --metric-from '\\] cpu +[0-9]+(?: +[0-9.]+){3} +(?P<throughput>[0-9.]+)' reads a "
                "number");
  EXPECT_EQ(
      suggested_source("BenchmarkAdd-2   \t  100000\t         0.27 ns/op\n"),
      table + "go test -bench, of which --metric-from 'BenchmarkAdd\\-2\\s+[0-9]+\\s+([0-9.]+) ns/op' reads a number");
  EXPECT_EQ(suggested_source("  read: IOPS=12.3k, BW=769MiB/s (806MB/s)(4096KiB/5msec)\n"),
            table +
                "fio, whose numbers change their unit: --output-format=json --output=fio.json lets it write what "
                "--metric-json fio.json#/jobs/0/read/iops reads");
  EXPECT_EQ(suggested_source("[  5]   0.00-1.07   sec   109 MBytes   851 Mbits/sec                  receiver\n"),
            table +
                "iperf3, whose numbers change their unit: -f m keeps it to one, which --metric-from "
                "'(?P<throughput>[0-9.]+) Mbits/sec +receiver' reads");
  EXPECT_EQ(suggested_source("fib_20     time:   [26.029 us 26.251 us 26.505 us]\n"),
            "it prints criterion's results, which --results - reads");
}

TEST(SuggestedSource, ProgramsThatWriteTheirNumbersWhenAsked) {
  const auto flag_told_for = [](const char* line, const char* flag) {
    return suggested_source(std::string(line) + "\n").find(flag) != std::string::npos;
  };
  EXPECT_TRUE(flag_told_for("  Time (mean ± σ):     581.4 µs ±  94.0 µs    [User: 300.0 µs, System: 214.1 µs]",
                            ": --export-json hyperfine.json lets it write what --results hyperfine.json reads"));
  EXPECT_TRUE(flag_told_for("BM_Sum/1024           63.1 ns         63.0 ns     11111111 items_per_second=16G/s",
                            ": --benchmark_format=json lets it print what --results - reads"));
  EXPECT_TRUE(flag_told_for("Name (time in us)        Min       Max      Mean  StdDev   Median     IQR  Outliers  OPS",
                            ": --benchmark-json=pytest.json lets it write what --results pytest.json reads"));
  EXPECT_TRUE(flag_told_for("Pass: Cold: 0.004460ms GPU, 0.011137ms CPU, 0.50s total GPU, 9.79s total wall, 112117x ",
                            ": --json nvbench.json lets it write what --results nvbench.json reads"));
}

TEST(SuggestedSource, IsSilentWhereItCouldBeWrong) {
  EXPECT_EQ(suggested_source(""), "");
  EXPECT_EQ(suggested_source("throughput: 90 tokens/s\nthroughput: 100 tokens/s\n"), "") << "which of them?";
  EXPECT_EQ(suggested_source("Transfer/sec:    367.16MB\n"), "") << "GB the next time";
  EXPECT_EQ(suggested_source("sha256         1494049.03k\n"), "");
  EXPECT_EQ(suggested_source("md5  1.0k  2.0k\nmd5  1.0k  2.0k\n"), "") << "which of them?";
  EXPECT_EQ(suggested_source("total time: 1.0042 s\nlearning rate: 0.01\nPort: 8000\n"), "");
}

// A loop of 50 000 steps, of which each line was looked for in all the others: that took minutes.
TEST(SuggestedSource, OfALoopIsNoneAndSoonSaid) {
  std::string printed;
  for (int i = 0; i < 50000; ++i) printed += "tokens/s: 5\n";
  EXPECT_EQ(suggested_source(printed), "");
  EXPECT_NE(suggested_source(printed + "requests/s: 7\n"), "");
}

}  // namespace
}  // namespace varve
