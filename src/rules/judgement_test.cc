#include "rules/judgement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/fact_catalog.h"
#include "rules/analysis/made_stack_testing.h"
#include "rules/check_stack.h"

namespace varve {
namespace {

std::vector<Found> finds(const Analysis&) { return {{.evidence = "seen", .about = {{About::gpu, "L40S"}}}}; }
std::vector<Found> is_silent(const Analysis&) { return {}; }

Rule rule(const char* id, std::vector<Found> (*judge)(const Analysis&), std::vector<const char*> yields_to = {},
          std::vector<const char*> needs = {}) {
  return {.id = id,
          .layer = Layer::os,
          .severity = Severity::warning,
          .mender = Mender::platform,
          .category = FaultCategory::container,
          .needs = std::move(needs),
          .yields_to = std::move(yields_to),
          .statement = "it holds",
          .consequence = "c",
          .fix = "f",
          .source = "s",
          .judge = judge};
}

std::set<std::string> finding_ids(const std::vector<Finding>& findings) {
  std::set<std::string> ids;
  for (const Finding& finding : findings) ids.insert(finding.id);
  return ids;
}

using Ids = std::set<std::string>;

TEST(Rules, HaveIdsOfTheirOwnAndAskForFactsOfTheSchema) {
  Ids seen;
  for (const Rule* row : all_rules()) {
    EXPECT_TRUE(seen.insert(row->id).second) << row->id << " stands twice";
    for (const char* fact : row->needs) EXPECT_NE(find_fact_definition(fact), nullptr) << row->id << ": " << fact;
  }
}

TEST(Rules, YieldToRulesThatAreThereAndInOneDirection) {
  for (const Rule* row : all_rules()) {
    for (const char* other : row->yields_to) {
      const Rule* first = find_rule(other);
      ASSERT_NE(first, nullptr) << row->id << " yields to " << other;
      for (const char* back : first->yields_to) EXPECT_STRNE(back, row->id) << "they yield to each other";
    }
  }
}

TEST(JudgeRules, ARuleIsSilentWhereOneThatItYieldsToFindsSomething) {
  const test::MadeStack stack;
  const Rule first = rule("VRV-FIRST", finds), quiet = rule("VRV-QUIET", is_silent);
  const Rule to_first = rule("VRV-TO-FIRST", finds, {"VRV-QUIET", "VRV-FIRST"});
  const Rule to_quiet = rule("VRV-TO-QUIET", finds, {"VRV-QUIET"});
  const Judgement judgement = judge_rules(stack.analysis(), {&to_first, &to_quiet, &first, &quiet});
  EXPECT_EQ(finding_ids(judgement.findings), (Ids{"VRV-FIRST", "VRV-TO-QUIET"}));
}

TEST(JudgeRules, WhatCannotBeToldSilencesNothing) {
  test::MadeStack stack;
  stack.missing("driver.api_level", Missing::denied);
  const Rule first = rule("VRV-FIRST", finds, {}, {"driver.api_level"}),
             other = rule("VRV-OTHER", finds, {"VRV-FIRST"});
  const Judgement judgement = judge_rules(stack.analysis(), {&first, &other});
  EXPECT_EQ(finding_ids(judgement.findings), Ids{"VRV-OTHER"});
  ASSERT_EQ(judgement.untold.size(), 1u);
  EXPECT_EQ(judgement.untold[0].fact, "driver.api_level");
}

TEST(JudgeRules, AFindingSaysWhatItIsAbout) {
  const test::MadeStack stack;
  const Rule one = rule("VRV-ONE", finds);
  const Judgement judgement = judge_rules(stack.analysis(), {&one});
  ASSERT_EQ(judgement.findings.size(), 1u);
  ASSERT_EQ(judgement.findings[0].about.size(), 1u);
  EXPECT_EQ(judgement.findings[0].about[0].name, "L40S");
}

// The verdict and the finding are read from one answer: whatever the driver, they name the same clause.
TEST(CheckAnalysis, VerdictAndFindingAreOneAnswer) {
  for (const auto& [driver, level] : {std::pair("470.256.02", "11.4"), std::pair("550.163.01", "12.4")}) {
    test::MadeStack stack;
    stack.driver(driver, level).gpu("NVIDIA A100-PCIE-40GB", "8.0");
    test::add_framework(stack, "13.2", test::coverage_of({{{"sm_80"}, 100}}));
    const Analysis analysis = stack.analysis();
    const Check check = check_analysis(analysis);
    ASSERT_EQ(check.consumers.size(), 1u);
    EXPECT_EQ(check.consumers[0].answers[0].detail, analysis.consumers[0].driver.answer.detail);
    const auto found = std::find_if(check.findings.begin(), check.findings.end(),
                                    [](const Finding& one) { return one.id == "VRV-RUNTIME-DRIVER-TOO-OLD"; });
    ASSERT_NE(found, check.findings.end()) << driver;
    EXPECT_NE(found->evidence.find(analysis.consumers[0].driver.answer.detail), std::string::npos) << found->evidence;
  }
}

}  // namespace
}  // namespace varve
