#include "disclosure/stack_of_text.h"

#include <gtest/gtest.h>

namespace varve {

namespace {
struct ReadStack {
  Disclosure disclosure;
  Stack stack;
};
ReadStack read_stack(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  ReadStack read{read_disclosure_text(text), {}};
  read.stack = stack_of_text(read.disclosure, "issue.md", knowledge);
  return read;
}
}  // namespace

TEST(TextStack, WhatATextDoesNotSayWasNotAsked) {
  const ReadStack read = read_stack("step 1\nstep 2\n");
  EXPECT_FALSE(read.disclosure.names_machine());
  EXPECT_EQ(read.stack.subject, "text issue.md");
  for (const auto& [id, fact] : read.stack.facts) EXPECT_EQ(fact.missing, Missing::not_asked) << id;
}

TEST(TextStack, AnIssueWithSeveralReportsInFencesIsOneMachine) {
  const ReadStack read = read_stack(
      "### Environment\n```text\nGPU models and configuration: GPU 0: NVIDIA H100 80GB HBM3\nNvidia driver version: "
      "535.104.05\n```\n"
      "> ```\n> Cuda compilation tools, release 12.4, V12.4.131\n> ```\n```console\n$ pip list\nPackage "
      "Version\n------- -------\n"
      "torch   2.4.0+cu121\n```\nIt fails.\n");
  EXPECT_TRUE(read.disclosure.names_machine());
  EXPECT_EQ(value_text(*read.stack.facts.at("toolkit.nvcc.version").value), "12.4");
  EXPECT_EQ(read.stack.gpus.size(), 1u);
  ASSERT_EQ(read.stack.environments.size(), 1u);
  EXPECT_EQ(read.disclosure.declared.parts.size(), 3u);
}

TEST(TextStack, TwoPlacesThatSayDifferentThingsAreAConflict) {
  const ReadStack read = read_stack("Nvidia driver version: 535.104.05\n- NVIDIA driver: 550.54.15\n");
  EXPECT_EQ(value_text(*read.stack.facts.at("driver.kernel_mode.version").value), "535.104.05");
  ASSERT_EQ(read.disclosure.declared.conflicts.size(), 1u);
  EXPECT_EQ(read.disclosure.declared.conflicts[0].other_line, 2);
}

TEST(TextStack, ALongerVersionCompletesAShorterOne) {
  const ReadStack read =
      read_stack("CUDA runtime version: 12.4.131\nCuda compilation tools, release 12.4, V12.4.131\n");
  EXPECT_TRUE(read.disclosure.declared.conflicts.empty());
}

// collect_env prints the driver and not the API level, which its branch tells.
TEST(TextStack, TheBranchOfTheDriverTellsTheApiLevel) {
  const ReadStack read = read_stack("PyTorch version: 1.3.0\nNvidia driver version: 410.104\n");
  const Fact& level = read.stack.facts.at("driver.api_level");
  ASSERT_TRUE(level.is_known());
  EXPECT_EQ(value_text(*level.value), "10.0");
  EXPECT_EQ(level.standing, Standing::inferred);
  const ReadStack newer = read_stack("Nvidia driver version: 999.10.01\n");
  EXPECT_FALSE(newer.stack.facts.at("driver.api_level").is_known());
}

// The libcuda of a cuda-compat stands before the driver's own: a list of packages tells of which release it is.
TEST(TextStack, ThePackageTellsTheReleaseOfACompatLibcuda) {
  const std::string listed =
      "| NVIDIA-SMI 595.45.04              Driver Version: 595.45.04      CUDA Version: 13.2     |\n"
      "\tlibcuda.so.1 (libc6,x86-64) => /usr/local/cuda/compat/libcuda.so.1\n"
      "\tlibcuda.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libcuda.so.1\n";
  EXPECT_FALSE(read_stack(listed).stack.facts.at("driver.user_mode.version").is_known());
  const ReadStack read =
      read_stack(listed + "ii  cuda-compat-13-0    580.173.02-1ubuntu1    amd64    CUDA Compatibility Platform\n");
  const Fact& version = read.stack.facts.at("driver.user_mode.version");
  ASSERT_TRUE(version.is_known());
  EXPECT_EQ(value_text(*version.value), "580.173.02");
  EXPECT_EQ(version.standing, Standing::inferred);
}

// What nvcc says of itself is a toolkit, which builds would take.
TEST(TextStack, NvccIsAToolkitWhosePlaceIsNotStated) {
  const ReadStack read = read_stack("Cuda compilation tools, release 11.7, V11.7.99\n");
  ASSERT_EQ(read.stack.toolkits.size(), 1U);
  EXPECT_EQ(value_text(*read.stack.toolkits.front().version.value), "11.7");
  EXPECT_TRUE(read.stack.facts.at("toolkit.active").is_known());
  EXPECT_TRUE(read_stack("Nvidia driver version: 535.104.05\n").stack.toolkits.empty());
}

TEST(TextStack, CountsLinesOfAnyBytesAndKeepsItsCaps) {
  std::string noise(200'000, 'x');
  noise += "\n";
  for (int i = 0; i < 3000; ++i) noise += "[pip3] package" + std::to_string(i) + "==1.0\n";
  for (int i = 0; i < 1000; ++i)
    noise += "| NVIDIA-SMI 550.54.15   Driver Version: 550.54.15 |\n|   0  A  On | 00000000:01:00.0 Off | 0 |\n";
  const ReadStack read = read_stack(noise);
  EXPECT_EQ(read.disclosure.lines, 5001);
  EXPECT_LE(read.disclosure.declared.gpus.size(), 64u);
  EXPECT_LE(read.disclosure.declared.conflicts.size(), 64u);
}

TEST(TextStack, PiecesAreReadAsTheWhole) {
  const std::string text =
      "GPU 0: NVIDIA A100 (UUID: GPU-932bfb2c-849a-2a22-1e84-9eff6bc02b39)\r\nNvidia driver version: 535.104.05";
  DisclosureReader reader;
  for (const char& c : text) reader.add({&c, 1});
  const Disclosure pieces = reader.end();
  const Disclosure whole = read_disclosure_text(text);
  EXPECT_EQ(pieces.lines, whole.lines);
  EXPECT_EQ(pieces.declared.facts.size(), whole.declared.facts.size());
  EXPECT_EQ(pieces.declared.gpus.size(), 1u);
}

TEST(TextStack, WhatIsLeftOpenIsListedWithACommand) {
  const ReadStack read = read_stack("Nvidia driver version: 535.104.05\n");
  const TextAccount account = account_of_text(read.disclosure, read.stack);
  ASSERT_FALSE(account.unstated.empty());
  EXPECT_EQ(account.unstated.front().command, "nvidia-smi -L");
  for (const TextQuestion& question : account.unstated) EXPECT_NE(question.what, "which driver the kernel runs");
}

}  // namespace varve
