#include "harness/run_units.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "harness/run_findings.h"
#include "harness/run_units_testing.h"

namespace varve {
namespace {

using Bench = SchedulerBench;

TEST(Scheduler, ExecutesThePlanInOrder) {
  Bench bench(2, 3, 1);
  FakeExecutor executor(fine);
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(executor.programs, (std::vector<std::string>{"/a", "/b", "/a", "/b", "/b", "/a", "/a", "/b"}));
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(run.units.size(), 8u);
  EXPECT_EQ(run.units[0].role, UnitRole::warmup);
  EXPECT_EQ(run.units[3].variant, "B");
  EXPECT_EQ(run.units[3].pair, 0);
  EXPECT_EQ(run.units[7].index, 7);
  EXPECT_EQ(run.units[0].started_seconds, 0);
  EXPECT_EQ(run.units[7].started_seconds, 7);
  EXPECT_EQ(run.protocol.primary_metric, "wall time");
}

// 4 s of CPU time, of which samples saw 3 s: 1 s of it in the window of 2 s.
UnitOutcome with_window(int i) {
  UnitOutcome outcome = fine(i);
  outcome.metrics = std::vector<Metric>{{"tokens/s", "1/s", Better::higher, 5, 1}};
  outcome.user_seconds = 4;
  outcome.window = MeasuredWindow{1'000'000'000, 3'000'000'000, 2'000'000'000, 1};
  outcome.threads_at_work = 2;
  Profile& profile = outcome.seen.profiles.by_kind[kCpuSamples];
  profile.before_ns = 1'900'000'000;
  profile.after_ns = 100'000'000;
  ProfileRow row{.key = {.kernel = outcome.seen.kernels.intern({.key = {"gelu", "/lib/libx.so", ""}})}, .samples = 100};
  row.time.total_ns = 1'000'000'000;
  add_rows(profile, {row});
  return outcome;
}

TEST(Scheduler, AWindowsPartOfTheCpuTimeIsItsPartOfTheSamples) {
  Bench bench(1, 2, 0);
  FakeExecutor executor(with_window);
  const varve::Run& run = bench.execute(executor);
  const Unit& unit = run.units.at(0);
  ASSERT_TRUE(unit.window);
  EXPECT_EQ(unit.threads_at_work, 2);
  const Profile& profile = unit.profiles.by_kind.at(kCpuSamples);
  EXPECT_EQ(profile.window_ns, 2'000'000'000);
  EXPECT_EQ(profile.whole_ns, 4'000'000'000 / 3);
  EXPECT_EQ(profile.remainder_ns(), 4'000'000'000 / 3 - 1'000'000'000);
  EXPECT_TRUE(
      profile.unseen.contains("when the CPU time was used that no sample saw: it is divided as the samples are"));
  EXPECT_EQ(executor.window_metrics, (std::vector<std::string>{"", "tokens/s"}));
}

TEST(Scheduler, AWindowThatIsNotUsedIsAFinding) {
  Bench bench(1, 3, 0);
  FakeExecutor executor([](int i) {
    UnitOutcome outcome = fine(i);
    if (i > 0) outcome.window_fault = "tokens/s: metrics line 1: \"end_ns\" is not after \"start_ns\"";
    return outcome;
  });
  varve::Run run = bench.execute(executor);
  add_closing_findings(run);
  const auto found = std::find_if(run.findings.begin(), run.findings.end(),
                                  [](const Finding& finding) { return finding.id == "VRV-RUN-WINDOW"; });
  ASSERT_NE(found, run.findings.end());
  EXPECT_NE(found->evidence.find("in 2 of 3 units"), std::string::npos) << found->evidence;
  EXPECT_NE(found->evidence.find("unit 1 (A), tokens/s: metrics line 1"), std::string::npos) << found->evidence;
  EXPECT_TRUE(run.complete);
}

TEST(Scheduler, EndsWhereUnitsCannotBeKept) {
  Bench bench(1, 5, 0);
  bench.recorder.keeps = 2;
  FakeExecutor executor(fine);
  const varve::Run& run = bench.execute(executor);
  EXPECT_EQ(run.units.size(), 2u);
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.incomplete_reason, "what is measured cannot be kept: run.json.journal: No space left on device");
  EXPECT_EQ(ids(run), "VRV-RUN-NOT-KEPT");
}

TEST(Scheduler, TellsTheObserverWhatHappens) {
  Bench bench(1, 1, 1);
  FakeExecutor executor(fine);
  bench.execute(executor);
  EXPECT_EQ(bench.recorder.events, (std::vector<std::string>{"planned 2", "start 0/2", "end 0",
                                                             "forecast: Planned: 1 unit.", "start 1/2", "end 1"}));
}

TEST(Scheduler, AFailureAtAUnitKeepsTheUnitsBefore) {
  Bench bench(2, 4, 1);
  FakeExecutor executor([](int i) {
    UnitOutcome outcome = fine(i);
    if (i == 5) {
      outcome.end.exit_code = 3;
      outcome.last_output = "loading\nerror: no such model in /home/me/models\nlogin with --token=abc123\n";
    }
    return outcome;
  });
  const varve::Run& run = bench.execute(executor);
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 6u);
  EXPECT_TRUE(run.units[4].end.ok());
  EXPECT_EQ(run.units[5].end.exit_code, 3);
  EXPECT_EQ(run.incomplete_reason, "unit 5 (A, timing) ended with exit status 3");
  ASSERT_EQ(ids(run), "VRV-RUN-UNIT-FAILED");
  EXPECT_EQ(run.findings[0].severity, Severity::error);
  EXPECT_EQ(run.findings[0].evidence,
            "unit 5 (A, timing) ended with exit status 3; its output ended with:\nloading\nerror: no such model in "
            "~/models\nlogin with --token=[redacted]");
}

TEST(Scheduler, EveryWayToFailHasItsFinding) {
  const auto finding_of = [](std::function<void(UnitOutcome&)> fail) {
    Bench bench(1, 2, 0);
    FakeExecutor executor([&](int i) {
      UnitOutcome outcome = fine(i);
      fail(outcome);
      return outcome;
    });
    const varve::Run& run = bench.execute(executor);
    EXPECT_FALSE(run.complete);
    EXPECT_EQ(executor.programs.size(), 1u) << "the run goes on after a failure";
    return ids(run);
  };
  EXPECT_EQ(finding_of([](UnitOutcome& unit) { unit.end.exit_code = 1; }), "VRV-RUN-UNIT-FAILED");
  EXPECT_EQ(finding_of([](UnitOutcome& unit) { unit.end.signal = 11; }), "VRV-RUN-SIGNAL");
  EXPECT_EQ(finding_of([](UnitOutcome& unit) { unit.end.timed_out = true; }), "VRV-RUN-TIMEOUT");
  EXPECT_EQ(finding_of([](UnitOutcome& unit) { unit.end.interrupted = true; }), "VRV-RUN-INTERRUPTED");
  EXPECT_EQ(finding_of([](UnitOutcome& unit) { unit.not_started = "no memory"; }), "VRV-RUN-NOT-STARTED");
  EXPECT_EQ(finding_of([](UnitOutcome& unit) {
              unit.metrics = Error{"reading", "metrics line 4", "no number", ""};
            }),
            "VRV-RUN-METRIC-UNREADABLE");
}

TEST(Scheduler, ABadMetricsLineIsNamed) {
  Bench bench(1, 2, 0);
  FakeExecutor executor([](int) {
    UnitOutcome outcome;
    outcome.metrics = Error{"reading", "metrics line 4", "no number \"value\"", "write one"};
    return outcome;
  });
  const varve::Run& run = bench.execute(executor);
  ASSERT_EQ(run.units.size(), 1u);
  EXPECT_EQ(run.findings[0].evidence, "unit 0 (A, timing): metrics line 4: no number \"value\"");
}

TEST(Scheduler, ThePrimaryMetricIsTheFirstThatWasWritten) {
  Bench bench(1, 2, 0);
  FakeExecutor executor([](int) {
    return writes({{"tokens/s", "", Better::higher, 5, 1}, {"loss", "", Better::lower, 1, 1}});
  });
  EXPECT_EQ(bench.execute(executor).protocol.primary_metric, "tokens/s");
  EXPECT_TRUE(bench.run.complete);
}

TEST(Scheduler, ANamedMetricIsThePrimaryOne) {
  for (const char* name : {"loss", "wall time", "CPU time"}) {
    Bench bench(1, 2, 0);
    bench.plan.metric = name;
    FakeExecutor executor([](int) {
      return writes({{"tokens/s", "", Better::higher, 5, 1}, {"loss", "", Better::lower, 1, 1}});
    });
    EXPECT_EQ(bench.execute(executor).protocol.primary_metric, name);
    EXPECT_TRUE(bench.run.complete);
  }
}

TEST(Scheduler, ANamedMetricThatIsNeverWrittenEndsTheRunAndTheNearestIsSuggested) {
  Bench bench(1, 2, 1);
  bench.plan.metric = "token/s";
  FakeExecutor executor([](int) { return writes({{"tokens/s", "", Better::higher, 5, 1}}); });
  const varve::Run& run = bench.execute(executor);
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(executor.programs.size(), 1u) << "every unit that follows would be wasted";
  ASSERT_EQ(ids(run), "VRV-RUN-METRIC-MISSING");
  EXPECT_EQ(run.findings[0].fix, "did you mean \"tokens/s\"?");
}

TEST(Scheduler, AMetricMayNotChangeItsUnitBetweenUnits) {
  Bench bench(2, 2, 0);
  FakeExecutor executor([](int i) { return writes({{"latency", i == 1 ? "ms" : "s", Better::lower, 5, 1}}); });
  EXPECT_EQ(ids(bench.execute(executor)), "VRV-RUN-METRIC-CHANGED");
  EXPECT_EQ(bench.run.units.size(), 2u);
}

TEST(Scheduler, PadsAreRecordedDifferAndFollowFromTheSeed) {
  const auto pads_of = [](std::uint64_t seed) {
    Bench bench(2, 20, 0);
    bench.plan.seed = seed;
    FakeExecutor executor(fine);
    const varve::Run& run = bench.execute(executor);
    std::vector<int> recorded;
    for (const Unit& unit : run.units) recorded.push_back(unit.environment_pad);
    EXPECT_EQ(recorded, executor.pads);
    return recorded;
  };
  const std::vector<int> pads = pads_of(7);
  EXPECT_EQ(pads, pads_of(7));
  EXPECT_NE(pads, pads_of(8));
  EXPECT_NE(pads[0], pads[1]) << "both halves of a pair have pads of their own";
  EXPECT_GE(*std::min_element(pads.begin(), pads.end()), 0);
  EXPECT_LE(*std::max_element(pads.begin(), pads.end()), 4095);
}

TEST(Scheduler, OnednnGetsAnEvidenceUnitOnTheSideThatLoadedIt) {
  Bench bench(2, 1, 0);
  FakeExecutor executor([](int i) {
    UnitOutcome outcome = fine(i);
    if (i == 1) outcome.libraries.push_back({"/opt/lib/libdnnl.so.3", "", "", false});
    return outcome;
  });
  executor.text =
      "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:ab:f0,attr,aux,64x64:64x64,0.5\n";
  const varve::Run& run = bench.execute(executor);
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(run.units.size(), 3u);
  EXPECT_EQ(run.units[2].role, UnitRole::evidence);
  EXPECT_EQ(run.units[2].variant, "B");
  EXPECT_EQ(run.units[2].block, -1);
  const Profile* onednn = run.units[2].profiles.find(kOnednnCalls);
  ASSERT_NE(onednn, nullptr);
  ASSERT_EQ(onednn->rows.size(), 1u);
  EXPECT_EQ(run.kernels[onednn->rows[0].key.kernel].key.name, "matmul brg:avx512_core");
  EXPECT_EQ(onednn->whole_ns, std::llround(run.units[2].wall_seconds * 1e9));
  EXPECT_EQ(onednn->rows_ns() + onednn->remainder_ns(), onednn->whole_ns);
  EXPECT_EQ(executor.environments[1], std::vector<std::string>{"PLAIN=1"});
  ASSERT_EQ(executor.environments[2].size(), 2u) << "where its output goes is looked at in the program itself";
  EXPECT_EQ(executor.environments[2][0], "PLAIN=1");
  EXPECT_TRUE(executor.environments[2][1].starts_with("PYTHONPATH=")) << executor.environments[2][1];
  EXPECT_EQ(bench.recorder.text.size(), 2 * executor.text.size()) << "verbose lines are not the program's own output";
}

TEST(Scheduler, AFailedEvidenceUnitLeavesTheTimingComplete) {
  Bench bench(1, 2, 0);
  FakeExecutor executor([](int i) {
    UnitOutcome outcome = fine(i);
    outcome.libraries.push_back({"/opt/lib/libtorch_cpu.so", "", "", false});
    if (i == 2) outcome.end.exit_code = 1;
    return outcome;
  });
  const varve::Run& run = bench.execute(executor);
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(ids(run), "VRV-RUN-UNIT-FAILED");
  EXPECT_EQ(run.findings[0].severity, Severity::warning);
}

// Settled before the first timing unit, so that all of them are measured alike.
TEST(RunUnits, TellOfTheirMarksWhereAWarmUpOfOneSideShowedThatItCostsNothing) {
  using enum MarksAsked;
  const auto asked = [](int warmup, double telling_seconds, bool has_marks) {
    FakeExecutor executor([&](int i) {
      UnitOutcome outcome = fine(i);
      if (i % 2 == 0) return outcome;
      outcome.libraries.push_back({.path = "/v/site-packages/torch/lib/libtorch_python.so"});
      outcome.telling_seconds = telling_seconds;
      if (has_marks) outcome.window.emplace().marks = "step_N";
      return outcome;
    });
    SchedulerBench bench(2, 1, warmup);
    bench.plan.kernels = KernelsWay::none;
    bench.execute(executor);
    return executor.marks;
  };
  using Asked = std::vector<MarksAsked>;
  EXPECT_EQ(asked(1, 0.0005, true), (Asked{by_nvtx, by_nvtx, by_nvtx_and_torch, by_nvtx_and_torch}));
  EXPECT_EQ(asked(1, 0.002, true), (Asked{by_nvtx, by_nvtx, nothing, nothing}));
  EXPECT_EQ(asked(1, 0.0005, false), (Asked{by_nvtx, by_nvtx, nothing, nothing}));
  EXPECT_EQ(asked(0, 0.0005, true), (Asked{nothing, nothing}));
  EXPECT_EQ(asked(2, 0.0005, true),
            (Asked{by_nvtx, by_nvtx, by_nvtx_and_torch, by_nvtx_and_torch, by_nvtx_and_torch, by_nvtx_and_torch}));
}

}  // namespace
}  // namespace varve
