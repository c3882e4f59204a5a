// What the intervals of whole runs are worth where they have more than two variants or stop by width: sessions of
// simulated units, in the order in which the scheduler executes them, on a machine that drifts, steps, throttles or has
// heavy tails (STATS 3.2). Of two variants simulated_machines_test.cc holds more.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "harness/run_units_testing.h"
#include "stats/paired_verdict.h"

namespace varve {
namespace {

using Generator = std::mt19937_64;
constexpr double kNoise = 0.005;  // of ln(seconds)

// ln(seconds) that the machine adds to the unit that is number `unit` of `units`.
using Machine = std::function<double(Generator&, double unit, double units)>;

double still(Generator& generator, double, double) { return std::normal_distribution<double>(0, kNoise)(generator); }
double drifting(Generator& generator, double unit, double units) {
  return 0.02 * unit / units + still(generator, unit, units);
}
double stepping(Generator& generator, double unit, double units) {
  return (unit > 0.45 * units ? 0.02 : 0) + still(generator, unit, units);
}
double heavy_tailed(Generator& generator, double, double) {
  return kNoise * std::student_t_distribution<double>(3)(generator);
}

// Slow for a while again and again, each while of another length.
Machine throttling(Generator& generator) {
  std::vector<bool> slow;
  for (bool now = generator() % 2 == 0; slow.size() < 100; now = !now) {
    slow.insert(slow.end(), 2 + generator() % 7, now);
  }
  return [slow](Generator& noise, double unit, double units) {
    return (slow[static_cast<std::size_t>(unit)] ? 0.03 : 0) + still(noise, unit, units);
  };
}

struct Counted {
  int sessions = 0, covered = 0, alarms = 0, units = 0;
  double coverage() const { return static_cast<double>(covered) / sessions; }
  double false_alarms() const { return static_cast<double>(alarms) / sessions; }
};

// The log ratios of a side to A, round by round, as compare pairs them.
std::vector<double> log_ratios(const varve::Run& run, const std::string& side) {
  std::map<int, double> first, other;
  for (const Unit& unit : run.units) {
    if (unit.variant == "A") first[unit.pair] = std::log(unit.wall_seconds);
    if (unit.variant == side) other[unit.pair] = std::log(unit.wall_seconds);
  }
  std::vector<double> ratios;
  for (const auto& [pair, value] : other) ratios.push_back(value - first.at(pair));
  return ratios;
}

// Sessions of `pairs` rounds, where the last variant is slower than A by exp(effect).
Counted simulate(int variants, int pairs, double effect, const std::function<Machine(Generator&)>& machine_of,
                 double stop_width = 0) {
  constexpr int kSessions = 2500;
  Generator generator(17);
  Counted counted;
  const std::string last = variant_name(variants - 1);
  for (int session = 0; session < kSessions; ++session) {
    const Machine machine = machine_of(generator);
    SchedulerBench bench(variants, pairs, 0);
    bench.plan.seed = generator();
    bench.plan.kernels = KernelsWay::none;
    bench.plan.rules.stop_width = stop_width;
    const std::string slow = bench.variants.back().program;
    FakeExecutor* asked = nullptr;
    FakeExecutor executor([&](int i) {
      UnitOutcome outcome;
      const double own = asked->programs.back() == slow ? effect : 0;
      outcome.wall_seconds = std::exp(own + machine(generator, i, variants * pairs));
      return outcome;
    });
    asked = &executor;
    const varve::Run& run = bench.execute(executor);
    const LogVerdict verdict = judge_pairs(log_ratios(run, last), 0.01, Better::lower);
    ++counted.sessions;
    counted.covered += verdict.log_95.low <= effect && effect <= verdict.log_95.high;
    counted.alarms += verdict.log_95.low > 0 || verdict.log_95.high < 0;
    counted.units += static_cast<int>(run.units.size());
  }
  return counted;
}

std::function<Machine(Generator&)> always(Machine machine) {
  return [machine](Generator&) { return machine; };
}

constexpr double kEffect = 0.03;
constexpr double kTolerated = 0.015;

TEST(Coverage, OfManyVariantsOnADriftIsNominal) {
  EXPECT_NEAR(simulate(3, 10, kEffect, always(drifting)).coverage(), 0.95, kTolerated);
  EXPECT_NEAR(simulate(4, 10, kEffect, always(drifting)).coverage(), 0.95, kTolerated);
}

// What moves the machine widens the interval, and with heavy tails it is a little too wide: never too narrow.
TEST(Coverage, OfManyVariantsIsNotBelowNominal) {
  EXPECT_GE(simulate(3, 10, kEffect, always(stepping)).coverage(), 0.95 - kTolerated);
  EXPECT_GE(simulate(3, 10, kEffect, always(heavy_tailed)).coverage(), 0.95 - kTolerated);
  EXPECT_GE(simulate(3, 10, kEffect, throttling).coverage(), 0.95 - kTolerated);
}

TEST(Coverage, FalseAlarmsOfManyVariantsAreAtMostNominal) {
  EXPECT_LE(simulate(3, 10, 0, always(drifting)).false_alarms(), 0.05 + kTolerated);
  EXPECT_LE(simulate(3, 10, 0, throttling).false_alarms(), 0.05 + kTolerated);
}

TEST(Coverage, StoppingByWidthKeepsIt) {
  const Counted counted = simulate(2, 60, kEffect, always(still), 0.005);
  EXPECT_LT(counted.units, 2500 * 120) << "it never stopped before the cap";
  EXPECT_GE(counted.coverage(), 0.95 - 2 * kTolerated);
}

}  // namespace
}  // namespace varve
