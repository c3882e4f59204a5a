#include "compare/compare_runs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
bool has_finding(const Comparison& comparison, const std::string& id) {
  return std::any_of(comparison.findings.begin(), comparison.findings.end(),
                     [&](const Finding& finding) { return finding.id == id; });
}

bool mentions(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

Comparison compared(const Run& run, const CompareOptions& options = {}) {
  auto comparison = compare_variants(run, options);
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}
}  // namespace

TEST(Compare, SameAgainstSameIsSameAndControlled) {
  const Comparison comparison = compared(interleaved_run(10, speed_shape(1, 0.002)));
  EXPECT_EQ(comparison.primary.speed, Speed::same);
  EXPECT_EQ(comparison.control, Control::controlled);
  EXPECT_TRUE(comparison.variable.empty());
  EXPECT_EQ(exit_status(comparison), ExitStatus::ok);
  EXPECT_TRUE(has_finding(comparison, "VRV-CMP-NULL-SPREAD"));
  EXPECT_NE(comparison.verdict.find("A and B are the same within the margin"), std::string::npos) << comparison.verdict;
  EXPECT_NE(comparison.verdict.find("controlled: nothing recorded differs"), std::string::npos) << comparison.verdict;
}

TEST(Compare, OneSettingFasterSaysItAllInOneSentence) {
  varve::Run run = interleaved_run(10, speed_shape(1.08, 0.005));
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.primary.speed, Speed::faster);
  EXPECT_EQ(comparison.primary.metric, "tokens/s");
  EXPECT_EQ(comparison.primary.pairs, 10);
  EXPECT_LT(comparison.primary.ratio.interval.low, 1.08);
  EXPECT_GT(comparison.primary.ratio.interval.high, 1.08);
  EXPECT_EQ(exit_status(comparison), ExitStatus::ok);
  EXPECT_TRUE(comparison.verdict.starts_with("B is faster: tokens/s +")) << comparison.verdict;
  EXPECT_NE(comparison.verdict.find("(higher is better, 95 % interval +"), std::string::npos) << comparison.verdict;
  EXPECT_TRUE(comparison.verdict.ends_with(", 10 pairs, margin 1 %), controlled: only OPENBLAS_CORETYPE differs."))
      << comparison.verdict;
}

TEST(Compare, ARegressionOfAControlledComparisonFails) {
  varve::Run run = interleaved_run(10, speed_shape(0.9, 0.005));
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.primary.speed, Speed::slower);
  EXPECT_EQ(exit_status(comparison), ExitStatus::failed);
}

TEST(Compare, SlowerStaysInconclusiveWhenConfounded) {
  varve::Run run = interleaved_run(10, speed_shape(0.9, 0.005));
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  set_for_b(run, "OMP_NUM_THREADS", "4");
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.control, Control::confounded);
  EXPECT_EQ(comparison.primary.speed, Speed::slower);  // the observation is never hidden
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
  EXPECT_NE(comparison.verdict.find("but confounded: 2 things differ (OMP_NUM_THREADS, OPENBLAS_CORETYPE)"),
            std::string::npos)
      << comparison.verdict;
}

TEST(Compare, ForTimesLowerIsFaster) {
  varve::Run run = interleaved_run(10, speed_shape(1.08, 0.005));
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  run.protocol.primary_metric = "wall time";
  EXPECT_EQ(compared(run).primary.speed, Speed::faster);
  EXPECT_LT(compared(run).primary.ratio.value, 1);
}

TEST(Compare, NoiseIsAmbiguousAndSaysHowManyPairsWouldDecide) {
  const Comparison comparison = compared(interleaved_run(10, speed_shape(1.02, 0.08), 3));
  EXPECT_EQ(comparison.primary.speed, Speed::ambiguous);
  ASSERT_TRUE(comparison.primary.pairs_needed);
  EXPECT_NE(comparison.verdict.find("more pairs would decide"), std::string::npos) << comparison.verdict;
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
}

TEST(Compare, ANullThatDiffersIsNoise) {
  for (const double effect : {1.08, 0.92, 1.012}) {
    const Comparison comparison = compared(interleaved_run(10, speed_shape(effect, 0.005)));
    EXPECT_EQ(comparison.primary.speed, Speed::noise) << effect;
    EXPECT_EQ(comparison.others[0].speed, Speed::noise) << effect;
    EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
    EXPECT_TRUE(comparison.verdict.starts_with("Noise: nothing was changed, yet tokens/s ")) << comparison.verdict;
    EXPECT_TRUE(has_finding(comparison, "VRV-CMP-NULL-DIFFERS"));
    EXPECT_NE(comparison.quote.find(", the same as far as it is recorded: tokens/s "), std::string::npos)
        << comparison.quote;
  }
}

