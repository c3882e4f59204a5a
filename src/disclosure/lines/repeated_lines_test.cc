#include "disclosure/lines/repeated_lines.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "disclosure/read_disclosure.h"

namespace varve {

namespace {
constexpr std::int64_t kFar = 6000;  // lines of a log, more than people write

// Shows lines that nobody takes, and says of which the readers were spared.
std::vector<bool> spared(const std::vector<std::string>& texts, std::int64_t first) {
  RepeatedLines repeated;
  std::vector<bool> known;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    known.push_back(repeated.knows({.text = texts[i], .number = first + static_cast<std::int64_t>(i)}));
    if (!known.back()) repeated.was_nobodys();
  }
  return known;
}

std::string training(std::int64_t lines) {
  std::string text;
  for (std::int64_t i = 0; i < lines; ++i) text += fmt::format("step {} loss 0.{:03}, lr: {}\n", i, i % 1000, i % 7);
  return text;
}
}  // namespace

TEST(RepeatedLines, AreThoseThatDifferInNumbersAlone) {
  std::vector<std::string> log(64, "epoch 1");
  log.insert(log.end(), {"step 9 loss 0.5", "step 10 loss 12.25", "step 11 lost 0.5", "step 12 loss 0.5"});
  const std::vector<bool> known = spared(log, kFar);
  EXPECT_EQ(std::vector<bool>(known.end() - 4, known.end()), (std::vector<bool>{false, true, false, true}));
}

TEST(RepeatedLines, AreNoneAtTheStartNorBehindALineThatWasTaken) {
  const std::vector<bool> known = spared(std::vector<std::string>(200, "step 1"), 1);
  EXPECT_EQ(std::count(known.begin(), known.end(), true), 0);
  RepeatedLines repeated;
  const TextLine line{.text = "step 1", .number = kFar};
  for (int i = 0; i < 100; ++i) {
    if (!repeated.knows(line)) repeated.was_nobodys();
  }
  EXPECT_TRUE(repeated.knows(line));
  repeated.was_taken();
  EXPECT_FALSE(repeated.knows(line));
}

TEST(RepeatedLines, AReportInALongLogIsReadAsOneAlone) {
  const std::string report =
      "PyTorch version: 2.4.0+cu121\nGPU models and configuration: GPU 0: NVIDIA A100-SXM4-80GB\n"
      "Nvidia driver version: 550.54.15\n[pip3] torch==2.4.0+cu121\n";
  const Disclosure alone = read_disclosure_text(report);
  const Disclosure amid = read_disclosure_text(training(kFar) + report + training(kFar));
  ASSERT_EQ(amid.declared.facts.size(), alone.declared.facts.size());
  for (const auto& [id, fact] : alone.declared.facts) {
    EXPECT_EQ(value_text(*amid.declared.facts.at(id).value), value_text(*fact.value)) << id;
  }
  EXPECT_EQ(amid.declared.gpus.size(), 1u);
  EXPECT_EQ(amid.declared.packages.size(), alone.declared.packages.size());
}

}  // namespace varve
