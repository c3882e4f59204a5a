// What stands around the units: commands aside, servers, failures that may pass, rules to stop, runs taken up again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/text.h"
#include "harness/continuing.h"
#include "harness/protocol/steady_units.h"
#include "harness/protocol/stopping.h"
#include "harness/run_findings.h"
#include "harness/run_units_testing.h"

namespace varve {
namespace {

using Bench = SchedulerBench;

std::string told(const FakeExecutor& executor) { return join(executor.events, "|"); }

void add_server(Bench& bench, int side, bool each_block) {
  PreparedVariant& variant = bench.variants[static_cast<std::size_t>(side)];
  variant.server = PreparedServer{"/srv", {"srv"}, each_block, {.port = 7000}};
}

int count_of(const varve::Run& run, const std::string& variant, UnitRole role) {
  return static_cast<int>(std::count_if(run.units.begin(), run.units.end(), [&](const Unit& unit) {
    return unit.variant == variant && unit.role == role;
  }));
}

TEST(Protocol, ThreeVariantsRunInMirroredRows) {
  Bench bench(3, 2, 1);
  FakeExecutor executor(fine);
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(told(executor), "/a|/b|/c|/a|/b|/c|/c|/b|/a");
  EXPECT_EQ(run.units.back().variant, "A");
  EXPECT_EQ(run.units.back().pair, 1);
  EXPECT_TRUE(run.complete);
}

TEST(Protocol, PrepareAndCleanUpStandAroundEveryUnit) {
  Bench bench(2, 1, 0);
  bench.plan.rules.prepare = "make ready";
  bench.plan.rules.cleanup = "rm it";
  FakeExecutor executor(fine);
  bench.execute(executor);
  EXPECT_EQ(told(executor), "make ready|/a|rm it|make ready|/b|rm it");
}

TEST(Protocol, APreparationThatFailsEndsTheRunBeforeTheUnit) {
  Bench bench(1, 2, 0);
  bench.plan.rules.prepare = "false";
  FakeExecutor executor(fine);
  executor.aside_exit = 3;
  const varve::Run& run = bench.execute(executor);
  EXPECT_TRUE(run.units.empty());
  EXPECT_EQ(ids(run), "VRV-RUN-ASIDE-FAILED");
  EXPECT_EQ(run.incomplete_reason, "--prepare of unit 0 (A) ended with exit status 3");
}

TEST(Protocol, AServerIsFreshForEachUnit) {
  Bench bench(2, 1, 0);
  add_server(bench, 0, false);
  FakeExecutor executor(fine);
  bench.execute(executor);
  EXPECT_EQ(told(executor), "start A srv|/a|stop A|/b");
}

TEST(Protocol, AServerOfABlockServesItsUnitsOfTheBlock) {
  Bench bench(2, 4, 0);
  add_server(bench, 0, true);
  add_server(bench, 1, true);
  bench.variants[1].server->ready.port = 7001;
  FakeExecutor executor(fine);
  bench.execute(executor);
  EXPECT_EQ(told(executor),
            "start A srv|/a|start B srv|/b|/b|/a|stop A|stop B|start A srv|/a|start B srv|/b|/b|/a|stop A|stop B");
}

TEST(Protocol, AServerThatEndedIsStartedAnewForTheRestOfItsBlock) {
  Bench bench(2, 2, 0);
  bench.plan.rules.keep_going = 1;
  add_server(bench, 0, true);
  FakeExecutor executor([](int i) {
    UnitOutcome outcome = fine(i);
    outcome.end.server_failed = i == 0;
    return outcome;
  });
  bench.execute(executor);
  EXPECT_EQ(told(executor), "start A srv|/a|stop A|/b|/b|start A srv|/a|stop A");
}

TEST(Protocol, StoppingByWidthCountsBlocksWhereTheyShareAServer) {
  varve::Run run;
  run.protocol.primary_metric = "wall time";
  for (const char* name : {"A", "B"}) {
    Variant variant;
    variant.name = name;
    variant.server = ServerSetup{{"srv"}, "block", "port 7000"};
    run.variants.push_back(variant);
  }
  // Inside of a block all is equal: eight pairs are four values, which are too few.
  for (int pair = 0; pair < 10; ++pair) {
    for (const char* name : {"A", "B"}) {
      Unit unit;
      unit.variant = name;
      unit.block = pair / 2;
      unit.pair = pair;
      unit.wall_seconds = name[0] == 'A' ? 1 : 1.01 + 0.001 * unit.block;
      run.units.push_back(unit);
    }
    EXPECT_TRUE(pair != 7 || std::isinf(widest_half_interval(run)));
  }
  const double by_block = widest_half_interval(run);
  for (Variant& variant : run.variants) variant.server->lives = "unit";
  EXPECT_GT(by_block, 1.5 * widest_half_interval(run));
}

TEST(Protocol, SidesWithOneServerShareIt) {
  Bench bench(2, 2, 0);
  add_server(bench, 0, true);
  add_server(bench, 1, true);
  FakeExecutor executor(fine);
  bench.execute(executor);
  EXPECT_EQ(told(executor), "start A srv|/a|/b|/b|/a|stop A");
}

TEST(Protocol, AServerThatDoesNotStartEndsTheRun) {
  Bench bench(1, 2, 0);
  add_server(bench, 0, false);
  FakeExecutor executor(fine);
  executor.server_starts = false;
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(ids(run), "VRV-RUN-SERVER-FAILED");
  EXPECT_NE(run.findings[0].evidence.find("it ended before it was ready: exit status 3"), std::string::npos);
}

UnitOutcome crashes_at(int i, std::initializer_list<int> units) {
  UnitOutcome outcome = fine(i);
  if (std::find(units.begin(), units.end(), i) != units.end()) outcome.end.signal = 11;
  return outcome;
}

TEST(Protocol, FailedUnitsMayPassAndAreCounted) {
  Bench bench(2, 6, 0);
  bench.plan.rules.keep_going = 4;
  FakeExecutor executor([](int i) { return crashes_at(i, {0, 3, 5, 6}); });  // A B B A A B B A
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(run.units.size(), 12u);
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.incomplete_reason, "2 of 6 units failed on A, 2 of 6 units failed on B");
  EXPECT_EQ(ids(run), "VRV-RUN-SIGNAL VRV-RUN-SIGNAL VRV-RUN-KEPT-GOING") << "one of a kind on each side";
}

TEST(Protocol, OneFailureTooManyEndsTheRun) {
  Bench bench(2, 6, 0);
  bench.plan.rules.keep_going = 1;
  FakeExecutor executor([](int i) { return crashes_at(i, {1, 3}); });
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(run.units.size(), 4u);
  EXPECT_EQ(run.incomplete_reason, "unit 3 (A, timing) was ended by SIGSEGV (Segmentation fault)");
}

TEST(Protocol, WarmsUpByTime) {
  Bench bench(2, 1, 0);
  bench.plan.rules.warmup = WarmupRule::time;
  bench.plan.rules.warmup_seconds = 5;
  FakeExecutor executor(fine);  // a second each
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(count_of(run, "A", UnitRole::warmup), 3);
  EXPECT_EQ(count_of(run, "B", UnitRole::warmup), 3);
}

TEST(Protocol, StopsByTimeBetweenRounds) {
  Bench bench(2, 100, 0);
  bench.plan.rules.stop_seconds = 9;
  FakeExecutor executor(fine);
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(run.units.size(), 10u);
  EXPECT_TRUE(run.complete);
}

TEST(Protocol, StopsOnceTheIntervalIsNarrowAfterFivePairs) {
  Bench bench(2, 100, 0);
  bench.plan.rules.stop_width = 0.01;
  FakeExecutor executor([](int i) {
    UnitOutcome outcome;
    outcome.wall_seconds = 1 + 0.001 * (i % 3);
    return outcome;
  });
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(run.units.size(), 12u) << "five pairs, and then the block is made whole";
  EXPECT_LE(widest_half_interval(run), std::log1p(0.01));
}

TEST(Protocol, AWideIntervalGoesOnToTheCap) {
  Bench bench(2, 7, 0);
  bench.plan.rules.stop_width = 0.001;
  FakeExecutor executor([](int i) {
    UnitOutcome outcome;
    outcome.wall_seconds = i % 3 == 0 ? 1 : 2;
    return outcome;
  });
  EXPECT_EQ(bench.execute(executor).units.size(), 14u);
}

// The run of a bench that ended after so many units, as a journal holds it.
varve::Run ended_after(int sides, int units, int planned) {
  Bench bench(sides, planned, 1);
  FakeExecutor executor([units](int i) {
    UnitOutcome outcome = fine(i);
    outcome.end.interrupted = i >= units;
    return outcome;
  });
  bench.run.protocol.units = planned;
  bench.execute(executor);
  bench.run.units.resize(static_cast<std::size_t>(units));
  return bench.run;
}

TEST(Protocol, AResumedRunMeasuresTheRoundsThatItLacks) {
  const varve::Run before = ended_after(2, 2 + 5, 4);  // a warm-up round, two rounds and half of one
  Bench bench(2, 4, 1);
  bench.run = before;
  bench.plan.continues = RunToContinue{before, 0};
  EXPECT_EQ(rounds_to_execute(bench.plan, before), 2);
  EXPECT_EQ(first_new_round(before), 4) << "the torn round is not mended, a new block begins";
  FakeExecutor executor(fine);
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(told(executor), "/a|/b|/a|/b|/b|/a");
  EXPECT_EQ(run.units.size(), 7u + 6u);
  EXPECT_EQ(run.units.back().index, 12);
  EXPECT_EQ(run.units.back().pair, 5);
  EXPECT_GE(run.units[7].started_seconds, before.units.back().started_seconds + before.units.back().wall_seconds);
  const auto marked = [&](std::size_t unit) { return !run.units[unit].marks.empty(); };
  EXPECT_TRUE(marked(7) && marked(8)) << "caches may be cold again";
}

TEST(Protocol, PairsCanBeAdded) {
  Bench first(2, 2, 0);
  FakeExecutor measured(fine);
  const varve::Run before = first.execute(measured);
  Bench bench(2, 2, 0);
  bench.run = before;
  bench.plan.continues = RunToContinue{before, 3};
  FakeExecutor executor(fine);
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(run.units.size(), 4u + 6u);
  EXPECT_EQ(run.units.back().pair, 4);
}

TEST(Protocol, AnotherCommandIsNoContinuation) {
  Bench bench(2);
  EXPECT_EQ(what_is_another(bench.run, bench.variants), "");
  bench.variants[1].document.command = {"x", "--fast"};
  EXPECT_EQ(what_is_another(bench.run, bench.variants), "the command of variant B was: ; it is now: x --fast");
  bench.variants[1].document = bench.run.variants[1];
  bench.variants[1].document.program_digest = "ab";
  EXPECT_NE(what_is_another(bench.run, bench.variants).find("is another file"), std::string::npos);
  bench.variants.pop_back();
  EXPECT_EQ(what_is_another(bench.run, bench.variants), "it has 2 variants, and 1 are given");
}

varve::Run found_warmup(const std::function<double(int)>& seconds, int units = 20) {
  Bench bench(1, units, 0);
  bench.plan.rules.warmup = bench.run.protocol.rules.warmup = WarmupRule::found;
  FakeExecutor executor([&](int i) {
    UnitOutcome outcome;
    outcome.wall_seconds = seconds(i) * (1 + 0.001 * ((i * 7) % 5));
    return outcome;
  });
  varve::Run run = bench.execute(executor);
  find_warmup(run);
  return run;
}

TEST(Protocol, TheSlowBeginningIsFoundAndBecomesWarmUp) {
  const varve::Run run = found_warmup([](int i) { return i < 3 ? 1.5 : 1.0; });
  EXPECT_EQ(count_of(run, "A", UnitRole::warmup), 3);
  EXPECT_EQ(count_of(run, "A", UnitRole::timing), 17);
  EXPECT_EQ(ids(run), "");
}

TEST(Protocol, WithoutASteadyHalfThereIsNoSteadyState) {
  const varve::Run run = found_warmup([](int i) { return i < 14 ? 1.0 : 1.5; });
  EXPECT_EQ(count_of(run, "A", UnitRole::timing), 20);
  EXPECT_EQ(ids(run), "VRV-RUN-NO-STEADY-STATE");
  EXPECT_NE(run.findings[0].evidence.find("after 14 of 20 units"), std::string::npos) << run.findings[0].evidence;
}

std::vector<std::string> events_of_units_that_use(double cpu_seconds) {
  Bench bench(2, 2, 0);
  FakeExecutor executor([&](int i) {
    UnitOutcome outcome = fine(i);
    outcome.system_seconds = i == 1 ? cpu_seconds : 0.0001;
    return outcome;
  });
  executor.sampling_period = 0.01;
  bench.execute(executor);
  return executor.events;
}

TEST(Protocol, UnitsTooShortForASampleAreSampledInTheFirstRoundOnly) {
  EXPECT_EQ(events_of_units_that_use(0.0005),
            (std::vector<std::string>{"/a", "/b",
                                      "no samples: units of the first round used at most 0.5 ms of CPU time, and 10 ms "
                                      "lie between two samples",
                                      "/b", "/a"}));
  EXPECT_EQ(events_of_units_that_use(0.01), (std::vector<std::string>{"/a", "/b", "/b", "/a"}));
}

TEST(Protocol, WhoInterruptedIsNamed) {
  EXPECT_EQ(interrupter(SIGINT, {}), "the user (SIGINT)");
  EXPECT_EQ(interrupter(SIGTERM, {{"SLURM_JOB_ID", "12"}}),
            "SIGTERM: it runs in Slurm job 12, which was cancelled or reached its time limit");
  EXPECT_NE(interrupter(SIGTERM, {}).find("a scheduler"), std::string::npos);
  EXPECT_NE(interrupter(SIGHUP, {}).find("SIGHUP"), std::string::npos);
}

}  // namespace
}  // namespace varve