TEST(Compare, WithoutADirectionThereIsNoVerdict) {
  varve::Run run = interleaved_run(10, speed_shape(1.08, 0.005));
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  for (Unit& each : run.units) each.metrics[0].better = Better::unknown;
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.primary.speed, Speed::direction_unknown);
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
  EXPECT_NE(comparison.verdict.find("whether higher or lower is better is not known"), std::string::npos)
      << comparison.verdict;
  const auto finding = std::find_if(comparison.findings.begin(), comparison.findings.end(),
                                    [](const Finding& each) { return each.id == "VRV-CMP-DIRECTION-UNKNOWN"; });
  ASSERT_NE(finding, comparison.findings.end());
  EXPECT_NE(finding->fix.find(R"({"metric": "tokens/s", "value": 12.5, "better": "higher"})"), std::string::npos)
      << finding->fix;
}

TEST(Compare, WithoutADirectionMorePairsTellWhetherItChangedAndNoMore) {
  varve::Run run = interleaved_run(10, speed_shape(1.02, 0.08), 3);
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  for (Unit& each : run.units) each.metrics[0].better = Better::unknown;
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.primary.speed, Speed::ambiguous);
  EXPECT_NE(comparison.verdict.find("more pairs would decide whether it changed"), std::string::npos)
      << comparison.verdict;
}

TEST(Compare, AWideIntervalThatTouchesTheMarginIsSaidToTouchIt) {
  // 22 % slower on average, in turns by 38 % and by half a percent: the interval ends just below no change.
  varve::Run run = interleaved_run(10, [](Unit& made, Generator&) {
    if (made.variant == "B") scale_speed(made, std::exp(-0.245 + (made.pair % 2 == 0 ? 0.24 : -0.24)));
  });
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  const Comparison comparison = compared(run);
  ASSERT_EQ(comparison.primary.speed, Speed::slower_touching_margin);
  ASSERT_LT(comparison.primary.ratio.value, 0.85);
  EXPECT_EQ(comparison.verdict.find("below the margin"), std::string::npos);
  EXPECT_TRUE(comparison.verdict.starts_with("B is slower, but the edge of the interval touches the margin: "))
      << comparison.verdict;
}

TEST(Compare, OtherNumbersOfThreadsAtWorkAreAFindingOfTheirOwn) {
  varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    scale_speed(made, wobble(generator, 0.002));
    if (made.variant == "B") made.user_seconds *= 2;
  });
  const Comparison comparison = compared(run);
  EXPECT_TRUE(has_finding(comparison, "VRV-CMP-UNRECORDED-DIFFERS"));
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps);
  set_for_b(run, "OMP_NUM_THREADS", "4");
  EXPECT_FALSE(has_finding(compared(run), "VRV-CMP-UNRECORDED-DIFFERS")) << "a recorded setting explains it";
}

TEST(Compare, OtherKernelsWithNothingRecordedDifferingAreAFindingOfTheirOwn) {
  const auto with_kernels = [](const char* of_b) {
    return kernel_run(10, [of_b](KernelTable& kernels, Unit& made, Generator& generator) {
      scale_speed(made, wobble(generator, 0.002));
      sample(kernels, made, kernel(made.variant == "A" ? "sgemm_kernel_HASWELL" : of_b, "sgemm_kernel"), 0.8);
    });
  };
  EXPECT_TRUE(has_finding(compared(with_kernels("sgemm_kernel_COOPERLAKE")), "VRV-CMP-UNRECORDED-DIFFERS"));
  EXPECT_FALSE(has_finding(compared(with_kernels("sgemm_kernel_HASWELL")), "VRV-CMP-UNRECORDED-DIFFERS"));
}

TEST(Compare, FourPairsAreTooFew) {
  const Comparison comparison = compared(interleaved_run(4, speed_shape(2, 0.001)));
  EXPECT_EQ(comparison.primary.speed, Speed::too_few);
  EXPECT_TRUE(has_finding(comparison, "VRV-CMP-TOO-FEW-PAIRS"));
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
}

