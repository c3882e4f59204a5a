#include "stats/steady_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace varve {
namespace {

using LogNoise = std::function<double(std::mt19937_64&)>;  // of ln(value)

double steady_normal(std::mt19937_64& generator) { return std::normal_distribution<double>(0, 0.02)(generator); }
double steady_heavy(std::mt19937_64& generator) { return 0.02 * std::student_t_distribution<double>(3)(generator); }
double steady_delayed(std::mt19937_64& generator) {
  return std::log1p(0.05 * std::lognormal_distribution<double>(0, 1)(generator));
}

std::vector<double> steady_series(std::mt19937_64& generator, const LogNoise& noise, int count,
                                  const std::function<double(int)>& level) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(level(i) * std::exp(noise(generator)));
  return values;
}

// The share of series for which something holds.
double share_of_series(const LogNoise& noise, int count, const std::function<double(int)>& level,
                       const std::function<bool(const SteadyPart&)>& holds) {
  std::mt19937_64 generator(11);
  constexpr int kSeries = 1000;
  int held = 0;
  for (int trial = 0; trial < kSeries; ++trial)
    held += holds(steady_part(steady_series(generator, noise, count, level)));
  return static_cast<double>(held) / kSeries;
}

const auto kFlat = [](int) { return 1.0; };

TEST(SteadyState, WithoutAChangeAllIsSteady) {
  for (const int count : {6, 10, 20, 50, 200}) {
    const auto cut = [](const SteadyPart& part) { return part.first > 0; };
    EXPECT_LE(share_of_series(steady_normal, count, kFlat, cut), 0.05) << count << " normal";
    EXPECT_LE(share_of_series(steady_heavy, count, kFlat, cut), 0.09) << count << " heavy tails";
    EXPECT_LE(share_of_series(steady_delayed, count, kFlat, cut), 0.15) << count << " delays";
  }
}

TEST(SteadyState, ASlowBeginningIsCutOff) {
  const auto level = [](int i) { return i < 3 ? 1.3 : 1.0; };
  const auto right = [](const SteadyPart& part) { return part.first == 3 && part.steady; };
  EXPECT_GE(share_of_series(steady_normal, 20, level, right), 0.95);
  const auto first_slow = [](int i) { return i == 0 ? 2.0 : 1.0; };
  const auto one = [](const SteadyPart& part) { return part.first == 1 && part.steady; };
  EXPECT_GE(share_of_series(steady_normal, 10, first_slow, one), 0.9);
}

TEST(SteadyState, ALateStepLeavesNoSteadyHalf) {
  const auto level = [](int i) { return i < 14 ? 1.0 : 1.3; };
  EXPECT_GE(share_of_series(steady_normal, 20, level,
                            [](const SteadyPart& part) { return part.first == 14 && !part.steady; }),
            0.95);
}

TEST(SteadyState, OneOutlierIsNoChange) {
  const auto level = [](int i) { return i == 9 ? 3.0 : 1.0; };
  EXPECT_LE(share_of_series(steady_normal, 20, level, [](const SteadyPart& part) { return part.first > 0; }), 0.06);
}

TEST(SteadyState, OfFewValuesNothingIsSaid) {
  EXPECT_EQ(steady_part({9, 1, 1, 1, 1}).first, 0u);
  EXPECT_TRUE(steady_part({}).steady);
  EXPECT_EQ(steady_part({1, 1, 1, 0, 1, 1, 1}).first, 0u) << "no logarithm";
  EXPECT_EQ(steady_part({2, 2, 2, 2, 2, 2, 2, 2}).first, 0u);
}

}  // namespace
}  // namespace varve
