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

const ChainLink& link(const std::vector<ChainLink>& chain, Layer layer) {
  static const ChainLink none{Layer::os, CheckState::not_applicable, "no such link"};
  for (const ChainLink& one : chain) {
    if (one.layer == layer) return one;
  }
  return none;
}

struct ChainTest : testing::Test {
  Stack stack;
  Knowledge knowledge;
  std::vector<ChainLink> chain(const std::vector<ConsumerVerdict>& consumers, const std::vector<Finding>& findings) {
    return judge_chain(analyse(stack, stack, knowledge), consumers, findings);
  }
};

TEST_F(ChainTest, ShowsOnlyTheLinksThatApplyInOrder) {
  const auto links = chain({}, {finding(Layer::settings, Severity::error, FaultCategory::device_handshake),
                                finding(Layer::hardware, Severity::error, FaultCategory::device_handshake),
                                finding(Layer::os, Severity::warning, FaultCategory::library_mix)});
  std::vector<Layer> layers;
  for (const ChainLink& link : links) layers.push_back(link.layer);
  EXPECT_EQ(layers, (std::vector<Layer>{Layer::hardware, Layer::os, Layer::kernel_driver, Layer::host_toolkit,
                                        Layer::bundled_runtime, Layer::settings, Layer::handshake}));
  EXPECT_EQ(links[0].state, CheckState::broken);
  EXPECT_EQ(links[1].state, CheckState::degraded);
}

TEST_F(ChainTest, EveryErrorBreaksALink) {
  for (const Layer layer : {Layer::hardware, Layer::os, Layer::kernel_driver, Layer::user_driver, Layer::host_toolkit,
                            Layer::framework, Layer::bundled_runtime, Layer::kernel_library, Layer::settings,
                            Layer::container, Layer::handshake, Layer::kernels}) {
    const auto category = layer == Layer::framework ? FaultCategory::kernel_coverage : FaultCategory::silent_slowdown;
    int broken = 0;
    for (const ChainLink& link : chain({}, {finding(layer, Severity::error, category)})) {
      broken += link.state == CheckState::broken ? 1 : 0;
    }
    EXPECT_EQ(broken, 1) << static_cast<int>(layer);
  }
}

TEST_F(ChainTest, AMissingToolkitThatNothingNeedsIsNoBrokenLink) {
  stack.facts["toolkit.active"] = missing_fact(Missing::absent, "/usr/local/cuda", "none");
  EXPECT_EQ(link(chain({}, {}), Layer::host_toolkit).state, CheckState::not_applicable);
}

TEST_F(ChainTest, NamesTheFactThatKeepsALinkFromBeingTold) {
  stack.facts["driver.kernel_mode.version"] = missing_fact(Missing::denied, "/proc/driver/nvidia/version", "no access");
  const ChainLink driver = link(chain({}, {}), Layer::kernel_driver);
  EXPECT_EQ(driver.state, CheckState::cannot_tell);
  EXPECT_EQ(driver.detail.find("driver.kernel_mode.version is denied"), 0u);
}

TEST_F(ChainTest, IsBrokenByAnErrorAndDegradedByAWarning) {
  const auto error = chain({}, {finding(Layer::container, Severity::error, FaultCategory::container)});
  EXPECT_EQ(link(error, Layer::container).state, CheckState::broken);
  EXPECT_NE(link(error, Layer::kernel_driver).state, CheckState::broken);
  const auto warning = chain({}, {finding(Layer::framework, Severity::warning, FaultCategory::framework_bundle)});
  EXPECT_EQ(link(warning, Layer::bundled_runtime).state, CheckState::degraded);
  const auto slow = chain({}, {finding(Layer::bundled_runtime, Severity::warning, FaultCategory::silent_slowdown)});
  EXPECT_EQ(link(slow, Layer::bundled_runtime).state, CheckState::not_applicable);
}

TEST_F(ChainTest, TakesTheWorstConsumerByTheQuestionsOfTheLink) {
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
  bad.answers = {{Question::driver, CheckState::ok, "fine"},
                 {Question::gpu_code, CheckState::cannot_tell, "not read"},
                 {Question::symbols, CheckState::broken, "one is missing"}};
  const auto links = chain({good, bad}, {});
  EXPECT_EQ(link(links, Layer::bundled_runtime).state, CheckState::ok);
  EXPECT_EQ(link(links, Layer::bundled_runtime).detail, "good 1 and 1 more");
  EXPECT_EQ(link(links, Layer::kernel_library).state, CheckState::broken);
  EXPECT_EQ(link(links, Layer::kernel_library).detail, "bad 2: symbols");
}

TEST_F(ChainTest, NamesTheStepThatFailed) {
  stack.facts["handshake.result"] = known_fact("failed", "handshake");
  stack.handshake = {{.step = "open libcuda", .subject = {}, .state = StepState::passed, .code = {}, .detail = {}},
                     {.step = "cuInit", .subject = {}, .state = StepState::failed, .code = 999, .detail = "unknown"}};
  const ChainLink handshake = link(chain({}, {}), Layer::handshake);
  EXPECT_EQ(handshake.state, CheckState::broken);
  EXPECT_EQ(handshake.detail, "cuInit: unknown (code 999)");
}

TEST_F(ChainTest, AnErrorThatNothingDecidesLeavesItsLinksOpen) {
  ExplainedError error{.line = 7, .standing = CauseStanding::undecided};
  error.candidates = {
      {.layer = Layer::container, .category = FaultCategory::container},
      {.layer = Layer::user_driver, .category = FaultCategory::driver_ceiling},
      {.layer = Layer::settings, .category = FaultCategory::device_handshake, .state = CandidateState::excluded}};
  const auto links = judge_chain(analyse(stack, stack, knowledge), {}, {}, {error});
  EXPECT_EQ(link(links, Layer::container).state, CheckState::cannot_tell);
  EXPECT_EQ(link(links, Layer::user_driver).detail, "line 7 of the log may come from here");
  for (const ChainLink& one : links) EXPECT_NE(one.layer, Layer::settings);
}

TEST(CheckStatus, FollowsTheContract) {
  Check check;
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.chain = {{Layer::handshake, CheckState::cannot_tell, ""}};
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.chain = {{Layer::kernel_driver, CheckState::cannot_tell, ""}};
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
  check.chain.push_back({Layer::user_driver, CheckState::ok, ""});
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.drift = {{.change = {}, .matters = false}};
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.drift[0].matters = true;
  EXPECT_EQ(exit_status(check), ExitStatus::failed);
  check.drift.clear();
  check.chain.push_back({Layer::settings, CheckState::broken, ""});
  EXPECT_EQ(exit_status(check), ExitStatus::failed);
}

TEST(CheckStatus, ALogThatTellsNothingIsNeverSound) {
  Check check;
  check.log = LogSummary{.lines = 12, .bytes = 800};
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
  check.errors = {{.standing = CauseStanding::stated}};  // harmless: it has no causes
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
  check.errors[0].candidates = {{.category = FaultCategory::none, .leads = true}};  // the program's own
  EXPECT_EQ(exit_status(check), ExitStatus::ok);
  check.errors[0].standing = CauseStanding::refuted;
  EXPECT_EQ(exit_status(check), ExitStatus::inconclusive);
}

}  // namespace
}  // namespace varve
