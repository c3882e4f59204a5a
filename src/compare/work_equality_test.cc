#include <gtest/gtest.h>

#include "compare/not_measured.h"

namespace varve {
namespace {

Metric count(const std::string& name, double value) {
  return {.name = name, .unit = "", .better = Better::unknown, .value = value};
}

// Three pairs that wrote a rate, and tokens as given.
Run pairs_with(double a_tokens, double b_tokens) {
  Run run;
  run.name = "run";
  run.protocol.primary_metric = "tokens/s";
  run.protocol.work_metrics = {"tokens"};
  for (const char* name : {"A", "B"}) {
    run.variants.emplace_back();
    run.variants.back().name = name;
    for (int pair = 0; pair < 3; ++pair) {
      Unit unit;
      unit.variant = name;
      unit.pair = pair;
      unit.index = static_cast<int>(run.units.size());
      unit.metrics = {count("tokens/s", 100), count("tokens", name == std::string("A") ? a_tokens : b_tokens)};
      run.units.push_back(unit);
    }
  }
  return run;
}

std::vector<std::string> differences(const Run& run) {
  return work_differences(*sides_of(run), run.protocol.primary_metric);
}

TEST(WorkEquality, CountsThatTheUserNamesMustAgree) {
  EXPECT_TRUE(differences(pairs_with(1024, 1024)).empty());
  EXPECT_EQ(differences(pairs_with(1024, 1000)), (std::vector<std::string>{"tokens is 1024 on A and 1000 on B"}));
  varve::Run within = pairs_with(1024, 1020);
  within.protocol.output_tolerance = 0.01;
  EXPECT_TRUE(differences(within).empty());
  varve::Run silent = pairs_with(1024, 1024);
  silent.units[4].metrics.pop_back();
  EXPECT_EQ(differences(silent), (std::vector<std::string>{"unit 4 of B did not report tokens"}));
}

TEST(WorkEquality, OutputsThatTheUserNamesMustAgree) {
  varve::Run run = pairs_with(1, 1);
  run.protocol.outputs = {"out.npy"};
  for (Unit& unit : run.units) unit.outputs = {{"out.npy", "ab", true, "identical"}};
  EXPECT_TRUE(differences(run).empty());
  run.units[3].outputs[0] = {"out.npy", "cd", false, "value 3: 4 became 2"};
  EXPECT_EQ(differences(run),
            (std::vector<std::string>{"out.npy of B is another in 1 of 3 units (value 3: 4 became 2)"}));
}

TEST(WorkEquality, RatesOfOtherNumbersOfLines) {
  varve::Run run = pairs_with(1, 1);
  for (Unit& unit : run.units) {
    unit.metrics[0].combined = Combined::sum;
    unit.metrics[0].count = unit.variant == "A" ? 4 : 3;
  }
  EXPECT_EQ(differences(run),
            (std::vector<std::string>{"tokens/s is the sum of 3 lines in one unit and of 4 in another"}));
}

TEST(WorkEquality, AsManyRequestsOfOtherSizeAreOtherWork) {
  const auto served = [](double a_tokens, double b_tokens, double b_requests) {
    varve::Run run = pairs_with(1, 1);
    run.protocol.work_metrics.clear();
    for (Unit& unit : run.units) {
      const bool is_a = unit.variant == "A";
      unit.metrics = {count("tokens/s", 100), count("completed requests", is_a ? 10 : b_requests),
                      count("output tokens", (is_a ? a_tokens : b_tokens) + unit.pair)};
    }
    return run;
  };
  EXPECT_TRUE(differences(served(1000, 1000, 10)).empty());
  EXPECT_TRUE(differences(served(1000, 1005, 10)).empty()) << "a request ended sooner";
  EXPECT_TRUE(differences(served(1000, 500, 5)).empty()) << "a program of a fixed time, that served fewer";
  EXPECT_EQ(differences(served(1000, 500, 10)),
            (std::vector<std::string>{"completed requests is 10 on both sides, and output tokens is 1000 to 1002 on A "
                                      "and 500 to 502 on B"}));
}

TEST(WorkEquality, AUnitWhoseNumbersDoNotFit) {
  varve::Run run = pairs_with(1, 1);
  run.units[0].work_fault = "tokens/s of 500 over 2.00 s make 1 000, but 1 024 was done";
  EXPECT_EQ(differences(run).size(), 1u);
  run.protocol.primary_metric = "wall time";
  EXPECT_TRUE(differences(run).empty());
}

}  // namespace
}  // namespace varve
