#include "compare/account.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compare/compare_runs.h"
#include "compare/match.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
Comparison compared_account(const Run& run) {
  auto comparison = compare_variants(run);
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

const KernelChange* find_row(const KernelAccount& account, const std::string& label) {
  const auto found = std::find_if(account.rows.begin(), account.rows.end(),
                                  [&](const KernelChange& row) { return row.label == label; });
  return found == account.rows.end() ? nullptr : &*found;
}

double sum_of(const KernelAccount& account, double (*of)(const KernelChange&)) {
  return std::accumulate(account.rows.begin(), account.rows.end(), 0.0,
                         [&](double sum, const KernelChange& row) { return sum + of(row); });
}

void set_cpu(Unit& made, double seconds) {
  made.user_seconds = seconds;
  made.system_seconds = 0;
  made.wall_seconds = seconds;
  made.metrics[0].value = 100 / seconds;
}

// OpenBLAS with another kernel: HASWELL on A takes 0.70 s, COOPERLAKE on B 0.40 s; 0.2 s of other work on both sides.
void exchange_shape(Unit& made, Generator& generator) {
  const bool a = made.variant == "A";
  const double noise = wobble(generator, 0.01);
  sample(made,
         a ? kernel("sgemm_kernel_HASWELL", "sgemm_kernel", "HASWELL")
           : kernel("sgemm_kernel_COOPERLAKE", "sgemm_kernel", "COOPERLAKE"),
         (a ? 0.70 : 0.40) * noise);
  sample(made, kernel("gelu", "gelu", "", Family::elementwise, "/lib/libapp.so"), 0.2 * wobble(generator, 0.01));
  set_cpu(made, profile_seconds(made.profile) + 0.05 * wobble(generator, 0.01));
}
}  // namespace

TEST(Account, ADispatchedKernelThatWasExchangedIsOneRow) {
  varve::Run run = interleaved_run(10, exchange_shape);
  set_for_b(run, "OPENBLAS_CORETYPE", "Cooperlake");
  const Comparison comparison = compared_account(run);
  const KernelAccount& account = comparison.kernels;
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
  EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.share->value; }), 1, 1e-9);
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
    const varve::Run run = interleaved_run(
        2 + static_cast<int>(seed % 9),
        [seed](Unit& made, Generator& generator) {
          std::uniform_int_distribution<int> pick(0, 24), count(0, 30);
          std::uniform_real_distribution<double> seconds(0, 0.2);
          for (int i = count(generator); i > 0; --i) {
            const int which = pick(generator);
            const std::string side = which % 3 == 0 ? made.variant : "";
            Kernel random = kernel("kernel" + std::to_string(which) + side, "kernel" + std::to_string(which), side,
                                   static_cast<Family>(which % 9), "/lib/lib" + std::to_string(which % 4) + ".so");
            if (which % 7 == 0) random.name = "lib.so [0x" + std::to_string(which) + side + "-0x999]";
            sample(made, random, which % 5 == 0 ? 0.001 : seconds(generator));
          }
          set_cpu(made, (made.variant == "A" ? 1.0 : 1.0 + 0.1 * static_cast<double>(seed % 3)) + seconds(generator));
        },
        seed);
    const KernelAccount account = compared_account(run).kernels;
    if (!account.available) continue;
    const double size = account.a_seconds + account.b_seconds;
    EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.change.value; }), account.total.value,
                1e-9 * size);
    EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.a_seconds; }), account.a_seconds, 1e-9 * size);
    EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.b_seconds; }), account.b_seconds, 1e-9 * size);
    if (account.shares_withheld.empty()) {
      EXPECT_NEAR(sum_of(account, [](const KernelChange& row) { return row.share->value; }), 1, 1e-9);
    }
    EXPECT_EQ(account.rows.back().state, KernelState::remainder);
  }
}