TEST(Compare, OnePairHasNoSpread) {
  const Comparison comparison = compared(interleaved_run(1, speed_shape(2, 0.001)));
  EXPECT_EQ(comparison.primary.speed, Speed::no_spread);
  EXPECT_TRUE(has_finding(comparison, "VRV-CMP-NO-SPREAD"));
  EXPECT_FALSE(comparison.accounts.at(0).available);
}

TEST(Compare, SwappingTheSidesOnlyTurnsTheSign) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    varve::Run run = interleaved_run(8, speed_shape(1 + 0.004 * static_cast<double>(seed % 7), 0.01), seed);
    set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
    const Comparison forth = compared(run), back = compared(swapped(run));
    EXPECT_NEAR(forth.primary.ratio.value * back.primary.ratio.value, 1, 1e-12);
    EXPECT_NEAR(forth.primary.ratio.interval.low * back.primary.ratio.interval.high, 1, 1e-12);
    EXPECT_EQ(forth.primary.pairs_needed, back.primary.pairs_needed);
    EXPECT_EQ(forth.primary.speed == Speed::faster, back.primary.speed == Speed::slower);
    EXPECT_EQ(forth.primary.speed == Speed::same, back.primary.speed == Speed::same);
    EXPECT_EQ(forth.control, back.control);
  }
}

TEST(Compare, UnfinishedPairsAreLeftOutAndNamed) {
  varve::Run run = interleaved_run(10, speed_shape(1.08, 0.005));
  run.units[4].end.exit_code = 3;
  run.complete = false;
  run.incomplete_reason = "unit 4 failed";
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.primary.pairs, 9);
  EXPECT_TRUE(mentions(comparison.reasons, "unit 4 (A) ended with exit status 3: left out"));
  EXPECT_TRUE(mentions(comparison.reasons, "unit 5 (B) has no finished partner: left out"));
  EXPECT_TRUE(mentions(comparison.reasons, "the run is not complete: unit 4 failed"));
  EXPECT_TRUE(has_finding(comparison, "VRV-CMP-UNITS-LEFT-OUT"));
  EXPECT_EQ(comparison.control, Control::not_measured) << "a unit failed";
  run.units[4].end = {.exit_code = 0, .signal = 2, .timed_out = false, .interrupted = true};
  EXPECT_EQ(compared(run).control, Control::controlled) << "Ctrl-C is no failure of the command";
}

// Those that live may be the fast ones.
TEST(Compare, ACommandThatIsKilledHalfTheTimeNeverWins) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    varve::Run run = interleaved_run(20, speed_shape(1, 0.02), seed);
    set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
    Generator generator(seed);
    std::size_t alive = 0;
    for (Unit& each : run.units) {
      if (each.variant == "A") continue;
      const bool killed = generator() % 2 == 0;
      if (killed) each.end.signal = 9;
      if (!killed) scale_speed(each, 1.2);
      alive += killed ? 0 : 1;
    }
    if (alive == 0 || alive == 20) continue;
    const Comparison comparison = compared(run);
    EXPECT_EQ(comparison.control, Control::not_measured);
    EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
    EXPECT_EQ(comparison.verdict.find("B is faster"), std::string::npos) << comparison.verdict;
  }
}

// Equal request counts in equal time, and unequal totals of tokens.
TEST(Compare, TheWorkOfTheMetricComesBeforeItsRatio) {
  varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    scale_speed(made, wobble(generator, 0.002));
    made.metrics[0].work = made.variant == "A" ? 5000 : 4000;
  });
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.control, Control::not_measured);
  EXPECT_NE(comparison.quote.find("not measured, because the sides did unequal work"), std::string::npos)
      << comparison.quote;
}

// Two hundred experiments in which nothing differs, though a setting says that something was put under test.
TEST(Compare, SameAgainstSameIsCalledFasterNoMoreOftenThanAlphaSays) {
  int faster = 0, slower = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    varve::Run run = interleaved_run(10, speed_shape(1, 0.05), 1000 + seed);
    set_for_b(run, "SWITCH_WITHOUT_EFFECT", "1");
    const Speed speed = compared(run).primary.speed;
    faster += speed == Speed::faster;
    slower += speed == Speed::slower;
  }
  // 2.5 % a direction is 5 of 200; twelve or more would come up once in 250 times.
  EXPECT_LE(faster, 11);
  EXPECT_LE(slower, 11);
}

