#include "rules/explain_message.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tables/messages/finding_meanings.h"

namespace varve {
namespace {

const Knowledge& explained_knowledge() {
  static const Knowledge known = *load_knowledge();
  return known;
}

ExplanationAnswer explain(std::string_view text) {
  static const ErrorPatterns patterns = *load_error_patterns(explained_knowledge());
  return explain_text(text, patterns, explained_knowledge());
}

std::vector<std::string> ids_of(const ExplanationAnswer& answer) {
  std::vector<std::string> ids;
  for (const Explanation& explanation : answer.explanations) ids.push_back(explanation.id);
  return ids;
}

TEST(Explain, EveryRuleByItsIdInAnyCase) {
  for (const Rule* rule : all_rules()) {
    std::string lower(rule->id);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    const ExplanationAnswer answer = explain(lower);
    ASSERT_EQ(ids_of(answer), std::vector<std::string>{rule->id});
    EXPECT_EQ(answer.explanations[0].title, rule->statement);
    EXPECT_EQ(answer.explanations[0].fix, rule->fix);
  }
}

TEST(Explain, EveryOtherFindingByItsId) {
  for (const auto& [id, meaning] : finding_meanings()) {
    const ExplanationAnswer answer = explain(id);
    ASSERT_EQ(ids_of(answer), std::vector<std::string>{id});
    EXPECT_EQ(answer.explanations[0].kind, Explanation::Kind::finding);
    EXPECT_EQ(answer.explanations[0].title, meaning.says);
  }
  EXPECT_EQ(explain("VRV-RUN-STEEL").nearest.front(), "VRV-RUN-STEAL");
}

TEST(Explain, ErrorsByNumberNameAndMessage) {
  for (const char* text :
       {"803", "error 803", "CUDA error 803", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "cudaErrorSystemDriverMismatch",
        "cuda-803", "Error 803: system has unsupported display driver / cuda driver combination"}) {
    const ExplanationAnswer answer = explain(text);
    ASSERT_EQ(ids_of(answer), std::vector<std::string>{"cuda-803"}) << text;
    EXPECT_EQ(answer.explanations[0].category, FaultCategory::user_kernel_mismatch);
    EXPECT_EQ(answer.explanations[0].title.substr(0, 33), "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH");
    EXPECT_FALSE(answer.explanations[0].rules.empty());
  }
  EXPECT_EQ(ids_of(explain("Xid 79")), std::vector<std::string>{"xid-79"});
  EXPECT_EQ(ids_of(explain("CUBLAS_STATUS_ARCH_MISMATCH")), std::vector<std::string>{"cublas-arch"});
}

TEST(Explain, ANumberOfBothKindsIsExplainedAsBoth) {
  EXPECT_EQ(ids_of(explain("46")), std::vector<std::string>{"cuda-46"});
  EXPECT_EQ(ids_of(explain("79")), std::vector<std::string>{"xid-79"});
}

TEST(Explain, ALongTextGivesTheMostSpecificFirst) {
  const ExplanationAnswer answer = explain(
      "Traceback (most recent call last):\n  File \"x.py\", line 1\nRuntimeError: No CUDA GPUs are available\n"
      "UserWarning: The NVIDIA driver on your system is too old (found version 11040).\n");
  EXPECT_EQ(ids_of(answer), (std::vector<std::string>{"torch-old-driver", "torch-no-gpus"}));
  EXPECT_NE(answer.explanations[0].cause.find("11040"), std::string::npos);
}

TEST(Explain, WhatIsNotKnownGivesTheNearestIds) {
  const ExplanationAnswer typo = explain("CUDA_ERROR_NO_DEVICES");
  EXPECT_TRUE(typo.explanations.empty());
  ASSERT_FALSE(typo.nearest.empty());
  EXPECT_EQ(typo.nearest[0], "CUDA_ERROR_NO_DEVICE");
  EXPECT_TRUE(explain("zzzz qqqq").explanations.empty());
  EXPECT_TRUE(explain("").explanations.empty());
}

}  // namespace
}  // namespace varve
