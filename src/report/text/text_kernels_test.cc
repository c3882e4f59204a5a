#include "report/text/text_kernels.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "report/samples_test.h"

namespace varve {
namespace {

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string_view line : split(text, '\n')) longest = std::max(longest, display_width(line));
  return longest;
}

TEST(TextKernels, AnswersFirst) {
  const std::string text = text_kernels(samples::kernels(), {}, {});
  const std::vector<std::string_view> lines = split(text, '\n');
  ASSERT_GE(lines.size(), 3u);
  EXPECT_EQ(lines[0], "decode.json.gz: Kineto, rank 0 of 2, NVIDIA B300");
  EXPECT_TRUE(
      lines[1].starts_with("6 kernels ran for 1.00 ms of device time in windows of 2.00 ms together on 2 devices"));
}

TEST(TextKernels, FamiliesAddUpInAStaircaseOfBars) {
  const KernelsPage page = kernels_page(samples::kernels(), {});
  ASSERT_FALSE(page.blocks.empty());
  double sum = 0;
  for (const PartBar& bar : page.blocks[0].bars) sum += bar.share;
  EXPECT_EQ(page.blocks[0].title, "What the kernels were for");
  EXPECT_NEAR(sum, 1, 1e-12);
  double window = 0;
  for (const PartBar& bar : page.blocks[1].bars) window += bar.share;
  EXPECT_EQ(page.blocks[1].title, "Where the window went");
  EXPECT_NEAR(window, 1, 1e-12);
}

TEST(TextKernels, RowsOfATableAddUpWhateverIsShown) {
  for (const std::size_t most : {0u, 1u, 2u}) {
    const KernelsPage page = kernels_page(samples::kernels(), {.most = most});
    const auto block = std::find_if(page.blocks.begin(), page.blocks.end(),
                                    [](const PageBlock& one) { return one.title.starts_with("Kernels by"); });
    ASSERT_NE(block, page.blocks.end());
    double shares = 0;
    for (const PageRow& row : block->rows) {
      if (row.tone != Tone::bold) shares += *parse_number(split_words(row.cells[0])[0]);
    }
    EXPECT_NEAR(shares, 100, 0.3) << most;
    EXPECT_EQ(block->rows.back().cells[0], "100.0 %");
  }
}

TEST(TextKernels, ColumnsGiveWayAndNothingIsWiderThanTheTerminal) {
  for (const int width : {60, 80, 100, 140}) {
    const std::string text = text_kernels(samples::kernels(), {}, {.width = width});
    EXPECT_LE(longest_line(text), static_cast<std::size_t>(width)) << text;
    EXPECT_TRUE(says(text, "gemm_bf16"));
  }
  EXPECT_TRUE(says(text_kernels(samples::kernels(), {}, {.width = 180}), "p99"));
  EXPECT_FALSE(says(text_kernels(samples::kernels(), {}, {.width = 80}), "p99"));
}

TEST(TextKernels, SaysWhatMustBeKnown) {
  const std::string text = text_kernels(samples::kernels(), {}, {});
  EXPECT_TRUE(says(text, "one launch has no kernel row"));
  EXPECT_TRUE(says(text, "2 parts could not be read and were passed over, at byte 17: no number"));
  EXPECT_TRUE(says(text, "carries 3 environment blocks: do not publish it"));
  EXPECT_TRUE(says(text, "cudaLaunchKernel"));
}

TEST(TextKernels, NoKernelsHasThreeMeanings) {
  KernelsRecord record;
  TraceSource& source = record.sources.emplace_back();
  source.file = "a.json";
  source.format = "Kineto";
  source.tally.launches = 23;
  std::set<std::string> sentences;
  for (const KernelAbsence absence : {KernelAbsence::not_traced, KernelAbsence::none_launched, KernelAbsence::lost}) {
    source.absence = absence;
    const std::string text = text_kernels(record, {}, {});
    EXPECT_TRUE(says(text, "No kernels")) << text;
    sentences.insert(text);
    EXPECT_EQ(has_evidence(record), absence == KernelAbsence::none_launched);
  }
  EXPECT_EQ(sentences.size(), 3u);
}

