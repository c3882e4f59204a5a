// The truth of the statistics, tested where the truth is known: sessions simulated in the order of execution,
// paired and judged as a real run is. Fixed seeds; every rate is over ten thousand sessions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>

#include "stats/fieller.h"
#include "stats/paired_verdict.h"
#include "stats/power.h"
#include "stats/round_order.h"

namespace varve {

namespace {
constexpr int kTrials = 10'000;
// Three standard errors of a rate of 5 % over kTrials: what chance alone may add.
constexpr double kChance = 0.0066;

using Generator = std::mt19937_64;
// ln of the value of the unit that is executed as number `index` of `count`.
using Noise = std::function<double(Generator&, int index, int count)>;

double normal(Generator& generator) { return std::normal_distribution<double>()(generator); }

Noise gaussian(double sd) {
  return [sd](Generator& generator, int, int) { return sd * normal(generator); };
}

// Now and then a unit is far slower: a log-normal delay on top of a fixed time, as on a shared machine.
double heavy(Generator& generator, int, int) { return std::log1p(0.02 * std::exp(1.5 * normal(generator))); }

double student_3(Generator& generator, int, int) { return 0.005 * std::student_t_distribution<double>(3)(generator); }

double drifting(Generator& generator, int index, int count) { return 0.02 * index / count + 0.005 * normal(generator); }

// The machine gets 5 % slower at a moment that nobody chose, of half of the sessions between the units of a pair: a
// step at one place in all of them would help one side only.
Noise stepping() {
  const auto from = std::make_shared<int>(0);
  return [from](Generator& generator, int index, int count) {
    if (index == 0) *from = std::uniform_int_distribution<int>(0, count)(generator);
    return (index >= *from ? 0.05 : 0.0) + 0.005 * normal(generator);
  };
}

// Which rounds A begins, for one of a thousand seeds.
const std::vector<bool>& drawn_session(std::uint64_t draw) {
  constexpr std::size_t kSeeds = 1000, kMostRounds = 200;
  static std::vector<std::vector<bool>> sessions(kSeeds);
  std::vector<bool>& session = sessions[draw % kSeeds];
  while (session.size() < kMostRounds) {
    session.push_back(round_order(2, static_cast<int>(session.size()), draw % kSeeds).front() == 0);
  }
  return session;
}

// One session of `pairs` pairs in drawn order with a true ln(B/A) of `effect`.
std::vector<double> session(Generator& generator, const Noise& noise, int pairs, double effect) {
  std::vector<double> log_ratios;
  const std::vector<bool>& a_begins = drawn_session(generator());
  for (int pair = 0; pair < pairs; ++pair) {
    const double first = noise(generator, 2 * pair, 2 * pairs);
    const double second = noise(generator, 2 * pair + 1, 2 * pairs);
    const bool a_first = a_begins[static_cast<std::size_t>(pair)];
    log_ratios.push_back((a_first ? second - first : first - second) + effect);
  }
  return log_ratios;
}

struct Rates {
  double faster = 0, slower = 0, same = 0, covered = 0;
};

Rates rates(const Noise& noise, int pairs, double effect, double margin, std::uint64_t seed = 20240607) {
  Generator generator(seed);
  int faster = 0, slower = 0, same = 0, covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const LogVerdict verdict = judge_pairs(session(generator, noise, pairs, effect), margin, Better::higher);
    faster += verdict.speed == Speed::faster;
    slower += verdict.speed == Speed::slower;
    same += verdict.speed == Speed::same;
    covered += verdict.log_95.low <= effect && effect <= verdict.log_95.high;
  }
  const auto rate = [](int count) { return static_cast<double>(count) / kTrials; };
  return {rate(faster), rate(slower), rate(same), rate(covered)};
}

constexpr double kNoMargin = 1e-9;  // the bare test: with a margin false alarms only get rarer

struct Shape {
  const char* name;
  Noise noise;
};

std::vector<Shape> shapes() {
  return {{"normal", gaussian(0.005)},
          {"log-normal delays", heavy},
          {"Student t3", student_3},
          {"2 % drift", drifting},
          {"5 % step", stepping()}};
}
}  // namespace

TEST(Simulation, FalseAlarmsStayAtOrUnderFivePercent) {
  for (const Shape& shape : shapes()) {
    for (const int pairs : {5, 10, 11}) {
      const Rates found = rates(shape.noise, pairs, 0, kNoMargin);
      EXPECT_LE(found.faster + found.slower, 0.05 + kChance) << shape.name << ", " << pairs << " pairs";
      EXPECT_LE(found.faster, 0.025 + kChance) << shape.name;
      EXPECT_LE(found.slower, 0.025 + kChance) << shape.name;
    }
  }
}

