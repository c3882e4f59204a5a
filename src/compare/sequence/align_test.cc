#include "compare/sequence/align.h"

#include <gtest/gtest.h>

#include <random>

#include "compare/sequence/longest_chain.h"

namespace varve {
namespace {
using Tokens = std::vector<std::uint32_t>;

Tokens tokens(const std::string& text) { return {text.begin(), text.end()}; }

// What corresponds, as text: "ab" of "abc" and "xab".
std::string common(const std::string& a, const std::string& b) {
  std::string text;
  for (const CommonRun& run : align(tokens(a), tokens(b))) text += a.substr(run.a, run.length);
  return text;
}

TEST(Align, FindsWhatWasPutIn) {
  EXPECT_EQ(common("abc", "abc"), "abc");
  EXPECT_EQ(common("", "abc"), "");
  EXPECT_EQ(common("abcdef", "abXYdef"), "abdef");
  EXPECT_EQ(common("abc", "xyz"), "");
  // The long block counts for more than the rare token that was moved over it.
  EXPECT_EQ(common("ubcbcbcd", "bcbcbcdu"), "bcbcbcd");
}

// An attention kernel of one name becomes five, some of which occur elsewhere too: only that place differs, every time.
TEST(Align, KeepsAnExchangeInItsPlaceHoweverOftenItIsRepeated) {
  std::string a, b;
  for (int layer = 0; layer < 40; ++layer) {
    a += "gneAng";
    b += "gnefrefSng";
  }
  const std::vector<CommonRun> runs = align(tokens(a), tokens(b));
  ASSERT_EQ(runs.size(), 41u);
  EXPECT_EQ(runs.front(), (CommonRun{0, 0, 3}));
  for (std::size_t i = 1; i + 1 < runs.size(); ++i) {
    EXPECT_EQ(runs[i], (CommonRun{6 * i - 2, 10 * i - 2, 5})) << i;
  }
}

TEST(Align, TheChainIsAsLongAsCanBe) {
  // Blocks of one token: 2 and 3 can follow 0, and 1 stands alone.
  const std::vector<CommonRun> chain = longest_chain({{0, 1, 1}, {1, 9, 1}, {2, 3, 1}, {4, 5, 1}});
  EXPECT_EQ(chain, (std::vector<CommonRun>{{0, 1, 1}, {2, 3, 1}, {4, 5, 1}}));
  // Blocks of two do not overlap.
  EXPECT_EQ(longest_chain({{0, 0, 2}, {1, 1, 2}, {2, 2, 2}}).size(), 2u);
  EXPECT_TRUE(longest_chain({}).empty());
}

// A sequence, and one that came of it by cutting, inserting and moving.
std::pair<Tokens, Tokens> made_sequences(std::mt19937& random) {
  const auto below = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most - 1)(random); };
  const std::size_t kinds = 2 + below(40);
  Tokens a;
  for (std::size_t i = below(300); i > 0; --i) a.push_back(static_cast<std::uint32_t>(below(kinds)));
  Tokens b = a;
  for (std::size_t edits = below(12); edits > 0 && !b.empty(); --edits) {
    const auto at = b.begin() + static_cast<std::ptrdiff_t>(below(b.size()));
    if (below(2) == 0) {
      b.erase(at);
    } else {
      b.insert(at, 1 + below(4), static_cast<std::uint32_t>(below(kinds + 3)));
    }
  }
  return {a, b};
}

TEST(Align, HoldsWhatItPromisesForRandomSequences) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const auto [a, b] = made_sequences(random);
    const std::vector<CommonRun> runs = align(a, b);
    std::size_t a_end = 0, b_end = 0;
    for (const CommonRun& run : runs) {
      ASSERT_GT(run.length, 0u);
      ASSERT_GE(run.a, a_end);
      ASSERT_GE(run.b, b_end);
      ASSERT_LE(run.a + run.length, a.size());
      ASSERT_LE(run.b + run.length, b.size());
      for (std::size_t k = 0; k < run.length; ++k) ASSERT_EQ(a[run.a + k], b[run.b + k]);
      const bool adjoins = a_end == run.a && b_end == run.b && a_end > 0;
      ASSERT_FALSE(adjoins);
      a_end = run.a + run.length, b_end = run.b + run.length;
    }
    std::vector<CommonRun> swapped = align(b, a);
    for (CommonRun& run : swapped) std::swap(run.a, run.b);
    ASSERT_EQ(swapped, runs) << round;
    ASSERT_EQ(align(a, a), a.empty() ? std::vector<CommonRun>{} : (std::vector<CommonRun>{{0, 0, a.size()}}));
  }
}

// Where everything is equal to everything there are too many blocks to look at: it still ends, soon, and is sound.
TEST(Align, EndsSoonWhereTokensTellNothing) {
  Tokens a(60'000, 1), b(50'000, 1);
  a[7] = 2, b[11] = 3, b[40'000] = 4;
  std::size_t length = 0;
  for (const CommonRun& run : align(a, b)) length += run.length;
  EXPECT_GT(length, 49'000u);
}

TEST(LongestCommonBlock, IsFound) {
  EXPECT_EQ(longest_common_block(tokens("xxabcd"), tokens("abcdyy")), (CommonRun{2, 0, 4}));
  EXPECT_EQ(longest_common_block(tokens("a"), tokens("b")).length, 0u);
}

}  // namespace
}  // namespace varve
