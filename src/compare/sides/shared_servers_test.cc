// Units that share a server: their block is what counts. The machine here gives each server luck of its own, as address
// layout and placement do (Kalibera and Jones 2013).
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "compare/compare_runs.h"
#include "compare/sides/measure.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
constexpr double kServerLuck = 0.01;  // standard deviation of the logarithms
constexpr double kUnitLuck = 0.005;

// One server a block on both sides; nothing differs between them but luck and `effect`.
Run served_run(int pairs, std::uint64_t seed, double effect = 0) {
  std::mt19937_64 luck(seed);
  std::map<std::pair<std::string, int>, double> servers;
  varve::Run run = interleaved_run(
      pairs, [](Unit&, Generator&) {}, seed);
  for (Variant& each : run.variants) each.server = ServerSetup{{"server"}, "block", "port 7000"};
  for (Unit& each : run.units) {
    const auto [server, is_new] = servers.try_emplace({each.variant, each.block}, 0);
    if (is_new) server->second = std::normal_distribution<double>(0, kServerLuck)(luck);
    const double own = std::normal_distribution<double>(0, kUnitLuck)(luck);
    each.metrics[0].value *= std::exp(server->second + own + (each.variant == "B" ? effect : 0));
  }
  return run;
}

MetricComparison measured(const Run& run) {
  const Result<Sides> sides = sides_of(run);
  EXPECT_TRUE(sides);
  const Result<Measured> result = measure(*sides, "tokens/s", 0.01);
  EXPECT_TRUE(result);
  return result->comparison;
}

bool covers(const MetricComparison& metric, double effect) {
  return metric.ratio.interval.low <= std::exp(effect) && std::exp(effect) <= metric.ratio.interval.high;
}
}  // namespace

TEST(SharedServers, TheMeanOfABlockIsOneValue) {
  const varve::Run run = served_run(10, 3);
  const MetricComparison metric = measured(run);
  EXPECT_TRUE(metric.by_block);
  EXPECT_EQ(metric.pairs, 5);
  ASSERT_EQ(metric.log_ratios.size(), 5u);
  const auto log_of = [&](std::size_t unit) { return std::log(run.units[unit].metrics[0].value); };
  EXPECT_NEAR(metric.log_ratios[0], (log_of(1) - log_of(0) + log_of(2) - log_of(3)) / 2, 1e-12);  // A B B A
}

TEST(SharedServers, ABlockThatIsNotWholeCountsOnce) {
  varve::Run run = served_run(10, 3);
  run.units.pop_back();
  run.units.pop_back();
  EXPECT_EQ(measured(run).pairs, 5);
}

TEST(SharedServers, FreshServersCountPairByPair) {
  varve::Run run = served_run(10, 3);
  for (Variant& each : run.variants) each.server->lives = "unit";
  EXPECT_FALSE(measured(run).by_block);
  EXPECT_EQ(measured(run).pairs, 10);
}

TEST(SharedServers, TheIntervalHoldsWhereThatOfPairsDoesNot) {
  constexpr int kRuns = 3000;
  int by_block = 0, by_pair = 0;
  for (int seed = 0; seed < kRuns; ++seed) {
    varve::Run run = served_run(20, static_cast<std::uint64_t>(seed), 0.02);
    by_block += covers(measured(run), 0.02) ? 1 : 0;
    for (Variant& each : run.variants) each.server->lives = "unit";
    by_pair += covers(measured(run), 0.02) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(by_block) / kRuns, 0.95, 0.015);
  EXPECT_LT(static_cast<double>(by_pair) / kRuns, 0.90) << "what it is for";
}

TEST(SharedServers, AnEffectOfTwoSpreadsIsFound) {
  constexpr int kRuns = 500;
  int found = 0;
  for (int seed = 0; seed < kRuns; ++seed) {
    const MetricComparison metric = measured(served_run(20, static_cast<std::uint64_t>(seed), 2 * 0.0158));
    found += metric.ratio.interval.low > 1 ? 1 : 0;
  }
  EXPECT_GE(found, 9 * kRuns / 10);
}

TEST(SharedServers, TheAnswerCountsBlocks) {
  const Result<Comparison> comparison = compare_variants(served_run(12, 5, 0.2), {});
  ASSERT_TRUE(comparison);
  EXPECT_NE(comparison->verdict.find("6 blocks with a server each"), std::string::npos) << comparison->verdict;
  EXPECT_NE(comparison->quote.find("6 blocks with a server each"), std::string::npos) << comparison->quote;
  const Result<Comparison> few = compare_variants(served_run(8, 5, 0.2), {});
  ASSERT_TRUE(few);
  EXPECT_EQ(few->primary.speed, Speed::too_few);
  EXPECT_NE(few->verdict.find("Too few blocks"), std::string::npos) << few->verdict;
}

TEST(SharedServers, TheAccountCountsBlocksAndCloses) {
  varve::Run run = served_run(10, 7, 0.1);
  for (Unit& each : run.units) {
    set_cpu(each, each.variant == "B" ? 0.8 + 0.001 * each.block : 1.0 + 0.002 * each.index);
    sample(run.kernels, each, kernel("sgemm"), each.variant == "B" ? 0.5 : 0.7);
  }
  run.units.pop_back();  // a block that is not whole
  const Result<Comparison> comparison = compare_variants(run, {});
  ASSERT_TRUE(comparison);
  const KernelAccount& account = comparison->accounts.front();
  ASSERT_TRUE(account.available) << account.why;
  EXPECT_EQ(account.pairs, 5);
  EXPECT_NEAR(account.a_seconds + account.total.value, account.b_seconds, 1e-9);
  double rows = 0;
  for (const KernelChange& row : account.rows) rows += row.change.value;
  EXPECT_NEAR(rows, account.total.value, 1e-9);
}

}  // namespace varve
