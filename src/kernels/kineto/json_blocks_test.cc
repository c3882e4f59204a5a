#include "kernels/kineto/json_blocks.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace varve {
namespace {

std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << place; }

JsonBlock look_at(std::string text) {
  text.resize(kJsonBlock, ' ');
  JsonBlockState state;
  JsonBlock block;
  look_at_json(text.data(), 1, state, &block);
  return block;
}

TEST(JsonBlocks, BracesInsideStringsAreNone) {
  const JsonBlock block = look_at(R"({"a{}":{"b\"{":1}})");
  EXPECT_EQ(block.open, bit(0) | bit(7));
  EXPECT_EQ(block.close, bit(16) | bit(17));
  EXPECT_EQ(block.broken, 0u);
  EXPECT_EQ(block.suspect, bit(3) | bit(10) | bit(12));  // two braces, one backslash
}

TEST(JsonBlocks, WhatCannotFollowAStringIsSeen) {
  EXPECT_EQ(look_at(R"({"a":"say "hi","b":1})").broken, bit(11) | bit(16));
  EXPECT_EQ(look_at("{\"a\"\n:\t\"b\" ,\"c\":[\"d\"]}").broken, 0u);
}

// The slow way is written so that it can be read; the fast one must do the same with any bytes.
TEST(JsonBlocks, BothWaysAgreeOnAnyText) {
  constexpr std::string_view kBytes = "\"\"\"\\\\{}{}[]:, \n\r\tab\x01\x1a\x7f\x80\xc3\xff";
  std::mt19937_64 random(12);
  for (int round = 0; round < 3000; ++round) {
    constexpr std::size_t kCount = 5;
    std::string text(kCount * kJsonBlock, ' ');
    for (char& c : text) c = kBytes[random() % kBytes.size()];
    if (round % 3 == 0) text.replace(random() % 128, 70, std::string(70, '\\'));  // over a whole block
    text.resize(kCount * kJsonBlock);
    JsonBlockState fast, slow;
    std::array<JsonBlock, kCount> of_fast, of_slow;
    look_at_json(text.data(), kCount, fast, of_fast.data());
    look_at_json_slowly(text.data(), kCount, slow, of_slow.data());
    for (std::size_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(of_fast[i].open, of_slow[i].open) << text;
      ASSERT_EQ(of_fast[i].close, of_slow[i].close) << text;
      ASSERT_EQ(of_fast[i].suspect, of_slow[i].suspect) << text;
      // A few control characters pass as blanks behind a string in the fast way: it tells nothing that is not so.
      ASSERT_EQ(of_fast[i].broken & ~of_slow[i].broken, 0u) << text;
    }
    ASSERT_EQ(fast.in_string, slow.in_string);
    ASSERT_EQ(fast.escaped, slow.escaped);
    ASSERT_EQ(fast.after_quote, slow.after_quote);
  }
}

}  // namespace
}  // namespace varve
