#include "compare/account/account.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compare/account/account_testing.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
const KernelChange* find_row(const KernelAccount& account, const std::string& label) {
  const auto found = std::find_if(account.rows.begin(), account.rows.end(),
                                  [&](const KernelChange& row) { return row.label == label; });
  return found == account.rows.end() ? nullptr : &*found;
}

double sum_of(const KernelAccount& account, double (*of)(const KernelChange&)) {
  return std::accumulate(account.rows.begin(), account.rows.end(), 0.0,
                         [&](double sum, const KernelChange& row) { return sum + of(row); });
}

bool has_note(const std::vector<std::string>& notes, const std::string& part) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

// OpenBLAS with another kernel: HASWELL on A takes 0.70 s, COOPERLAKE on B 0.40 s; 0.2 s of other work on both sides.
void exchange_shape(KernelTable& kernels, Unit& made, Generator& generator) {
  const bool a = made.variant == "A";
  const double noise = wobble(generator, 0.01);
  sample(kernels, made,
         a ? kernel("sgemm_kernel_HASWELL", "sgemm_kernel", "HASWELL")
           : kernel("sgemm_kernel_COOPERLAKE", "sgemm_kernel", "COOPERLAKE"),
         (a ? 0.70 : 0.40) * noise);
  sample(kernels, made, kernel("gelu", "gelu", "", Family::elementwise, "/lib/libapp.so"),
         0.2 * wobble(generator, 0.01));
  set_cpu(made, sampled_seconds(made) + 0.05 * wobble(generator, 0.01));
}
}  // namespace

TEST(Account, ADispatchedKernelThatWasExchangedIsOneRow) {
  varve::Run run = kernel_run(10, exchange_shape);
  set_for_b(run, "OPENBLAS_CORETYPE", "Cooperlake");
  const Comparison comparison = compared_account(run);
  ASSERT_EQ(comparison.accounts.size(), 1u);
  const KernelAccount& account = comparison.accounts[0];
  ASSERT_TRUE(account.available) << account.why;
  EXPECT_EQ(account.shares_withheld, "");
  const KernelChange& first = account.rows.front();
  EXPECT_EQ(first.label, "sgemm_kernel: HASWELL → COOPERLAKE");
  EXPECT_EQ(first.state, KernelState::replaced);
  EXPECT_EQ(first.library, "libopenblas.so.0");
  EXPECT_EQ(first.a, std::vector<std::string>{"sgemm_kernel_HASWELL"});
  EXPECT_NEAR(first.change.value, -0.30, 0.01);
  ASSERT_TRUE(first.share);
  EXPECT_NEAR(first.share->value, 1, 0.05);
  EXPECT_EQ(account.rows.back().state, KernelState::remainder);
  ASSERT_TRUE(account.exchanged_share);
  EXPECT_NEAR(account.exchanged_share->value, first.share->value, 1e-12);
  EXPECT_EQ(find_row(account, "gelu")->state, KernelState::same);
  // About 700 of 900 samples of 1 ms on A and 400 of 600 on B, in ten pairs: binomial.
  const double variance = 10 * (700 * (200.0 / 900) + 400 * (200.0 / 600));
  EXPECT_NEAR(first.sampling_error, std::sqrt(variance) * 0.001 / 10, 1e-4);
}