// A, B, C, and A again, each measured alone: going back does not bring the number back.
TEST(Compare, ARollBackThatDoesNotRestoreTheNumberShowsTheNoiseOfTheMethod) {
  const varve::Run first = interleaved_run(10, speed_shape(1, 0.005), 1);
  varve::Run again = interleaved_run(
      10, [](Unit& made, Generator& generator) { scale_speed(made, 1.04 * wobble(generator, 0.005)); }, 2);
  const auto back = compare_runs({&first, "A", "a.json"}, {&again, "A", "again.json"});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->primary.speed, Speed::order_confounded);
  const auto noise = std::find_if(back->findings.begin(), back->findings.end(),
                                  [](const Finding& each) { return each.id == "VRV-CMP-REPEAT-SPREAD"; });
  ASSERT_NE(noise, back->findings.end());
  EXPECT_EQ(noise->severity, Severity::warning);
  EXPECT_NE(noise->evidence.find("tokens/s differs by +"), std::string::npos) << noise->evidence;
  again.variants[0].settings["OMP_NUM_THREADS"] = known_fact(std::string("4"), "test");
  EXPECT_FALSE(has_finding(*compare_runs({&first, "A", "a.json"}, {&again, "A", "c.json"}), "VRV-CMP-REPEAT-SPREAD"));
}

TEST(Compare, TwoLevelsOfASideAreShownAsTwo) {
  const varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    const bool high = made.variant == "B" && made.pair % 2 == 0;
    scale_speed(made, (high ? 1.3 : 1) * wobble(generator, 0.01));
  });
  const Comparison comparison = compared(run);
  const auto modes = std::find_if(comparison.findings.begin(), comparison.findings.end(),
                                  [](const Finding& each) { return each.id == "VRV-CMP-TWO-MODES"; });
  ASSERT_NE(modes, comparison.findings.end());
  EXPECT_NE(modes->evidence.find("B: 5 units near"), std::string::npos) << modes->evidence;
  int false_alarms = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    false_alarms += has_finding(compared(interleaved_run(10, speed_shape(1, 0.05), seed)), "VRV-CMP-TWO-MODES");
  }
  EXPECT_LE(false_alarms, 14);  // two sides at 2 % each: 8 of 200
}

TEST(Compare, TwoBenchmarksAreSaidToBeTwo) {
  const varve::Run a = interleaved_run(5, speed_shape(1, 0.01));
  varve::Run b = interleaved_run(5, speed_shape(1, 0.01), 2);
  b.name = "other";
  b.protocol.primary_metric = "requests/s";
  for (Unit& each : b.units) each.metrics[0].name = "requests/s";
  const auto comparison = compare_runs({&a, "A", "a.json"}, {&b, "A", "b.json"});
  ASSERT_TRUE(comparison) << to_text(comparison.error());
  EXPECT_EQ(comparison->control, Control::not_measured);
  EXPECT_TRUE(has_finding(*comparison, "VRV-CMP-TWO-BENCHMARKS"));
  EXPECT_NE(comparison->verdict.find("two different benchmarks: example measures tokens/s, other measures requests/s"),
            std::string::npos)
      << comparison->verdict;
}

TEST(Compare, ADocumentAgainstItselfIsTheSameDocument) {
  const varve::Run run = interleaved_run(5, speed_shape(1, 0.01));
  const varve::Run copy = run;
  const auto comparison = compare_runs({&run, "A", "a.json"}, {&copy, "A", "copy.json"});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->primary.ratio.value, 1);
  EXPECT_EQ(comparison->primary.speed, Speed::same);
  EXPECT_EQ(exit_status(*comparison), ExitStatus::ok);
  EXPECT_NE(comparison->verdict.find("are the same document"), std::string::npos);
  const auto variant = compare_variants(run, {}, "A", "A");
  ASSERT_TRUE(variant);
  EXPECT_EQ(variant->verdict, "A is compared with itself: one measurement, and nothing to compare.");
  EXPECT_TRUE(variant->findings.empty());
}

TEST(Compare, WarmupAndEvidenceUnitsNeverEnter) {
  varve::Run run = interleaved_run(5, speed_shape(1, 0.002));
  const Comparison before = compared(run);
  for (const UnitRole role : {UnitRole::warmup, UnitRole::evidence}) {
    Unit extra = unit("A", 100, 0);
    extra.role = role;
    extra.metrics[0].value = 1e6;
    run.units.insert(run.units.begin(), extra);
  }
  EXPECT_EQ(compared(run).primary.ratio.value, before.primary.ratio.value);
  EXPECT_EQ(compared(run).primary.pairs, 5);
}

