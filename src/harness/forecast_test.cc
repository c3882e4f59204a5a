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
  const std::optional<double> deviation = forecast_pair_deviation(warmups({1, 1.1}, {2, 2.2}), "wall time");
  ASSERT_TRUE(deviation);
  EXPECT_NEAR(*deviation, std::log(1.1), 1e-12);
}

TEST(Forecast, TheFirstOfThreeIsLeftOut) {
  const std::optional<double> deviation = forecast_pair_deviation(warmups({9, 1, 1.1}, {50, 2, 2.2}), "wall time");
  ASSERT_TRUE(deviation);
  EXPECT_NEAR(*deviation, std::log(1.1), 1e-12);
}

TEST(Forecast, FewerThanTwoDifferencesTellNothing) {
  EXPECT_FALSE(forecast_pair_deviation(warmups({}, {}), "wall time"));
  EXPECT_FALSE(forecast_pair_deviation(warmups({1, 2}, {}), "wall time"));
  EXPECT_FALSE(forecast_pair_deviation(warmups({1, 2, 3}, {}), "wall time"));
  EXPECT_TRUE(forecast_pair_deviation(warmups({1, 2, 3, 4}, {}), "wall time"));
  EXPECT_FALSE(forecast_pair_deviation(warmups({0, 0}, {0, 0}), "wall time"));
  EXPECT_FALSE(forecast_pair_deviation(warmups({1, 2}, {1, 2}), "tokens/s"));
}

TEST(Forecast, SaysHowManyPairs) {
  RunPlan plan;
  plan.variants.resize(2);
  plan.units = 10;
  plan.margin = 0.01;
  const std::vector<std::string> lines = forecast_lines(plan, warmups({1, 1.05}, {1, 1.05}), "wall time");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[1], "To tell an effect of 5 %: about 13 pairs.");
  EXPECT_TRUE(lines[2].starts_with("To tell an effect of 1")) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("To call them the same within 1")) << lines[3];
  EXPECT_EQ(lines[4], "Planned: 10 pairs.");
}

}  // namespace
}  // namespace varve