// Rule of honesty 4: parts sum to the whole, whatever was sampled.
TEST(Account, RowsSumToTheTotalOnRandomInput) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const varve::Run run = kernel_run(
        2 + static_cast<int>(seed % 9),
        [seed](KernelTable& kernels, Unit& made, Generator& generator) {
          std::uniform_int_distribution<int> pick(0, 24), count(0, 30);
          std::uniform_real_distribution<double> seconds(0, 0.2);
          for (int i = count(generator); i > 0; --i) {
            const int which = pick(generator);
            const std::string side = which % 3 == 0 ? made.variant : "";
            Kernel random = kernel("kernel" + std::to_string(which) + side, "kernel" + std::to_string(which), side,
                                   static_cast<Family>(which % 9), "/lib/lib" + std::to_string(which % 4) + ".so");
            if (which % 7 == 0) random.named = Named::range;
            if (which % 5 == 0) random.key.build_id = made.variant;
            sample(kernels, made, random, which % 5 == 0 ? 0.001 : seconds(generator));
          }
          set_cpu(made, (made.variant == "A" ? 1.0 : 1.0 + 0.1 * static_cast<double>(seed % 3)) + seconds(generator));
        },
        seed);
    const KernelAccount account = sampled_account(run);
    if (!account.available) continue;
    const double size = account.a_seconds + account.b_seconds;
    EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.change.value; }), account.total.value,
                1e-9 * size);
    EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.a_seconds; }), account.a_seconds, 1e-9 * size);
    EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.b_seconds; }), account.b_seconds, 1e-9 * size);
    for (const KernelChange& row : account.rows) {
      if (row.share) {
        EXPECT_NEAR(row.share->value, row.change.value / account.total.value, 1e-9);
      }
    }
    EXPECT_EQ(account.rows.back().state, KernelState::remainder);
  }
}

TEST(Account, SwappingTheSidesTurnsChangesAndKeepsShares) {
  const varve::Run run = kernel_run(10, exchange_shape);
  const KernelAccount forth = sampled_account(run), back = sampled_account(swapped(run));
  ASSERT_EQ(forth.rows.size(), back.rows.size());
  EXPECT_NEAR(forth.total.value, -back.total.value, 1e-12);
  for (std::size_t i = 0; i < forth.rows.size(); ++i) {
    EXPECT_NEAR(forth.rows[i].change.value, -back.rows[i].change.value, 1e-12);
    ASSERT_EQ(forth.rows[i].share.has_value(), back.rows[i].share.has_value());
    if (forth.rows[i].share) {
      EXPECT_NEAR(forth.rows[i].share->value, back.rows[i].share->value, 1e-9);
    }
  }
}

TEST(Account, NoiseHasNoShares) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    sample(kernels, made, kernel("sgemm"), 0.8 * wobble(generator, 0.05));
    set_cpu(made, sampled_seconds(made) + 0.05);
  });
  const KernelAccount account = sampled_account(run);
  ASSERT_TRUE(account.available);
  EXPECT_NE(account.shares_withheld.find("cannot be told from none"), std::string::npos) << account.shares_withheld;
  for (const KernelChange& row : account.rows) EXPECT_FALSE(row.share);
  EXPECT_FALSE(account.exchanged_share);
}

namespace {
// The same CPU and wall time on both sides, whatever the metric says.
varve::Run fixed_time_run() {
  return kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    sample(kernels, made, kernel("sgemm"), 0.9 * wobble(generator, 0.01));
    set_cpu(made, 1.0 * wobble(generator, 0.001));
    made.metrics[0].value = (made.variant == "B" ? 150 : 100) * wobble(generator, 0.01);
  });
}
}  // namespace

TEST(Account, ABenchmarkOfFixedTimeHasNoAccountAndSaysWhy) {
  varve::Run run = fixed_time_run();
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  const Comparison comparison = compared_account(run);
  EXPECT_EQ(comparison.primary.speed, Speed::faster);
  EXPECT_FALSE(comparison.accounts.at(0).available);
  EXPECT_TRUE(comparison.accounts.at(0).rows.empty());
  EXPECT_NE(comparison.accounts.at(0).why.find("a program that runs for a fixed time"), std::string::npos)
      << comparison.accounts.at(0).why;
  for (Unit& made : run.units) made.wall_seconds *= made.variant == "A" ? 2 : 1;
  EXPECT_NE(compared_account(run).accounts.at(0).shares_withheld.find("which the rest of it hides"), std::string::npos)
      << "which part of a unit the metric speaks of is not known";
  for (Unit& made : run.units) {
    made.window = MeasuredWindow{0, nanoseconds(made.wall_seconds), nanoseconds(made.wall_seconds), 1};
  }
  EXPECT_NE(compared_account(run).accounts.at(0).shares_withheld.find("time spent waiting"), std::string::npos);
  for (Unit& made : run.units) made.threads_at_work = made.variant == "A" ? 1 : 2;
  const std::string why = compared_account(run).accounts.at(0).shares_withheld;
  EXPECT_NE(why.find("how many threads were at work"), std::string::npos) << why;
  for (Unit& made : run.units) made.threads_at_work = made.variant == "A" ? 2 : 1;
  EXPECT_NE(compared_account(run).accounts.at(0).shares_withheld.find("time spent waiting"), std::string::npos);
}