TEST(TextKernels, GroupsAsAsked) {
  const KernelsRecord record = samples::kernels();
  EXPECT_TRUE(says(text_kernels(record, {KernelGrouping::operation}, {}), "aten::mm [[8,64],[64,8]]"));
  EXPECT_TRUE(says(text_kernels(record, {KernelGrouping::library}, {}), "cuBLAS"));
  EXPECT_TRUE(says(text_kernels(record, {KernelGrouping::rank}, {}), "rank 1"));
  EXPECT_TRUE(says(text_kernels(record, {KernelGrouping::step}, {}), "ProfilerStep#1"));
}

// Of a thousand ranks those are shown that matter: which others waited for, and which computed longest.
TEST(TextKernels, OfManyRanksThoseThatOthersWaitedForAreShown) {
  KernelsRecord record = samples::kernels();
  record.ranks = {.has_common_clock = true, .detail = "all are aligned", .collectives = 1, .ranks = {}};
  Profile& device = record.record.profiles.by_kind.begin()->second;
  for (std::int32_t rank = 99; rank >= 0; --rank) {
    const bool is_late = rank == 73;
    record.ranks.ranks.push_back({.rank = rank, .common = 1, .transfer_ns = 10, .waited_for_ns = is_late ? 5'000 : 0});
    ProfileRow row = device.rows.front();
    row.key.place = {.rank = rank, .device = 0};
    row.time.total_ns = is_late ? 2'000'000 : 1'000;
    add_rows(device, {row});
  }
  const KernelsPage page = kernels_page(record, {.most = 10});
  std::size_t tables = 0;
  for (const PageBlock& block : page.blocks) {
    if (block.title != "Ranks" && !block.title.starts_with("Collectives over ranks")) continue;
    ++tables;
    EXPECT_EQ(block.rows.size(), 16u) << block.title;
    EXPECT_TRUE(block.rows.front().cells[0].starts_with("73")) << block.title << ": " << block.rows.front().cells[0];
    EXPECT_TRUE(says(block.notes.back(), "84 more, ")) << block.title;
  }
  EXPECT_EQ(tables, 2u);
  EXPECT_TRUE(says(text_kernels(record, {.most = 0}, {}), "\n    99"));
}

TEST(TextKernels, HostileNamesSteerNothing) {
  const KernelsRecord record = samples::extreme_kernels();
  for (const std::string& text : {text_kernels(record, {.most = 0}, {}), csv_kernels({record}, KernelGrouping::name),
                                  markdown_kernels(record, {})}) {
    EXPECT_FALSE(says(text, "\x1b"));
    EXPECT_FALSE(says(text, "\r"));
  }
  EXPECT_FALSE(says(markdown_kernels(record, {}), "<script"));
  EXPECT_FALSE(says(text_kernels(KernelsRecord{}, {}, {}), "nan"));
}

TEST(CsvKernels, HasOneFieldForEachColumnAndEveryNanosecond) {
  const KernelsRecord record = samples::kernels();
  const std::string csv = csv_kernels({record}, KernelGrouping::name);
  const std::vector<std::string_view> lines = split(csv, '\n');
  const std::size_t columns = split(lines[0], ',').size();
  std::int64_t sum = 0;
  for (const std::string_view line : lines) {
    if (line.empty() || line == lines[0]) continue;
    std::string plain;  // without what stands in quotes
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (!quoted && c != '"') plain += c;
    }
    const std::vector<std::string_view> fields = split(plain, ',');
    ASSERT_EQ(fields.size(), columns) << line;
    sum += *parse_integer(fields[12]);
  }
  std::int64_t whole = 0;
  for (const auto& [kind, profile] : record.record.profiles.by_kind) whole += profile.rows_ns();
  EXPECT_EQ(sum, whole);
  EXPECT_EQ(split(lines[0], ',')[12], "total_ns");
}

}  // namespace
}  // namespace varve