// A change of exactly the margin is not beyond it: each side's alarm is half of 5 %.
TEST(Simulation, AChangeOfExactlyTheMarginIsRarelyCalledBeyondIt) {
  for (const Shape& shape : shapes()) {
    EXPECT_LE(rates(shape.noise, 10, std::log1p(0.01), 0.01).faster, 0.025 + kChance) << shape.name;
  }
}

TEST(Simulation, TheIntervalCoversTheTruthInNinetyFivePercent) {
  for (const Shape& shape : shapes()) {
    EXPECT_GE(rates(shape.noise, 10, 0.03, 0.01).covered, 0.95 - kChance) << shape.name;
  }
  EXPECT_NEAR(rates(gaussian(0.005), 10, 0.03, 0.01).covered, 0.95, kChance);
}

TEST(Simulation, AChangeOfTheMarginIsCalledSameInAtMostFivePercent) {
  for (const double sd : {0.001, 0.003, 0.006, 0.02}) {
    EXPECT_LE(rates(gaussian(sd), 10, std::log1p(0.01), 0.01).same, 0.05 + kChance) << sd;
    EXPECT_LE(rates(gaussian(sd), 10, -std::log1p(0.01), 0.01).same, 0.05 + kChance) << sd;
  }
}

// The other half of honesty: an effect that is there is found. The spread of a pair is sqrt(2) that of a unit.
TEST(Simulation, PowerAnEffectOfTwoSpreadsIsCalledAtTenPairs) {
  const double pair_sd = 0.02;
  const Noise noise = gaussian(pair_sd / std::sqrt(2));
  EXPECT_GE(rates(noise, 10, 2 * pair_sd, kNoMargin).faster, 0.90);
  EXPECT_GE(rates(noise, 10, -2 * pair_sd, kNoMargin).slower, 0.90);
}

TEST(Simulation, PowerThePlannedNumberOfPairsDelivers) {
  const double pair_sd = 0.02;
  const Noise noise = gaussian(pair_sd / std::sqrt(2));
  for (const double effect : {0.01, 0.02, 0.04}) {
    const int pairs = std::max(kFewestPairs, pairs_for_effect(effect, pair_sd));
    EXPECT_GE(rates(noise, pairs, effect, kNoMargin).faster, 0.88) << effect;
    EXPECT_LE(rates(noise, pairs, effect, kNoMargin).faster, 0.95) << effect << ": wasteful";
  }
  const double margin = 0.02;
  EXPECT_GE(rates(noise, pairs_for_same(std::log1p(margin), pair_sd), 0, margin).same, 0.88);
}

// Why the order changes: were A always first, every pair would carry its part of the drift with the same sign. Also the
// proof that these simulations can see a bias.
TEST(Simulation, AlternatingWithoutTurningWouldBeFooledByDrift) {
  const Noise steep = [](Generator& generator, int index, int count) {
    return 0.10 * index / count + 0.005 * normal(generator);
  };
  Generator generator(5);
  int alarms = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> log_ratios;
    for (int pair = 0; pair < 10; ++pair) {
      const double a = steep(generator, 2 * pair, 20);
      log_ratios.push_back(steep(generator, 2 * pair + 1, 20) - a);
    }
    alarms += judge_pairs(log_ratios, kNoMargin, Better::higher).speed == Speed::faster;
  }
  EXPECT_GE(alarms, kTrials / 4);
  const Rates turned = rates(steep, 10, 0, kNoMargin);
  EXPECT_LE(turned.faster + turned.slower, 0.05 + kChance);
}

TEST(Simulation, FiellerCoversTheTrueRatio) {
  Generator generator(99);
  int covered = 0, bounded = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> x, y;
    for (int i = 0; i < 10; ++i) {
      x.push_back(1 + 0.4 * normal(generator));
      y.push_back(0.6 * x.back() + 0.2 * normal(generator));
    }
    const Ratio ratio = paired_ratio(x, y);
    bounded += ratio.set == RatioSet::bounded;
    covered += ratio.estimate.interval.low <= 0.6 && 0.6 <= ratio.estimate.interval.high;
  }
  EXPECT_GE(static_cast<double>(covered) / kTrials, 0.95 - kChance);
  EXPECT_GE(bounded, kTrials - 20);
}

}  // namespace varve