TEST(Account, ANullThatDiffersIsNotCalledAProgramOfFixedTime) {
  const Comparison comparison = compared_account(fixed_time_run());
  EXPECT_EQ(comparison.primary.speed, Speed::noise);
  EXPECT_TRUE(comparison.accounts.at(0).available) << comparison.accounts.at(0).why;
}

// Half a minute of import around two seconds of measuring: with a window its own length tells, not the unit's.
TEST(Account, TheWindowTellsWhetherTheTimeIsFixed) {
  const auto with_windows = [](double a_seconds, double b_seconds) {
    varve::Run run = kernel_run(10, [=](KernelTable& kernels, Unit& made, Generator& generator) {
      const double seconds = (made.variant == "A" ? a_seconds : b_seconds) * wobble(generator, 0.002);
      sample(kernels, made, kernel("sgemm"), seconds);
      set_cpu(made, seconds + 0.01);
      made.wall_seconds = 30 + seconds;
      made.window = MeasuredWindow{nanoseconds(30), nanoseconds(30 + seconds), nanoseconds(seconds), 1};
      made.metrics[0].value = (made.variant == "B" ? 150 : 100) * wobble(generator, 0.01);
    });
    set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
    return run;
  };
  EXPECT_TRUE(sampled_account(with_windows(2, 2 / 1.5)).available);
  const KernelAccount fixed = sampled_account(with_windows(2, 2));
  EXPECT_FALSE(fixed.available);
  EXPECT_NE(fixed.why.find("what tokens/s speaks of took 1.9"), std::string::npos) << fixed.why;
}

TEST(Account, SaysThatItIsOfTheWindowAndHowMuchIsOutside) {
  varve::Run run = kernel_run(10, exchange_shape);
  for (Unit& made : run.units) {
    made.window = MeasuredWindow{0, nanoseconds(made.wall_seconds / 2), nanoseconds(made.wall_seconds / 2), 1};
    made.profiles.by_kind.at(kCpuSamples).before_ns = nanoseconds(4);
  }
  const KernelAccount account = sampled_account(run);
  ASSERT_TRUE(account.available) << account.why;
  EXPECT_TRUE(
      has_note(account.notes, "outside of what tokens/s speaks of 4.00 s of CPU time a unit of A and 4.00 s of B"))
      << account.notes.front();
}

TEST(Account, PartsOfSomeUnitsAndAllOfOthersAreNotCompared) {
  varve::Run run = kernel_run(10, exchange_shape);
  for (Unit& made : run.units) {
    if (made.variant == "A") made.window = MeasuredWindow{0, 1000, 1000, 1};
  }
  const KernelAccount account = sampled_account(run);
  EXPECT_FALSE(account.available);
  EXPECT_EQ(account.why, "10 of 20 units say which part of them the metric speaks of, the others do not");
}