TEST(Compare, MarkedUnitsStayAndTheResultWithoutThemIsTold) {
  varve::Run run = interleaved_run(10, speed_shape(1.08, 0.005));
  run.units[0].marks = {{Mark::steal, "machine steal 12 %"}};
  const Comparison comparison = compared(run);
  EXPECT_EQ(comparison.primary.pairs, 10);
  EXPECT_TRUE(mentions(comparison.reasons, "1 of 10 pairs carry marks and are in the result; without them tokens/s +"));
}

TEST(Compare, AMarginDeclaredLaterIsSaidToBe) {
  CompareOptions options;
  options.margin = 0.05;
  const Comparison comparison = compared(interleaved_run(10, speed_shape(1.0, 0.005)), options);
  EXPECT_EQ(comparison.primary.margin, 0.05);
  EXPECT_TRUE(mentions(comparison.reasons, "declared after the measurement"));
}

TEST(Compare, OtherMetricsAreListedOnce) {
  const Comparison comparison = compared(interleaved_run(10, speed_shape(1.0, 0.005)));
  ASSERT_EQ(comparison.others.size(), 2U);
  EXPECT_EQ(comparison.others[0].metric, "wall time");
  EXPECT_EQ(comparison.others[1].metric, "CPU time");
}

TEST(Compare, WhatCannotBeComparedIsAnError) {
  varve::Run run = interleaved_run(5, speed_shape(1, 0.01));
  CompareOptions options;
  options.metric = "token/s";
  const auto unknown = compare_variants(run, options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().hint, "did you mean tokens/s?");

  varve::Run single = run;
  single.variants.pop_back();
  EXPECT_FALSE(compare_variants(single));

  for (Unit& each : run.units) each.end.timed_out = true;
  EXPECT_FALSE(compare_variants(run));
}

TEST(Compare, TwoDocumentsGiveARatioButNeverASpeed) {
  const varve::Run before = interleaved_run(10, speed_shape(1, 0.005), 1);
  const varve::Run after = interleaved_run(
      10, [](Unit& made, Generator& generator) { scale_speed(made, 1.3 * wobble(generator, 0.005)); }, 2);
  const auto comparison = compare_runs({&before, "A", "before.json"}, {&after, "A", "after.json"});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->primary.speed, Speed::order_confounded);
  EXPECT_FALSE(comparison->primary.paired);
  EXPECT_TRUE(comparison->primary.log_ratios.empty());
  EXPECT_NEAR(comparison->primary.ratio.value, 1.3, 0.02);
  EXPECT_LT(comparison->primary.ratio.interval.low, 1.3);
  EXPECT_GT(comparison->primary.ratio.interval.high, 1.3);
  EXPECT_TRUE(has_finding(*comparison, "VRV-CMP-ORDER-CONFOUNDED"));
  EXPECT_EQ(exit_status(*comparison), ExitStatus::inconclusive);
  EXPECT_NE(comparison->verdict.find("before.json and after.json were measured one after the other"), std::string::npos)
      << comparison->verdict;
}

TEST(Compare, UnequalWorkIsNotCompared) {
  varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    scale_speed(made, wobble(generator, 0.002));
    made.metrics.push_back({"work", "tokens", Better::higher, made.variant == "A" ? 1000.0 : 900.0, 1});
  });
  const Comparison comparison = compared(run);
  EXPECT_TRUE(has_finding(comparison, "VRV-CMP-WORK-DIFFERS"));
  EXPECT_EQ(comparison.control, Control::not_measured);
  EXPECT_EQ(comparison.primary.speed, Speed::not_measured);
  EXPECT_NE(comparison.verdict.find("not measured: the sides did unequal work in a unit"), std::string::npos)
      << comparison.verdict;
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
}

TEST(Compare, StealIsReported) {
  varve::Run run = interleaved_run(10, speed_shape(1, 0.002));
  for (Unit& each : run.units) each.steal_seconds = each.wall_seconds * 4 * 0.2;
  EXPECT_TRUE(has_finding(compared(run), "VRV-CMP-STEAL"));
  for (Unit& each : run.units) each.steal_seconds = each.wall_seconds * 4 * 0.01;
  EXPECT_FALSE(has_finding(compared(run), "VRV-CMP-STEAL"));
}

}  // namespace varve
