#include "harness/unit/measured_window.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

const Stretch kLife{1'000'000'000, 9'000'000'000};

WrittenMetrics written(const std::string& text) {
  Result<WrittenMetrics> parsed = parse_metrics(text);
  EXPECT_TRUE(parsed) << to_text(parsed.error());
  return parsed ? *parsed : WrittenMetrics{};
}

std::string line(const std::string& metric, const std::string& more) {
  return R"({"metric": ")" + metric + R"(", "value": 5, )" + more + "}\n";
}

std::string fault_of(const std::string& text) { return unit_window(written(text), "", kLife).fault; }

TEST(MeasuredWindow, IsTheUnionOfTheLinesOfTheMetric) {
  const WrittenMetrics all = written(line("a", R"("start_ns": 4000000000, "end_ns": 5000000000, "work": 10)") +
                                     line("a", R"("start_ns": 2000000000, "end_ns": 3000000000, "work": 20)") +
                                     line("a", R"("start_ns": 2500000000, "end_ns": 3500000000, "work": 0)") +
                                     line("b", R"("start_ns": 1000000000, "end_ns": 9000000000)"));
  const UnitWindow window = unit_window(all, "a", kLife);
  EXPECT_EQ(window.fault, "");
  EXPECT_EQ(window.stretches, (std::vector<Stretch>{{2000000000, 3500000000}, {4000000000, 5000000000}}));
  EXPECT_EQ(measured_window(window.stretches, kLife), (MeasuredWindow{1000000000, 4000000000, 2500000000, 2}));
  EXPECT_EQ(all.metrics[0].work, 30);
  EXPECT_EQ(all.metrics[0].value, 5);
  EXPECT_FALSE(all.metrics[1].work);
}

// The metric that is compared speaks; without a name that is the first one.
TEST(MeasuredWindow, IsThatOfThePrimaryMetric) {
  const WrittenMetrics all =
      written(line("a", R"("start_ns": 2000000000, "end_ns": 3000000000)") +
              line("b", R"("start_ns": 5000000000, "end_ns": 6000000000)") + R"({"metric": "c", "value": 1})");
  EXPECT_EQ(unit_window(all, "", kLife).stretches, (std::vector<Stretch>{{2000000000, 3000000000}}));
  EXPECT_EQ(unit_window(all, "b", kLife).stretches, (std::vector<Stretch>{{5000000000, 6000000000}}));
  EXPECT_TRUE(unit_window(all, "c", kLife).stretches.empty());
  EXPECT_TRUE(unit_window(all, "wall time", kLife).stretches.empty());
  EXPECT_EQ(unit_window(all, "wall time", kLife).fault, "");
  EXPECT_TRUE(unit_window({}, "", kLife).stretches.empty());
}

TEST(MeasuredWindow, WhatIsWrongIsSaidAndTheMetricStays) {
  EXPECT_EQ(fault_of(line("a", R"("start_ns": 3000000000, "end_ns": 3000000000)")),
            "a: metrics line 1: \"end_ns\" is not after \"start_ns\"");
  EXPECT_EQ(fault_of(line("a", R"("start_ns": 3000000000)")), "a: metrics line 1: no \"end_ns\" beside the other");
  EXPECT_EQ(fault_of(line("a", R"("end_ns": 3000000000)")), "a: metrics line 1: no \"start_ns\" beside the other");
  for (const char* wrong : {"-5", "1.5", "1e300", "\"2000000000\"", "null", "18446744073709551615", "[]"}) {
    EXPECT_EQ(fault_of(line("a", std::string("\"start_ns\": ") + wrong + R"(, "end_ns": 3000000000)")),
              "a: metrics line 1: \"start_ns\" is no whole number of nanoseconds")
        << wrong;
  }
  EXPECT_EQ(fault_of(line("a", R"("work": "much")")), "a: metrics line 1: \"work\" is no number from 0 on");
  EXPECT_EQ(fault_of(line("a", R"("start_ns": 2000000000, "end_ns": 3000000000)") + R"({"metric": "a", "value": 5})"),
            "a: 1 of 2 lines say when they were measured: all of a metric must, or none");
}

TEST(MeasuredWindow, LiesInsideTheUnitsLife) {
  EXPECT_EQ(fault_of(line("a", R"("start_ns": 1000000000, "end_ns": 9000000000)")), "");
  // A clock that goes in steps of 10 ms says that it began a little before it did.
  const UnitWindow coarse =
      unit_window(written(line("a", R"("start_ns": 990000000, "end_ns": 2000000000)")), "", kLife);
  EXPECT_EQ(coarse.stretches, (std::vector<Stretch>{{1'000'000'000, 2'000'000'000}}));
  EXPECT_NE(fault_of(line("a", R"("start_ns": 989999999, "end_ns": 9000000000)")).find("before the unit was started"),
            std::string::npos);
  // time.time_ns() in the place of time.monotonic_ns()
  EXPECT_NE(fault_of(line("a", R"("start_ns": 1770000000000000000, "end_ns": 1770000002000000000)"))
                .find("after the unit had ended by CLOCK_MONOTONIC (time.monotonic_ns() in Python)"),
            std::string::npos);
}

}  // namespace
}  // namespace varve