// What ran still tells of a difference that nothing recorded accounts for, where no account is offered.
TEST(Account, OtherKernelsAreSeenInUnitsOfFixedTimeToo) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(kernels, made, a ? kernel("sgemm_OLD", "sgemm", "OLD") : kernel("sgemm_NEW", "sgemm", "NEW"), 0.9);
    set_cpu(made, 1.0 * wobble(generator, 0.0005));
    made.metrics[0].value = (a ? 100 : 150) * wobble(generator, 0.01);
  });
  const auto comparison = compare_runs({&run, "A", "a.json"}, {&run, "B", "b.json"});
  ASSERT_TRUE(comparison);
  EXPECT_FALSE(comparison->accounts.at(0).available);
  EXPECT_TRUE(comparison->accounts.at(0).rows.empty());
  EXPECT_TRUE(std::any_of(comparison->findings.begin(), comparison->findings.end(),
                          [](const Finding& finding) { return finding.id == "VRV-CMP-UNRECORDED-DIFFERS"; }));
}

TEST(Account, DisagreementOfMetricAndCpuTimeHasNoShares) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(kernels, made, kernel("sgemm"), (a ? 0.8 : 1.5) * wobble(generator, 0.01));
    set_cpu(made, sampled_seconds(made) + 0.01);
    made.metrics[0].value = (a ? 100 : 150) * wobble(generator, 0.01);  // more threads: sooner done, more CPU time
  });
  EXPECT_NE(sampled_account(run).shares_withheld.find("disagree"), std::string::npos);
}

TEST(Account, FewPairsHaveNoShares) {
  EXPECT_NE(sampled_account(kernel_run(4, exchange_shape)).shares_withheld.find("too few"), std::string::npos);
}

TEST(Account, AChangeThatSamplesCannotResolveHasNoShares) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator&) {
    sample(kernels, made, kernel("sgemm"), 0.1);
    // 20 microseconds of 0.1 s, by rusage without noise; a sample stands for 1 ms.
    set_cpu(made, made.variant == "A" ? 0.1 : 0.1 + 2e-5 + 1e-9 * made.index);
  });
  EXPECT_NE(sampled_account(run).shares_withheld.find("counting samples"), std::string::npos);
}

TEST(Account, WithoutSamplesItSaysWhatIsMissing) {
  varve::Run run = interleaved_run(10, speed_shape(1, 0.01));
  for (Unit& each : run.units) each.profiles.add_absent(kCpuSamples, "perf_event_open: permission denied");
  const KernelAccount account = sampled_account(run);
  EXPECT_FALSE(account.available);
  EXPECT_EQ(account.why, "perf_event_open: permission denied");
}

TEST(Account, TwoDocumentsListKernelsWithoutShares) {
  const varve::Run run = kernel_run(10, exchange_shape);
  const auto comparison = compare_runs({&run, "A", "a.json"}, {&run, "B", "b.json"});
  ASSERT_TRUE(comparison);
  const KernelAccount& account = comparison->accounts.at(0);
  ASSERT_TRUE(account.available);
  EXPECT_EQ(account.rows.front().label, "sgemm_kernel: HASWELL → COOPERLAKE");
  EXPECT_NE(account.shares_withheld.find("one after the other"), std::string::npos);
}

// Among forty rows of pure noise, about none is called changed; one that really changed is.
TEST(Account, ManyRowsDoNotMakeDiscoveries) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const varve::Run run = kernel_run(
        10,
        [](KernelTable& kernels, Unit& made, Generator& generator) {
          for (int i = 0; i < 40; ++i)
            sample(kernels, made, kernel("k" + std::to_string(i)), 0.05 * wobble(generator, 0.1));
          sample(kernels, made, kernel("real"), (made.variant == "A" ? 0.1 : 0.2) * wobble(generator, 0.1));
          set_cpu(made, sampled_seconds(made));
        },
        seed);
    for (const KernelChange& row : sampled_account(run).rows) {
      if (row.label == "real") {
        EXPECT_EQ(row.state, KernelState::changed);
      } else {
        found += row.state == KernelState::changed;
      }
    }
  }
  EXPECT_LE(found, 8);  // 40 runs, one true discovery each: 5 % false ones are about two
}

