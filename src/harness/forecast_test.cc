#include "harness/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

namespace varve {
namespace {

// Warm-up units of the sides in turns; wall times as given.
std::vector<Unit> warmups(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<Unit> units;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    for (const auto& [name, times] : {std::pair{"A", a}, std::pair{"B", b}}) {
      if (i >= times.size()) continue;
      Unit unit;
      unit.variant = name;
      unit.role = UnitRole::warmup;
      unit.wall_seconds = times[i];
      units.push_back(unit);
    }
  }
  return units;
}

TEST(Forecast, OneSidesUnitsAreComparedWithOneAnother) {
  // B is twice as slow: that is no spread.
  const std::optional<ForecastSpread> spread = forecast_pair_spread(warmups({1, 1.1}, {2, 2.2}), "wall time");
  ASSERT_TRUE(spread);
  EXPECT_NEAR(spread->deviation, std::log(1.1), 1e-12);
}

TEST(Forecast, TheFirstOfThreeIsLeftOut) {
  const std::optional<ForecastSpread> spread = forecast_pair_spread(warmups({9, 1, 1.1}, {50, 2, 2.2}), "wall time");
  ASSERT_TRUE(spread);
  EXPECT_NEAR(spread->deviation, std::log(1.1), 1e-12);
}

TEST(Forecast, FewerThanTwoDifferencesTellNothing) {
  EXPECT_FALSE(forecast_pair_spread(warmups({}, {}), "wall time"));
  EXPECT_FALSE(forecast_pair_spread(warmups({1, 2}, {}), "wall time"));
  EXPECT_FALSE(forecast_pair_spread(warmups({1, 2, 3}, {}), "wall time"));
  EXPECT_TRUE(forecast_pair_spread(warmups({1, 2, 3, 4}, {}), "wall time"));
  EXPECT_FALSE(forecast_pair_spread(warmups({0, 0}, {0, 0}), "wall time"));
  EXPECT_FALSE(forecast_pair_spread(warmups({1, 2}, {1, 2}), "tokens/s"));
}

RunPlan plan_of_two() {
  RunPlan plan;
  plan.variants.resize(2);
  plan.units = 10;
  plan.margin = 0.01;
  return plan;
}

TEST(Forecast, TwoWarmUpPairsForetellNothing) {
  const std::vector<std::string> lines = forecast_lines(plan_of_two(), warmups({1, 1.05}, {1, 1.05}), "wall time");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(
      lines[1],
      "To tell an effect of 5 %: cannot tell yet (6 to 207 pairs); of 1.0 %: cannot tell yet (87 to over 1000 pairs); "
      "to call them the same within 1.0 %: cannot tell yet (89 to over 1000 pairs).");
  EXPECT_EQ(lines[2], "Planned: 10 pairs.");
}

TEST(Forecast, OfOneVariantOnlyWhatIsPlanned) {
  RunPlan plan;
  plan.variants.resize(1);
  EXPECT_EQ(forecast_lines(plan, warmups({1, 1.1, 1.2}, {}), "wall time"),
            std::vector<std::string>{"Planned: 10 units."});
  plan.continues = RunToContinue{{}, 3};
  EXPECT_EQ(forecast_lines(plan, {}, "wall time"), std::vector<std::string>{"Planned: 3 more units."});
}

TEST(Forecast, SpeaksOfBlocksWhereUnitsShareAServer) {
  RunPlan plan;
  plan.variants.resize(2);
  plan.variants[1].server = ServerPlan{{"srv"}, true, {.port = 7000}};
  const std::vector<std::string> lines =
      forecast_lines(plan, warmups({1, 1.01, 1, 1.01, 1}, {1, 1.01, 1}), "wall time");
  EXPECT_NE(lines[1].find("blocks"), std::string::npos) << lines[1];
  EXPECT_EQ(lines[1].find("pairs"), std::string::npos) << lines[1];
  EXPECT_EQ(lines.back(), "Planned: 10 pairs, which are 5 blocks with a server each.");
}

TEST(Forecast, NeverFewerThanFivePairs) {
  const std::vector<std::string> lines =
      forecast_lines(plan_of_two(), warmups({1, 1.00001}, {1, 1.00001}), "wall time");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1],
            "To tell an effect of 5 %: 5 pairs; of 1.0 %: 5 pairs; to call them the same within 1.0 %: 5 pairs.");
}

TEST(Forecast, ManyWarmUpsGiveARange) {
  std::vector<double> a, b;
  for (int i = 0; i < 40; ++i) {
    a.push_back(i % 2 == 0 ? 1 : 1.03);
    b.push_back(i % 2 == 0 ? 2 : 2.06);
  }
  const std::vector<std::string> lines = forecast_lines(plan_of_two(), warmups(a, b), "wall time");
  EXPECT_NE(lines[1].find("of 1.0 %: 71 to 135 pairs"), std::string::npos) << lines[1];
}

TEST(Forecast, NoRangeIsWiderThanTenTimesAndNoNumberAboveAThousand) {
  for (const double step : {1.001, 1.01, 1.1, 1.5, 3.0}) {
    const std::vector<std::string> lines =
        forecast_lines(plan_of_two(), warmups({1, step, 1}, {1, step, 1}), "wall time");
    for (const std::string& line : lines) EXPECT_EQ(line.find("about"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace varve
