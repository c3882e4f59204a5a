#include "harness/sources/metric_sources.h"

#include <gtest/gtest.h>

#include <fstream>

#include "world/test_root.h"

namespace varve {
namespace {

OutputPattern pattern(const std::string& expression) {
  Result<OutputPattern> made = OutputPattern::make(expression);
  EXPECT_TRUE(made) << to_text(made.error());
  return *made;
}

void write(const std::string& path, const std::string& text, bool append = false) {
  std::ofstream(path, append ? std::ios::app : std::ios::trunc) << text;
}

TEST(OutputPattern, IsCalledAsTheWordsBeforeItsGroup) {
  EXPECT_EQ(pattern("GFLOP/s: ([0-9.]+)").metric(), "GFLOP/s");
  EXPECT_EQ(pattern("^total\\s+time =\\s*([0-9.]+) s").metric(), "total time");
  EXPECT_EQ(pattern("(?P<tokens_per_second>[0-9.]+) tok/s").metric(), "tokens_per_second");
  EXPECT_EQ(pattern("([0-9]+)").metric(), "([0-9]+)");
}

TEST(OutputPattern, SaysWhatIsWrongWithIt) {
  EXPECT_FALSE(OutputPattern::make("GFLOP/s: [0-9.]+"));
  EXPECT_FALSE(OutputPattern::make("([0-9)"));
  EXPECT_FALSE(OutputPattern::make("(a)(b)"));
  EXPECT_FALSE(OutputPattern::make("(?P<wall>x)(b)"));
}

TEST(OutputPattern, TakesNumbersAsTheyArePrinted) {
  EXPECT_EQ(printed_number("1,234.5"), 1234.5);
  EXPECT_EQ(printed_number("+3e2"), 300);
  EXPECT_FALSE(printed_number("1,2"));
  EXPECT_FALSE(printed_number("fast"));
}

TEST(UnitReadings, ReadsTheOutputInAnyPieces) {
  MetricSources sources;
  sources.patterns.push_back(pattern("rate: ([0-9.]+)"));
  UnitReadings readings(sources);
  readings.output("10 %\rra");
  readings.output("te: 8");
  readings.output("12.5");
  ReportedMetrics reported;
  ASSERT_TRUE(readings.finish(reported));
  const WrittenMetrics written = reported.close();
  ASSERT_EQ(written.metrics.size(), 1u);
  EXPECT_EQ(written.metrics[0].value, 812.5);
  EXPECT_EQ(written.metrics[0].source, "output");
  EXPECT_EQ(written.metrics[0].unit, "");
}

TEST(OutputPattern, TakesTheUnitThatStandsBehind) {
  const auto unit = [](const std::string& line) { return pattern("rate: ([0-9.]+)").find(line).at(0).unit; };
  EXPECT_EQ(unit("rate: 8.046 Mops/s"), "Mops/s");
  EXPECT_EQ(unit("rate: 850ms, step 3"), "ms");
  EXPECT_EQ(unit("rate: 8 (tok/s)"), "tok/s");
  EXPECT_EQ(unit("rate: 8 [GFLOPS]"), "GFLOPS");
  for (const char* line : {"rate: 2.31 step 5", "rate: 2.31 time 5 s", "rate: 3", "rate: 3 of 5", "rate: 3 a/b"}) {
    EXPECT_EQ(unit(line), "") << line;
  }
}

TEST(UnitReadings, RefusesToMixUnits) {
  MetricSources sources;
  sources.patterns.push_back(pattern("took ([0-9.]+)"));
  UnitReadings readings(sources);
  readings.output("took 850 ms\ntook 1.2 s\n");
  ReportedMetrics reported;
  const Status status = readings.finish(reported);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().found.find("\"s\""), std::string::npos) << status.error().found;
}

TEST(UnitReadings, QuotesWhatIsNoNumber) {
  MetricSources sources;
  sources.patterns.push_back(pattern("rate: (\\S+)"));
  UnitReadings readings(sources);
  readings.output("rate: none\n");
  ReportedMetrics reported;
  const Status status = readings.finish(reported);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().found, "what it takes is no number: \"none\"");
  UnitReadings silent(sources);
  EXPECT_EQ(silent.finish(reported).error().found, "no line of what the program printed matches");
}

TEST(UnitReadings, FollowsAPointerIntoAFile) {
  const TestRoot root;
  const std::string file = root.prepare("result.json");
  MetricSources sources;
  sources.numbers.push_back(*json_number_from(file + "#/summary/tokens_per_second"));
  EXPECT_EQ(sources.numbers[0].metric, "tokens_per_second");
  UnitReadings readings(sources);
  write(file, R"({"summary": {"tokens_per_second": 812.5, "steps": 3}})");
  ReportedMetrics reported;
  ASSERT_TRUE(readings.finish(reported));
  EXPECT_EQ(reported.close().metrics.at(0).value, 812.5);

  sources.numbers[0] = *json_number_from(file + "#/summary/tokens");
  UnitReadings wrong(sources);
  write(file, R"({"summary": {"tokens_per_second": 812.5, "steps": 3}}  )");
  EXPECT_EQ(wrong.finish(reported).error().found, "there is nothing; /summary has steps, tokens_per_second");
}

TEST(UnitReadings, DoesNotTakeWhatAnEarlierUnitWrote) {
  const TestRoot root;
  const std::string file = root.prepare("result.json");
  write(file, R"({"rate": 1})");
  MetricSources sources;
  sources.numbers.push_back(*json_number_from(file + "#/rate"));
  UnitReadings readings(sources);
  ReportedMetrics reported;
  EXPECT_EQ(readings.finish(reported).error().found, "it is as it was before the unit: the unit did not write it");
}

TEST(UnitReadings, TakesOfAFileThatGrowsWhatTheUnitAdded) {
  const TestRoot root;
  const std::string file = root.prepare("serving.jsonl");
  const auto line = [](int rate) {
    return R"({"request_throughput": 1, "output_throughput": )" + std::to_string(rate) +
           R"(, "duration": 1, "total_input_tokens": 1, "completed": 1, "mean_e2e_latency_ms": 3})" + "\n";
  };
  write(file, line(100));
  MetricSources sources;
  sources.results = {file};
  UnitReadings readings(sources);
  write(file, line(200), true);
  ReportedMetrics reported;
  ASSERT_TRUE(readings.finish(reported));
  EXPECT_EQ(reported.close().metrics.at(0).value, 200);
}

TEST(JsonNumber, NeedsAFileAndAPointer) {
  EXPECT_FALSE(json_number_from("result.json"));
  EXPECT_FALSE(json_number_from("#/a"));
  EXPECT_FALSE(json_number_from("result.json#a"));
  EXPECT_EQ(json_number_from("r.json#/runs/0")->metric, "runs/0");
}

}  // namespace
}  // namespace varve
