#include <gtest/gtest.h>

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

}  // namespace
}  // namespace varve