// A loop of fixed time: as much CPU time on both sides but for a sliver, whatever its kernels did.
TEST(Account, ALoopOfFixedTimeExplainsNothing) {
  varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(kernels, made, a ? kernel("sgemm_OLD", "sgemm", "OLD") : kernel("sgemm_NEW", "sgemm", "NEW"), a ? 0.9 : 0.7);
    sample(kernels, made, kernel("tokenise"), a ? 0.1 : 0.29);
    set_cpu(made, (a ? 1.0 : 0.99) * wobble(generator, 0.0005));
    made.metrics[0].value = (a ? 100 : 150) * wobble(generator, 0.01);
  });
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  const Comparison comparison = compared_account(run);
  EXPECT_EQ(comparison.primary.speed, Speed::faster);
  const KernelAccount& account = comparison.accounts.at(0);
  EXPECT_FALSE(account.available) << "the change of CPU time is beyond its noise, and still not about the metric";
  EXPECT_NE(account.why.find("fixed time"), std::string::npos) << account.why;
}

// Units that import and compile for seconds and measure a moment: CPU time a unit is not about the metric.
TEST(Account, CpuTimeOutsideOfTheMetricExplainsNothing) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(kernels, made, kernel("import"), 3 * wobble(generator, 0.002));
    sample(kernels, made, a ? kernel("sgemm_OLD", "sgemm", "OLD") : kernel("sgemm_NEW", "sgemm", "NEW"), a ? 0.5 : 0.3);
    set_cpu(made, sampled_seconds(made));
    made.metrics[0].value = 100 / (a ? 0.5 : 0.3) * wobble(generator, 0.01);
  });
  const KernelAccount account = sampled_account(run);
  EXPECT_NE(account.shares_withheld.find("not in the metric"), std::string::npos) << account.shares_withheld;
  for (const KernelChange& row : account.rows) EXPECT_FALSE(row.share);
}

TEST(Account, ANoisyMetricThatMayAgreeHasShares) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    exchange_shape(kernels, made, generator);
    made.metrics[0].value *= wobble(generator, 0.4);
  });
  const KernelAccount account = sampled_account(run);
  EXPECT_EQ(account.shares_withheld, "");
  EXPECT_TRUE(account.exchanged_share);
}

// "87 % (47 to 2 417 %)" says nothing.
TEST(Account, AShareThatIsWiderThanItselfIsNotGiven) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(kernels, made, a ? kernel("sgemm_OLD", "sgemm", "OLD") : kernel("sgemm_NEW", "sgemm", "NEW"),
           (a ? 0.7 : 0.6) * wobble(generator, 0.1));
    sample(kernels, made, kernel("gelu"), 0.5 * wobble(generator, 0.1));
    set_cpu(made, 1.2 * (a ? 1 : 0.92) * wobble(generator, 0.02));
  });
  const KernelAccount account = sampled_account(run);
  ASSERT_EQ(account.shares_withheld, "");
  EXPECT_FALSE(account.exchanged_share);
  EXPECT_TRUE(has_note(account.notes, "how much the exchange of kernels explains cannot be told"));
  EXPECT_TRUE(has_note(account.notes, "no share is given where its 95 % interval is wider than itself"));
  for (const KernelChange& row : account.rows) {
    if (!row.share) continue;
    EXPECT_LT(row.share->interval.high - row.share->interval.low, std::fabs(row.share->value)) << row.label;
  }
}

// "1 624 %": what was exchanged is many times what is left when other code took it back.
TEST(Account, PartsThatCancelHaveNoShares) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(kernels, made, a ? kernel("sgemm_OLD", "sgemm", "OLD") : kernel("sgemm_NEW", "sgemm", "NEW"), a ? 0.8 : 0.3);
    sample(kernels, made, kernel("pack"), a ? 0.1 : 0.57);
    set_cpu(made, sampled_seconds(made) * wobble(generator, 0.0005));
  });
  const KernelAccount account = sampled_account(run);
  ASSERT_EQ(account.shares_withheld, "");
  EXPECT_NEAR(account.total.value, -0.03, 0.002);
  EXPECT_FALSE(account.exchanged_share);
  for (const KernelChange& row : account.rows) {
    if (row.share) {
      EXPECT_LE(std::fabs(row.share->value), 2) << row.label;
    }
  }
}

