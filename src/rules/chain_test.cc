#include "rules/chain.h"

#include <gtest/gtest.h>

#include "rules/check_stack.h"

namespace varve {
namespace {

Finding finding(Layer layer, Severity severity, FaultCategory category) {
  return {.id = "VRV-TEST",
          .layer = layer,
          .severity = severity,
          .mender = Mender::platform,
          .evidence = "seen",
          .consequence = "",
          .fix = "",
          .source = "",
          .category = category};
}

struct ChainTest : testing::Test {
  Stack stack;
  Knowledge knowledge;
  std::vector<ChainLink> chain(const std::vector<ConsumerVerdict>& consumers, const std::vector<Finding>& findings) {
    return judge_chain(analyse(stack, stack, knowledge), consumers, findings);
  }
};

TEST_F(ChainTest, HasFourLinksInOrder) {
  const auto links = chain({}, {});
  ASSERT_EQ(links.size(), 4u);
  EXPECT_EQ(links[0].layer, Layer::kernel_driver);
  EXPECT_EQ(links[1].layer, Layer::host_toolkit);
  EXPECT_EQ(links[2].layer, Layer::bundled_runtime);
  EXPECT_EQ(links[3].layer, Layer::handshake);
}

TEST_F(ChainTest, AMissingToolkitThatNothingNeedsIsNoBrokenLink) {
  stack.facts["toolkit.active"] = missing_fact(Missing::absent, "/usr/local/cuda", "none");
  EXPECT_EQ(chain({}, {})[1].state, CheckState::not_applicable);
}

TEST_F(ChainTest, NamesTheFactThatKeepsALinkFromBeingTold) {
  stack.facts["driver.kernel_mode.version"] = missing_fact(Missing::denied, "/proc/driver/nvidia/version", "no access");
  const ChainLink link = chain({}, {})[0];
  EXPECT_EQ(link.state, CheckState::cannot_tell);
  EXPECT_EQ(link.detail.find("driver.kernel_mode.version is denied"), 0u);
}

TEST_F(ChainTest, IsBrokenByAnErrorAndDegradedByAWarning) {
  EXPECT_EQ(chain({}, {finding(Layer::container, Severity::error, FaultCategory::container)})[0].state,
            CheckState::broken);
  EXPECT_EQ(chain({}, {finding(Layer::framework, Severity::warning, FaultCategory::framework_bundle)})[2].state,
            CheckState::degraded);
  EXPECT_EQ(chain({}, {finding(Layer::kernel_library, Severity::warning, FaultCategory::silent_slowdown)})[2].state,
            CheckState::not_applicable);
}

TEST_F(ChainTest, TakesTheWorstConsumer) {
  ConsumerVerdict good{.kind = ConsumerKind::framework,
                       .name = "good 1",
                       .environment = {},
                       .state = CheckState::ok,
                       .regime = {},
                       .outcome = {},
                       .answers = {{Question::driver, CheckState::ok, "fine"}}};
  ConsumerVerdict bad = good;
  bad.name = "bad 2";
  bad.state = CheckState::broken;
  bad.answers = {{Question::driver, CheckState::ok, "fine"}, {Question::symbols, CheckState::broken, "one is missing"}};
  const ChainLink link = chain({good, bad}, {})[2];
  EXPECT_EQ(link.state, CheckState::broken);
  EXPECT_EQ(link.detail, "bad 2: symbols");
}

TEST_F(ChainTest, NamesTheStepThatFailed) {
  stack.facts["handshake.result"] = known_fact("failed", "handshake");
  stack.handshake = {{.step = "open libcuda", .subject = {}, .state = StepState::passed, .code = {}, .detail = {}},
                     {.step = "cuInit", .subject = {}, .state = StepState::failed, .code = 999, .detail = "unknown"}};
  const ChainLink link = chain({}, {})[3];
  EXPECT_EQ(link.state, CheckState::broken);
  EXPECT_EQ(link.detail, "cuInit: unknown (code 999)");
}

TEST(CheckStatus, FollowsTheContract) {
  Check check;
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.chain = {{Layer::handshake, CheckState::cannot_tell, ""}};
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.chain = {{Layer::kernel_driver, CheckState::cannot_tell, ""}};
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
  check.drift = {{.change = {}, .matters = false}};
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
  check.drift[0].matters = true;
  EXPECT_EQ(exit_status(check), ExitStatus::failed);
  check.drift.clear();
  check.findings = {finding(Layer::os, Severity::error, FaultCategory::none)};
  EXPECT_EQ(exit_status(check), ExitStatus::failed);
}

}  // namespace
}  // namespace varve
