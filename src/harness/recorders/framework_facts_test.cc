#include "harness/recorders/framework_facts.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Result<ToldFacts> told(const std::string& facts, const std::string& rest = R"("own_profiler": false)") {
  return parse_framework_facts(R"({"process": 7, "cpu_seconds": 1.5, "facts": )" + facts + ", " + rest + "}",
                               "facts_7.json", "/home/me");
}

TEST(FrameworkFacts, KeepWhatIsListedWithWhoWasAsked) {
  const Result<ToldFacts> read = told(
      R"({"torch.threads": 2, "torch.matmul.tf32": true, "torch.sdpa": ["flash", "math"], "torch.version": "2.15.0",
          "torch.password": "x", "os.environ": "y"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->process, 7);
  EXPECT_EQ(read->cpu_seconds, 1.5);
  ASSERT_EQ(read->facts.size(), 4u) << "what data/framework_facts.json does not list is not kept";
  EXPECT_EQ(value_text(*read->facts.at("torch.threads").value), "2");
  EXPECT_EQ(value_text(*read->facts.at("torch.matmul.tf32").value), "yes");
  EXPECT_EQ(value_text(*read->facts.at("torch.sdpa").value), "flash, math");
  EXPECT_EQ(read->facts.at("torch.threads").standing, Standing::recorded);
  EXPECT_EQ(read->facts.at("torch.threads").source, "torch.get_num_threads");
}

TEST(FrameworkFacts, NothingEndlessAndNothingNested) {
  const std::string endless(600, 'x');
  const Result<ToldFacts> read = told(R"({"torch.version": ")" + endless + R"(", "torch.dtype": {"a": 1},
      "torch.compile": ["a", 1], "torch.sdpa": [")" +
                                      endless + R"("]})");
  ASSERT_TRUE(read);
  for (const char* id : {"torch.version", "torch.dtype", "torch.compile", "torch.sdpa"}) {
    EXPECT_FALSE(read->facts.at(id).is_known()) << id;
    EXPECT_EQ(read->facts.at(id).missing, Missing::unreadable) << id;
  }
}

TEST(FrameworkFacts, SecretsAreLeftOut) {
  const Result<ToldFacts> read = told(
      R"({"jax.xla_flags": "--xla_dump_to=/home/me/dump", "torch.git": "ghp_16C7e42F292c6912E7710c838347Ae178B4a"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(value_text(*read->facts.at("jax.xla_flags").value), "--xla_dump_to=~/dump");
  EXPECT_FALSE(read->facts.at("torch.git").is_known());
}

TEST(FrameworkFacts, ABadFileSaysWhatIsWrong) {
  for (const char* bad :
       {"", "[]", "{}", R"({"process": "x", "cpu_seconds": 1, "facts": {}})", R"({"process": 1, "facts": {}})",
        R"({"process": 1, "cpu_seconds": 1, "facts": []})", R"({"process": 1, "cpu_seconds": 1, "facts": {})"}) {
    const Result<ToldFacts> read = parse_framework_facts(bad, "facts_1.json", "");
    ASSERT_FALSE(read) << bad;
    EXPECT_NE(to_text(read.error()).find("facts_1.json"), std::string::npos) << to_text(read.error());
  }
}

TEST(FrameworkFacts, OwnTracesAreAbsolutePaths) {
  const Result<ToldFacts> read =
      told("{}", R"("own_profiler": true, "own_traces": ["/tmp/a.json", "b.json", 7, "/tmp/\u0000c"])");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->own_profiler);
  EXPECT_EQ(read->own_traces, std::vector<std::string>{"/tmp/a.json"});
}

ToldFacts process(double seconds, const std::string& precision) {
  ToldFacts made;
  made.cpu_seconds = seconds;
  made.facts["torch.matmul.precision"] = known_fact(precision, "test");
  return made;
}

TEST(MainFacts, AreThoseOfTheProcessThatDidTheWork) {
  EXPECT_TRUE(main_facts({}).empty());
  const auto facts = main_facts({process(0.5, "highest"), process(20, "high"), process(19, "high")});
  EXPECT_EQ(value_text(*facts.at("torch.matmul.precision").value), "high");
  EXPECT_EQ(facts.at("torch.matmul.precision").detail, "") << "a launcher does not count";
  const auto mixed = main_facts({process(20, "high"), process(19, "medium")});
  EXPECT_EQ(mixed.at("torch.matmul.precision").detail, "1 of 2 processes say something else");
}

}  // namespace
}  // namespace varve