TEST(Account, SwappingTheSidesTurnsChangesAndKeepsShares) {
  varve::Run run = interleaved_run(10, exchange_shape);
  const KernelAccount forth = compared_account(run).kernels, back = compared_account(swapped(run)).kernels;
  ASSERT_EQ(forth.rows.size(), back.rows.size());
  EXPECT_NEAR(forth.total.value, -back.total.value, 1e-12);
  for (std::size_t i = 0; i < forth.rows.size(); ++i) {
    EXPECT_NEAR(forth.rows[i].change.value, -back.rows[i].change.value, 1e-12);
    EXPECT_NEAR(forth.rows[i].share->value, back.rows[i].share->value, 1e-9);
  }
}

TEST(Account, NoiseHasNoShares) {
  const varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    sample(made, kernel("sgemm"), 0.8 * wobble(generator, 0.05));
    set_cpu(made, profile_seconds(made.profile) + 0.05);
  });
  const KernelAccount account = compared_account(run).kernels;
  ASSERT_TRUE(account.available);
  EXPECT_NE(account.shares_withheld.find("cannot be told from none"), std::string::npos) << account.shares_withheld;
  for (const KernelChange& row : account.rows) EXPECT_FALSE(row.share);
  EXPECT_FALSE(account.exchanged_share);
}

TEST(Account, ABenchmarkOfFixedTimeSaysWhyItHasNoShares) {
  const varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    sample(made, kernel("sgemm"), 0.9 * wobble(generator, 0.01));
    set_cpu(made, 1.0 * wobble(generator, 0.001));
    made.metrics[0].value = (made.variant == "B" ? 150 : 100) * wobble(generator, 0.01);
  });
  const Comparison comparison = compared_account(run);
  EXPECT_EQ(comparison.primary.speed, Speed::faster);
  EXPECT_NE(comparison.kernels.shares_withheld.find("a program that runs for a fixed time"), std::string::npos)
      << comparison.kernels.shares_withheld;
}

TEST(Account, DisagreementOfMetricAndCpuTimeHasNoShares) {
  const varve::Run run = interleaved_run(10, [](Unit& made, Generator& generator) {
    const bool a = made.variant == "A";
    sample(made, kernel("sgemm"), (a ? 0.8 : 1.5) * wobble(generator, 0.01));
    set_cpu(made, profile_seconds(made.profile) + 0.01);
    made.metrics[0].value = (a ? 100 : 150) * wobble(generator, 0.01);  // more threads: sooner done, more CPU time
  });
  EXPECT_NE(compared_account(run).kernels.shares_withheld.find("disagree"), std::string::npos);
}

TEST(Account, FewPairsHaveNoShares) {
  EXPECT_NE(compared_account(interleaved_run(4, exchange_shape)).kernels.shares_withheld.find("too few"),
            std::string::npos);
}

TEST(Account, AChangeThatSamplesCannotResolveHasNoShares) {
  const varve::Run run = interleaved_run(10, [](Unit& made, Generator&) {
    sample(made, kernel("sgemm"), 0.1);
    // 20 microseconds of 0.1 s, by rusage without noise; a sample stands for 1 ms.
    set_cpu(made, made.variant == "A" ? 0.1 : 0.1 + 2e-5 + 1e-9 * made.index);
  });
  EXPECT_NE(compared_account(run).kernels.shares_withheld.find("counting samples"), std::string::npos);
}

TEST(Account, WithoutSamplesItSaysWhatIsMissing) {
  varve::Run run = interleaved_run(10, speed_shape(1, 0.01));
  for (Unit& each : run.units) each.profile.unseen = {"perf_event_open: permission denied"};
  const KernelAccount account = compared_account(run).kernels;
  EXPECT_FALSE(account.available);
  EXPECT_EQ(account.why, "perf_event_open: permission denied");
}

TEST(Account, TwoDocumentsListKernelsWithoutShares) {
  const varve::Run run = interleaved_run(10, exchange_shape);
  const auto comparison = compare_runs({&run, "A", "a.json"}, {&run, "B", "b.json"});
  ASSERT_TRUE(comparison);
  ASSERT_TRUE(comparison->kernels.available);
  EXPECT_EQ(comparison->kernels.rows.front().label, "sgemm_kernel: HASWELL → COOPERLAKE");
  EXPECT_NE(comparison->kernels.shares_withheld.find("one after the other"), std::string::npos);
}

