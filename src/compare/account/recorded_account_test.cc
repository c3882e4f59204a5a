// What recorders saw as accounts beside those of the timing units.
#include "compare/account/recorded_account.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compare/compare_runs.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
constexpr ProfileKind kOperators{WitnessKind::kineto, Quantity::call_time};
constexpr ProfileKind kOnDevice{WitnessKind::kineto, Quantity::device_time};

Unit& evidence_unit(Run& run, const std::string& side) {
  Unit made = unit(side, static_cast<int>(run.units.size()), -1);
  made.role = UnitRole::evidence;
  run.units.push_back(std::move(made));
  return run.units.back();
}

void record(Run& run, Unit& made, ProfileKind kind, const std::string& name, const std::string& served,
            double seconds) {
  Profile& profile = made.profiles.by_kind[kind];
  profile.whole_ns = nanoseconds(1);
  ProfileRow row{.key = {.activity = served.empty() ? Activity::operation : Activity::kernel,
                         .kernel = run.kernels.intern(kernel(name))}};
  if (!served.empty()) row.key.operation = run.kernels.intern(kernel(served));
  row.time.add(nanoseconds(seconds));
  add_rows(profile, {row});
}

Run recorded_run() {
  varve::Run run = interleaved_run(6, speed_shape(0.5, 0.002));
  Unit& a = evidence_unit(run, "A");
  record(run, a, kOperators, "aten::mm [[2,3],[3,4]]", "", 0.3);
  record(run, a, kOperators, "aten::mm [[5,6],[6,7]]", "", 0.1);
  record(run, a, kOperators, "aten::softmax", "", 0.2);
  Unit& b = evidence_unit(run, "B");
  record(run, b, kOperators, "aten::mm [[2,3],[3,4]]", "", 0.15);
  record(run, b, kOperators, "aten::mm [[5,6],[6,7]]", "", 0.1);
  record(run, b, kOperators, "aten::flash", "", 0.05);
  return run;
}

std::vector<KernelAccount> accounts_of(const Run& run) {
  const Result<Comparison> comparison = compare_variants(run, {});
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  std::vector<KernelAccount> recorded;
  for (const KernelAccount& account : comparison->accounts) {
    if (account.recorded) recorded.push_back(account);
  }
  return recorded;
}
}  // namespace

TEST(RecordedAccount, ClosesOnBothSidesAndSharesNothingOut) {
  const std::vector<KernelAccount> accounts = accounts_of(recorded_run());
  ASSERT_EQ(accounts.size(), 1U);
  const KernelAccount& account = accounts[0];
  double a = 0, b = 0, change = 0;
  for (const KernelChange& row : account.rows) {
    a += row.a_seconds, b += row.b_seconds, change += row.change.value;
    EXPECT_FALSE(std::isfinite(row.change.interval.low)) << row.label;
    EXPECT_FALSE(row.share) << row.label;
    EXPECT_NE(row.state, KernelState::changed) << row.label;
  }
  EXPECT_NEAR(a, account.a_seconds, 1e-12);
  EXPECT_NEAR(b, account.b_seconds, 1e-12);
  EXPECT_NEAR(change, account.total.value, 1e-12);
  EXPECT_FALSE(account.shares_withheld.empty());
}

TEST(RecordedAccount, ShapesOfAnOperationAreOneRowAndOneSideAloneIsSaid) {
  const KernelAccount account = accounts_of(recorded_run())[0];
  ASSERT_EQ(account.rows.size(), 4U);
  EXPECT_EQ(account.rows[0].label, "aten::softmax");
  EXPECT_EQ(account.rows[0].state, KernelState::vanished);
  EXPECT_EQ(account.rows[1].label, "aten::mm");
  EXPECT_NEAR(account.rows[1].change.value, -0.15, 1e-12);
  EXPECT_EQ(account.rows[2].state, KernelState::appeared);
  EXPECT_EQ(account.rows[3].state, KernelState::remainder);
}

TEST(RecordedAccount, QuantitiesStandSideBySideAndKernelsBelowTheirOperation) {
  varve::Run run = recorded_run();
  for (Unit& each : run.units) {
    if (each.role != UnitRole::evidence) continue;
    record(run, each, kOnDevice, each.variant == "A" ? "sgemm_old" : "sgemm_new", "aten::mm [[2,3],[3,4]]", 0.2);
  }
  const std::vector<KernelAccount> accounts = accounts_of(run);
  ASSERT_EQ(accounts.size(), 2U);
  const KernelAccount& device = accounts[accounts[0].kind == kOnDevice ? 0 : 1];
  EXPECT_TRUE(device.by_operation);
  EXPECT_EQ(device.rows[0].label, "aten::mm");
  EXPECT_EQ(device.rows[0].parts.size(), 2U);
  EXPECT_NEAR(device.rows[0].change.value, 0, 1e-12);
}

TEST(RecordedAccount, AMultipleOfTheWorkIsScaledToOne) {
  varve::Run run = recorded_run();
  Unit& b = run.units.back();
  record(run, b, kOperators, "aten::mm [[2,3],[3,4]]", "", 0.15);
  record(run, b, kOperators, "aten::mm [[5,6],[6,7]]", "", 0.1);
  const KernelAccount account = accounts_of(run)[0];
  EXPECT_TRUE(account.available) << account.why;
  EXPECT_NEAR(account.b_seconds, 0.5, 1e-12);
  EXPECT_NEAR(account.rows[1].b_seconds, 0.25, 1e-12);
  EXPECT_NE(account.of.find("2 times the work"), std::string::npos) << account.of;
}

TEST(RecordedAccount, WindowsOfDifferentWorkAreNotComparedAndItIsSaidWhy) {
  varve::Run run = recorded_run();
  record(run, run.units.back(), kOperators, "aten::softmax", "", 0.1);
  record(run, run.units.back(), kOperators, "aten::mm [[5,6],[6,7]]", "", 0.1);
  const KernelAccount account = accounts_of(run)[0];
  EXPECT_FALSE(account.available);
  EXPECT_NE(account.why.find("aten::mm ran 2 in A and 3 in B"), std::string::npos) << account.why;
  EXPECT_TRUE(account.rows.empty());
}

TEST(RecordedAccount, OneRecordedSideIsNone) {
  varve::Run run = recorded_run();
  run.units.pop_back();
  EXPECT_TRUE(accounts_of(run).empty());
}

}  // namespace varve
