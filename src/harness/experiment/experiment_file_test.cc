#include "harness/experiment/experiment_file.h"

#include <gtest/gtest.h>

#include "harness/experiment/scan.h"
#include "harness/experiment/warmup_text.h"

namespace varve {
namespace {

const std::map<std::string, std::string> kEnvironment = {{"PATH", "/bin"}, {"HOME", "/home/me"}};

Result<RunPlan> read(const std::string& text) {
  return read_experiment(text, "bench.toml", "/home/me/bench", kEnvironment);
}

RunPlan plan_from(const std::string& text) {
  const Result<RunPlan> plan = read(text);
  EXPECT_TRUE(plan) << to_text(plan.error());
  return plan ? *plan : RunPlan{};
}

std::string problem_of(const std::string& text) {
  const Result<RunPlan> plan = read(text);
  return plan ? "" : to_text(plan.error());
}

TEST(Experiment, TheTemplateIsOne) {
  const Result<RunPlan> plan = read_experiment(experiment_template(), "bench.toml", "/home/me/bench", kEnvironment);
  ASSERT_TRUE(plan) << to_text(plan.error());
  ASSERT_EQ(plan->variants.size(), 2u);
  EXPECT_EQ(plan->variants[1].environment.at("OMP_NUM_THREADS"), "2");
  EXPECT_EQ(plan->units, 10);
  EXPECT_EQ(plan->warmup, 2);
  EXPECT_EQ(plan->variants[0].command.front(), "sh") << "it runs as it is, everywhere";
}

TEST(Experiment, EveryKeyIsRead) {
  const RunPlan plan = plan_from(R"(
name = "decode"
metric = "tokens/s"
margin = 2
[workload]
command = ["python3", "bench.py"]
runner = ["srun", "-n1"]
inputs = ["model.bin", "/data/x"]
environment = { OMP_NUM_THREADS = 4, FAST = true }
[protocol]
units = 20
warmup = "30s"
keep_going = 3
prepare = "sync"
stop_width = 0.5
kernels = "none"
[server]
command = ["./server"]
start = "block"
ready = { port = 8000, timeout = 5 }
[[variant]]
[[variant]]
label = "new"
environment = { OMP_NUM_THREADS = "8" }
arguments = ["--batch", 8]
library_path = ["lib", "/opt/lib"]
directory = "sub/../other"
[variant.server]
command = ["./server", "--new"]
ready = { line = "up" }
)");
  ASSERT_EQ(plan.variants.size(), 2u);
  EXPECT_EQ(plan.margin, 0.02);
  EXPECT_EQ(plan.metric, "tokens/s");
  EXPECT_EQ(plan.inputs, (std::vector<std::string>{"/home/me/bench/model.bin", "/data/x"}));
  EXPECT_EQ(plan.rules.warmup_seconds, 30);
  EXPECT_EQ(plan.rules.stop_width, 0.005);
  EXPECT_EQ(plan.rules.keep_going, 3);
  EXPECT_EQ(plan.kernels, KernelsWay::none);
  const VariantPlan& a = plan.variants[0];
  EXPECT_EQ(a.command, (std::vector<std::string>{"srun", "-n1", "python3", "bench.py"}));
  EXPECT_EQ(a.directory, "/home/me/bench");
  EXPECT_EQ(a.environment.at("FAST"), "true");
  ASSERT_TRUE(a.server);
  EXPECT_TRUE(a.server->each_block);
  EXPECT_EQ(a.server->ready.port, 8000);
  const VariantPlan& b = plan.variants[1];
  EXPECT_EQ(b.command, (std::vector<std::string>{"srun", "-n1", "python3", "bench.py", "--batch", "8"}));
  EXPECT_EQ(b.environment.at("OMP_NUM_THREADS"), "8");
  EXPECT_EQ(b.environment.at("LD_LIBRARY_PATH"), "/home/me/bench/lib:/opt/lib");
  EXPECT_EQ(b.directory, "/home/me/bench/other");
  EXPECT_FALSE(b.server->each_block);
  EXPECT_EQ(b.server->ready.line, "up");
}

TEST(Experiment, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(
      problem_of("[workload]\ncomand = [\"x\"]\n"),
      "reading the experiment file: bench.toml, line 2: \"comand\" is not known in workload. Did you mean command?");
  EXPECT_NE(problem_of("[workload]\ncommand = \"x\"\n").find("line 2: workload.command is no list"), std::string::npos);
  EXPECT_NE(problem_of("[workload]\ncommand = [\"x\"]\n[protocol]\nunits = 0\n").find("line 4: protocol.units is 0"),
            std::string::npos);
  EXPECT_NE(problem_of("[workload]\ncommand = [\"x\"]\n[protocol]\nwarmup = \"soon\"\n").find("line 4"),
            std::string::npos);
  EXPECT_NE(problem_of("name = \"x\"\n").find("there is no [workload]"), std::string::npos);
  EXPECT_EQ(problem_of("[wrkload]\ncommand = [\"x\"]\n"),
            "reading the experiment file: bench.toml, line 1: \"wrkload\" is not known. Did you mean workload?");
  EXPECT_NE(problem_of("[workload\n").find("line 1"), std::string::npos);
  EXPECT_NE(problem_of("[workload]\ncommand = [\"x\"]\n[server]\ncommand = [\"s\"]\n").find("nothing says when"),
            std::string::npos);
  EXPECT_NE(problem_of("[workload]\ncommand = [\"x\"]\n[scan]\nn = [1, 2]\n").find("{n} stands in no command"),
            std::string::npos);
  EXPECT_NE(problem_of("[workload]\ncommand = [\"x\"]\n[[variant]]\nvenv = \"none\"\n").find("no bin/python"),
            std::string::npos);
}

TEST(Experiment, EveryVariantIsScanned) {
  const RunPlan plan = plan_from(
      "[workload]\ncommand = [\"x\", \"{n}\"]\n[[variant]]\n[[variant]]\nlabel = \"b\"\n[scan]\nn = [1, 2]\n");
  ASSERT_EQ(plan.variants.size(), 4u);
  EXPECT_EQ(plan.variants[1].command[1], "2");
  EXPECT_EQ(plan.variants[3].label, "b, n=2");
}

TEST(Scan, RangesAndLists) {
  Scans scans;
  EXPECT_TRUE(add_scan("n=1..3,8", scans));
  EXPECT_TRUE(add_scan("m=1..20*3", scans));
  EXPECT_EQ(scans.at("n"), (std::vector<std::string>{"1", "2", "3", "8"}));
  EXPECT_EQ(scans.at("m"), (std::vector<std::string>{"1", "3", "9"}));
  EXPECT_FALSE(add_scan("n", scans));
  EXPECT_FALSE(add_scan("=1", scans));
  EXPECT_FALSE(add_scan("n=", scans));
  EXPECT_FALSE(add_scan("n=1,,2", scans));
}

TEST(Scan, AVariantThatDoesNotNameItStaysOne) {
  const std::vector<VariantPlan> variants = {{{"x"}, {}}, {{"x"}, {{"N", "{n}"}}}};
  const auto expanded = expand_scans(variants, {{"n", {"1", "2"}}});
  ASSERT_TRUE(expanded);
  EXPECT_EQ(expanded->size(), 3u);
  EXPECT_EQ((*expanded)[2].environment.at("N"), "2");
  std::vector<std::string> many(40, "1");
  EXPECT_FALSE(expand_scans(variants, {{"n", many}}));
}

TEST(Experiment, TheSeedOfADocumentCanBeGivenAgain) {
  const Result<RunPlan> plan =
      read_experiment("[workload]\ncommand = [\"x\"]\n[protocol]\nseed = 4294967295\n", "b.toml", "/b", kEnvironment);
  ASSERT_TRUE(plan) << to_text(plan.error());
  EXPECT_EQ(plan->seed, 4294967295u);
  EXPECT_FALSE(read_experiment("[workload]\ncommand = [\"x\"]\n[protocol]\nseed = -1\n", "b.toml", "/b", kEnvironment));
}

TEST(Scan, SaysWhichValueStandsWhereAndInWhat) {
  const VariantPlan plain{.command = {"x", "{n}"}, .environment = {}};
  const VariantPlan set{.command = {"x", "{n}"}, .environment = {{"A", "1"}}};
  const auto expanded = expand_scans({plain, set}, {{"n", {"1", "2"}}});
  ASSERT_TRUE(expanded);
  ASSERT_EQ(expanded->size(), 4u);
  EXPECT_EQ((*expanded)[1].scanned.origin, 0);
  EXPECT_EQ((*expanded)[1].scanned.values.at("n"), "2");
  EXPECT_EQ((*expanded)[2].scanned.origin, 1);
  const auto none = expand_scans({plain}, {{"n", {}}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().found, "there is no value");
}

TEST(Warmup, IsACountATimeOrFound) {
  RunPlan plan;
  EXPECT_TRUE(set_warmup("3", plan));
  EXPECT_EQ(plan.warmup, 3);
  EXPECT_TRUE(set_warmup("2m", plan));
  EXPECT_EQ(plan.rules.warmup_seconds, 120);
  EXPECT_TRUE(set_warmup("found", plan));
  EXPECT_EQ(plan.rules.warmup, WarmupRule::found);
  for (const char* wrong : {"", "-1", "0s", "s", "soon", "1001", "3h"}) EXPECT_FALSE(set_warmup(wrong, plan)) << wrong;
}

}  // namespace
}  // namespace varve