// Among forty rows of pure noise, about none is called changed; one that really changed is.
TEST(Account, ManyRowsDoNotMakeDiscoveries) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const varve::Run run = interleaved_run(
        10,
        [](Unit& made, Generator& generator) {
          for (int i = 0; i < 40; ++i) sample(made, kernel("k" + std::to_string(i)), 0.05 * wobble(generator, 0.1));
          sample(made, kernel("real"), (made.variant == "A" ? 0.1 : 0.2) * wobble(generator, 0.1));
          set_cpu(made, profile_seconds(made.profile));
        },
        seed);
    for (const KernelChange& row : compared_account(run).kernels.rows) {
      if (row.label == "real") {
        EXPECT_EQ(row.state, KernelState::changed);
      } else {
        found += row.state == KernelState::changed;
      }
    }
  }
  EXPECT_LE(found, 8);  // 40 runs, one true discovery each: 5 % false ones are about two
}

TEST(Match, EveryKernelStandsInExactlyOneGroup) {
  SeenKernels a, b;
  const auto see = [](SeenKernels& side, const Kernel& made, std::uint64_t samples) {
    side[kernel_key(made)] = {made, samples, static_cast<double>(samples) * 0.001};
  };
  const Kernel shared = kernel("gelu", "", "", Family::elementwise);
  see(a, shared, 300);
  see(b, shared, 310);
  see(a, kernel("dot_HASWELL", "dot", "HASWELL"), 300);
  see(b, kernel("dot_ZEN", "dot", "ZEN"), 200);
  Kernel range = kernel("libopenblas.so.0 [0x10-0x20]", "", "", Family::other);
  see(a, range, 100);
  range.name = "libopenblas.so.0 [0x30-0x40]";
  see(b, range, 120);
  see(a, kernel("conv_old", "", "", Family::conv, "/lib/libdnnl.so"), 90);
  see(b, kernel("conv_new", "", "", Family::conv, "/lib/libdnnl.so"), 80);
  see(a, kernel("gone", "", "", Family::other), 70);
  see(b, kernel("new", "", "", Family::other), 70);
  see(a, kernel("stray", "", "", Family::other), 1);
  see(b, kernel("other_stray", "", "", Family::other), 2);

  std::map<std::string, KernelState> states;
  std::size_t kernels_a = 0, kernels_b = 0;
  for (const KernelGroup& group : match_kernels(a, b)) {
    states[group.label] = group.state;
    kernels_a += group.a.size();
    kernels_b += group.b.size();
  }
  EXPECT_EQ(kernels_a, a.size());
  EXPECT_EQ(kernels_b, b.size());
  const std::map<std::string, KernelState> expected{
      {"gelu", KernelState::same},
      {"dot: HASWELL → ZEN", KernelState::replaced},
      {"libopenblas.so.0 [no symbol]", KernelState::replaced},
      {"conv: conv_old → conv_new", KernelState::replaced},
      {"gone", KernelState::vanished},
      {"new", KernelState::appeared},
      {"(rare kernels)", KernelState::same},
  };
  EXPECT_EQ(states, expected);
}

TEST(Match, ARebuiltLibraryKeepsItsNamedKernelsButNotItsAddresses) {
  Kernel old_build = kernel("sgemm", "", "", Family::gemm, "/x/libopenblas-r0.3.21.so");
  Kernel new_build = kernel("sgemm", "", "", Family::gemm, "/y/libopenblas-r0.3.29.so");
  new_build.build_id = "b1a6";
  EXPECT_EQ(kernel_key(old_build), kernel_key(new_build));
  old_build.name = new_build.name = "lib.so [0x10-0x20]";
  EXPECT_NE(kernel_key(old_build), kernel_key(new_build));
}

}  // namespace varve
