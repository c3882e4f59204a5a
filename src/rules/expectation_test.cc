#include "rules/expectation.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Stack stack_with(const std::string& kernel, const std::string& torch) {
  Stack stack;
  stack.facts["driver.kernel_mode.version"] = known_fact(kernel, "/sys/module/nvidia/version");
  stack.environments.push_back({.kind = EnvironmentKind::venv,
                                .path = "/opt/venv",
                                .python = {},
                                .packages = {{.name = "torch",
                                              .version = torch,
                                              .role = PackageRole::framework,
                                              .installer = {},
                                              .cuda = {},
                                              .requirements = {}}},
                                .compilers = {},
                                .runtimes = {}});
  return stack;
}

TEST(Expectation, HoldsForAnUnchangedStack) {
  EXPECT_TRUE(drift_since(stack_with("550.54.15", "2.6.0"), stack_with("550.54.15", "2.6.0")).empty());
}

TEST(Expectation, NamesADriverThatMoved) {
  const auto drift = drift_since(stack_with("550.54.15", "2.6.0"), stack_with("570.86.16", "2.6.0"));
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_EQ(drift[0].change.id, "driver.kernel_mode.version");
  EXPECT_TRUE(drift[0].matters);
}

TEST(Expectation, NamesAPackageThatMoved) {
  const auto drift = drift_since(stack_with("550.54.15", "2.6.0"), stack_with("550.54.15", "2.7.0"));
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_EQ(drift[0].change.id, "package.torch in /opt/venv");
  EXPECT_EQ(value_text(*drift[0].change.after.value), "2.7.0");
}

TEST(Expectation, CountsAPackageThatWentAway) {
  Stack now = stack_with("550.54.15", "2.6.0");
  now.environments[0].packages.clear();
  const auto drift = drift_since(stack_with("550.54.15", "2.6.0"), now);
  ASSERT_EQ(drift.size(), 1u);
  EXPECT_FALSE(drift[0].change.after.is_known());
}

TEST(Expectation, LeavesOutWhatWasNotAskedFor) {
  Stack now = stack_with("550.54.15", "2.6.0");
  now.facts["driver.kernel_mode.version"] = missing_fact(Missing::not_asked, "somewhere", "not asked");
  EXPECT_TRUE(drift_since(stack_with("550.54.15", "2.6.0"), now).empty());
}

TEST(Expectation, CountsWhatCanNoLongerBeRead) {
  Stack now = stack_with("550.54.15", "2.6.0");
  now.facts["driver.kernel_mode.version"] = missing_fact(Missing::absent, "/sys/module/nvidia/version", "not loaded");
  EXPECT_EQ(drift_since(stack_with("550.54.15", "2.6.0"), now).size(), 1u);
}

}  // namespace
}  // namespace varve