// What oneDNN counted in the same units stands beside the samples, with its own whole and without a sampling error.
TEST(Account, EveryBasisHasItsOwn) {
  const varve::Run run = kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
    exchange_shape(kernels, made, generator);
    const bool a = made.variant == "A";
    const Kernel matmul = kernel(a ? "matmul jit:avx2" : "matmul brg:avx512_core", "matmul", a ? "avx2" : "avx512_core",
                                 Family::gemm, "oneDNN");
    call(kernels, made, matmul, (a ? 0.5 : 0.2) * wobble(generator, 0.01));
    call(kernels, made, kernel("reorder", "reorder", "", Family::copy, "oneDNN"), 1e-6);
  });
  const Comparison comparison = compared_account(run);
  ASSERT_EQ(comparison.accounts.size(), 2u);
  const varve::Run sampled_only = kernel_run(10, exchange_shape);
  EXPECT_EQ(comparison.accounts[0].rows.size(), sampled_account(sampled_only).rows.size())
      << "nothing of one is in the other";
  const KernelAccount& calls = comparison.accounts[1];
  EXPECT_EQ(calls.kind, kOnednnCalls);
  EXPECT_EQ(calls.rows.back().label, "(outside oneDNN)");
  EXPECT_NEAR(calls.a_seconds, compared_account(run).others.back().a_median, 0.05) << "the whole is the wall time";
  EXPECT_NEAR(sum_of(calls, [](const KernelChange& row) { return row.change.value; }), calls.total.value, 1e-9);
  const KernelChange* matmul = find_row(calls, "matmul: avx2 → avx512_core");
  ASSERT_NE(matmul, nullptr);
  EXPECT_NEAR(matmul->change.value, -0.3, 0.01);
  EXPECT_EQ(matmul->sampling_error, 0);
  EXPECT_NE(find_row(calls, "reorder"), nullptr) << "what is counted is not rare, however short";
}

// Units of a fixed time that say how much they did: CPU time for one amount of work.
TEST(Account, UnitsOfAFixedTimeThatTellTheirWorkAreScaledToIt) {
  const KernelAccount account =
      sampled_account(kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
        const bool a = made.variant == "A";
        sample(kernels, made, a ? kernel("sgemm_OLD", "sgemm", "OLD") : kernel("sgemm_NEW", "sgemm", "NEW"), 0.9);
        set_cpu(made, 1.0 * wobble(generator, 0.0005));
        made.wall_seconds = 1;
        made.metrics[0].value = (a ? 100 : 150) * wobble(generator, 0.01);
        made.metrics[0].work = made.metrics[0].value;
      }));
  ASSERT_TRUE(account.available) << account.why;
  EXPECT_NE(account.of.find("of its work"), std::string::npos) << account.of;
  EXPECT_NEAR(account.b_seconds / account.a_seconds, 1 / 1.5, 0.02);
}

// A handful of samples on one side only is not "vanished".
TEST(Account, WhatOneSideShowedByChanceIsFolded) {
  const KernelAccount account =
      sampled_account(kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
        sample(kernels, made, kernel("sgemm"), 0.9 * wobble(generator, 0.01));
        if (made.variant == "B" && made.pair < 3)
          sample(kernels, made, kernel("collector", "", "", Family::other), 0.02);
        if (made.variant == "A" && made.pair == 5) sample(kernels, made, kernel("loader", "", "", Family::other), 0.03);
        set_cpu(made, sampled_seconds(made));
      }));
  EXPECT_EQ(find_row(account, "collector"), nullptr);
  const auto folded = std::find_if(account.rows.begin(), account.rows.end(),
                                   [](const KernelChange& row) { return row.state == KernelState::unseen; });
  const bool rare = find_row(account, "(rare kernels)") != nullptr;
  EXPECT_TRUE(folded != account.rows.end() || rare);
}

}  // namespace varve
