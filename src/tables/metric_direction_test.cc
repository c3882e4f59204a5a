#include "tables/metric_direction.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/embedded.h"

namespace varve {
namespace {

struct Named {
  const char *name, *unit;
};

void expect_direction(Better wanted, std::initializer_list<Named> metrics) {
  for (const Named& metric : metrics) {
    EXPECT_EQ(to_string(metric_direction(metric.name, metric.unit)), to_string(wanted))
        << metric.name << " in \"" << metric.unit << '"';
  }
}

TEST(MetricDirection, WhatIsDoneInATimeIsBetterHigher) {
  expect_direction(Better::higher, {{"samples/sec", ""},
                                    {"fps", ""},
                                    {"qps", ""},
                                    {"GFLOPS", ""},
                                    {"images_per_second", ""},
                                    {"items_per_second", ""},
                                    {"samplesPerSecond", ""},
                                    {"tok/s/user", ""},
                                    {"TFLOP/s/GPU", ""},
                                    {"bandwidth", ""},
                                    {"memory bandwidth", "GB/s"},
                                    {"throughput", ""},
                                    {"train_samples_per_sec", ""},
                                    {"iterations/min", ""},
                                    {"anything", "1/s"},
                                    {"steps", "it/s"},
                                    {"tokens", "s^-1"}});
}

TEST(MetricDirection, QualityIsBetterHigherAndErrorLower) {
  expect_direction(Better::higher, {{"accuracy", "%"}, {"MFU", ""}, {"score", ""}, {"eval/f1", ""}, {"top1", ""}});
  expect_direction(Better::lower,
                   {{"loss", ""}, {"perplexity", ""}, {"word error rate", ""}, {"val_rmse", ""}, {"train/loss", ""}});
}

TEST(MetricDirection, TimeAndWhatIsUsedUpAreBetterLower) {
  expect_direction(Better::lower, {{"latency", ""},
                                   {"anything", "ms"},
                                   {"anything", "s"},
                                   {"median_ttft_ms", ""},
                                   {"p99 latency", "µs"},
                                   {"time to train", "min"},
                                   {"timeToTrain", ""},
                                   {"ms/token", ""},
                                   {"cycles/byte", ""},
                                   {"energy", "J/token"},
                                   {"memory", ""},
                                   {"bytes", ""},
                                   {"anything", "GiB"}});
  expect_direction(Better::higher, {{"tokens/J", ""}});
}

TEST(MetricDirection, ASpeedupIsBetterHigherWhateverGotFaster) {
  expect_direction(Better::higher, {{"99% latency - speedup", ""}, {"ns/day", ""}});
  expect_direction(Better::lower, {{"days/ns", ""}});
}

TEST(MetricDirection, WhereUnitAndNameLeaveADoubtNothingIsSaid) {
  expect_direction(Better::unknown, {{"throughput", "ms"},  // a slip somewhere
                                     {"errors/s", ""},
                                     {"GPU utilization", "%"},
                                     {"batch size", ""},
                                     {"latency ratio", ""},
                                     {"widgets", ""},
                                     {"tokens", ""},
                                     {"", ""},
                                     {"/", "/"},
                                     {"per", "per"}});
}

TEST(MetricDirections, EveryRowSaysAWordOnceAndWhereItIsFrom) {
  const auto document = nlohmann::json::parse(embedded_file("data/metric_directions.json"));
  const std::set<std::string> answers = {"higher", "lower", "unknown", "none"};
  std::set<std::string> seen;
  for (const auto& row : document.at("directions")) {
    const std::string words = row.at("words");
    EXPECT_TRUE(seen.insert(words).second) << words << " stands twice";
    EXPECT_TRUE(answers.contains(row.at("better").get<std::string>())) << words;
    EXPECT_FALSE(row.at("source").get<std::string>().empty()) << words;
  }
  EXPECT_GT(seen.size(), 200u);
}

}  // namespace
}  // namespace varve
