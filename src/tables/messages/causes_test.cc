#include "tables/messages/causes.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

const Condition& read(const std::variant<Condition, std::string>& from) {
  static const Condition none;
  const auto* condition = std::get_if<Condition>(&from);
  EXPECT_NE(condition, nullptr) << (condition == nullptr ? std::get<std::string>(from) : "");
  return condition == nullptr ? none : *condition;
}

TEST(Conditions, AreTermsJoinedByAnd) {
  const auto from = condition_from("machine has wsl and not fact os.kernel.release >= 5.10.43.3 and every gpu < {1}");
  const Condition& condition = read(from);
  ASSERT_EQ(condition.terms.size(), 3U);
  EXPECT_EQ(condition.terms[0].trait, MachineTrait::wsl);
  EXPECT_TRUE(condition.terms[1].negated);
  EXPECT_EQ(condition.terms[1].name, "os.kernel.release");
  EXPECT_EQ(condition.terms[1].relation, ">=");
  EXPECT_EQ(condition.terms[2].kind, ConditionTerm::Kind::every_gpu);
  EXPECT_EQ(condition.terms[2].value, "{1}");
}

TEST(Conditions, TakeTheWordsOfDocuments) {
  const auto answer = condition_from("answer GPU_code is cannot_tell");
  EXPECT_EQ(read(answer).terms[0].question, Question::gpu_code);
  EXPECT_EQ(read(answer).terms[0].state, CheckState::cannot_tell);
  EXPECT_EQ(read(condition_from("some regime is minor-version")).terms[0].regime, Regime::minor_version);
  EXPECT_EQ(read(condition_from("fact driver.user_mode.version is absent")).terms[0].relation, "is absent");
  EXPECT_EQ(read(condition_from("build torch < 12.9")).terms[0].kind, ConditionTerm::Kind::build);
}

TEST(Conditions, SayWhatIsWrongWithThem) {
  for (const char* text :
       {"", "and", "machine has wsl and", "machine has wings", "fact no.such.fact is known",
        "fact os.kernel.release is new", "fact os.kernel.release ~ 5", "fact os.kernel.release < new",
        "some gpu is new", "answer weather is ok", "answer driver is fine", "every regime is new", "found",
        "found VRV-A VRV-B", "toolkit likes 9.0", "build torch", "package torch is new", "perhaps"}) {
    const auto from = condition_from(text);
    ASSERT_TRUE(std::holds_alternative<std::string>(from)) << text;
    EXPECT_FALSE(std::get<std::string>(from).empty()) << text;
  }
}

}  // namespace
}  // namespace varve
