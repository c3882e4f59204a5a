#include <gtest/gtest.h>

#include "report/html/html.h"
#include "report/run_summary.h"
#include "report/text/text_report.h"

namespace varve {
namespace {

constexpr std::int64_t kMs = 1'000'000;

// A unit in which one kernel served two operators, and partly nobody.
Run run_with_operators() {
  Run run;
  run.variants.emplace_back().name = "A";
  Unit& unit = run.units.emplace_back();
  unit.variant = "A";
  unit.role = UnitRole::timing;
  Profile& profile = unit.profiles.by_kind[kCpuSamples];
  profile.whole_ns = 100 * kMs;
  const auto id = [&](const std::string& name) { return run.kernels.intern({.key = {name, "", ""}}); };
  const auto spend = [&](KernelId operation, std::int64_t ns, std::int64_t joined) {
    ProfileRow row{.key = {.kernel = id("sgemm_kernel"), .operation = operation}, .joined_ns = joined, .samples = 1};
    row.time.total_ns = ns;
    add_rows(profile, {row});
  };
  spend(id("aten::mm"), 50 * kMs, 20 * kMs);
  spend(id("aten::bmm"), 25 * kMs, 0);
  spend(kNoKernel, 25 * kMs, 0);
  return run;
}

TEST(Served, TextSaysForWhomAKernelRanAndHowThatIsKnown) {
  const std::string text = text_run(run_with_operators(), {.width = 200});
  for (const char* part : {"sgemm_kernel", "aten::mm", "aten::bmm", "55 % by the stack of the thread itself",
                           "20 % by another thread", "25 % by nobody that is known"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
}

TEST(Served, NothingIsSaidWhereNothingIsKnown) {
  varve::Run run = run_with_operators();
  Profile& profile = run.units[0].profiles.by_kind[kCpuSamples];
  for (ProfileRow& row : profile.rows) row.key.operation = kNoKernel;
  EXPECT_EQ(text_run(run, {.width = 200}).find("behalf"), std::string::npos);
}

// A remainder below zero is no time that was not sampled.
TEST(Remainder, OfSamplesBeyondWhatWasUsedIsCalledSo) {
  varve::Run run = run_with_operators();
  EXPECT_NE(text_run(run, {.width = 200}).find("(not sampled)"), std::string::npos);
  run.units[0].profiles.by_kind[kCpuSamples].whole_ns = 99 * kMs;
  const std::string text = text_run(run, {.width = 200});
  EXPECT_EQ(text.find("(not sampled)"), std::string::npos);
  EXPECT_NE(text.find("(sampled beyond what was used)"), std::string::npos) << text;
}

TEST(NoRows, AreNoEvidenceWithTheReasonAndNeverNoKernels) {
  varve::Run run = run_with_operators();
  Profile& profile = run.units[0].profiles.by_kind[kCpuSamples];
  profile.rows.clear();
  EXPECT_NE(text_run(run, {.width = 200}).find("no evidence: no sample fell into a unit"), std::string::npos);
  profile.before_ns = kMs;
  EXPECT_NE(text_run(run, {.width = 200}).find("no evidence: no sample fell into the window"), std::string::npos);
  run.units[0].profiles = {};
  run.units[0].profiles.add_absent(kCpuSamples, "CPU samples were turned off");
  EXPECT_NE(text_run(run, {.width = 200}).find("no evidence: CPU samples were turned off"), std::string::npos);
  EXPECT_NE(html_page(run).find("no evidence: CPU samples were turned off"), std::string::npos);
}

}  // namespace
}  // namespace varve
