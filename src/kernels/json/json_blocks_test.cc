#include "kernels/json/json_blocks.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace varve {
namespace {
using Marks = std::vector<std::uint32_t>;

Marks marks_of(std::string text) {
  text.resize(kJsonBlock, ' ');
  JsonBlockState state;
  Marks marks(kJsonBlock + kJsonSpareMarks);
  marks.resize(mark_json(text.data(), 1, state, marks.data()));
  return marks;
}

TEST(JsonBlocks, BracesInsideStringsAreNone) {
  EXPECT_EQ(marks_of(R"({"a{}":{"b{":1}})"), (Marks{0, 7, 14, 15}));
  EXPECT_EQ(marks_of(R"({"b\"{":1})"), (Marks{0, 3 | kJsonSuspect, 9}));
}

TEST(JsonBlocks, WhatCannotFollowAStringIsSeen) {
  EXPECT_EQ(marks_of(R"({"a":"say "hi","b":1})"), (Marks{0, 11 | kJsonBroken, 16 | kJsonBroken}));
  EXPECT_EQ(marks_of("{\"a\"\n:\t\"b\" ,\"c\":[\"d\"]}"), (Marks{0, 21}));
}

// The slow way is written so that it can be read; the fast ones must do the same with any bytes.
TEST(JsonBlocks, AllWaysAgreeOnAnyText) {
  constexpr std::string_view kBytes = "\"\"\"\\\\{}{}[]:, \n\r\tab\x01\x1a\x7f\x80\xc3\xff";
  std::mt19937_64 random(12);
  for (int round = 0; round < 3000; ++round) {
    constexpr std::size_t kCount = 5;
    std::string text(kCount * kJsonBlock, ' ');
    for (char& c : text) c = kBytes[random() % kBytes.size()];
    if (round % 4 == 3) {  // little else than braces, as in a sound trace
      for (char& c : text) c = c == '{' || c == '}' || c == '"' ? c : ' ';
    }
    if (round % 3 == 0) text.replace(random() % 128, 70, std::string(70, '\\'));  // over a whole block
    if (round % 3 == 1) text.replace(random() % 128, 70, std::string(70, '{'));
    const auto marked = [&](JsonMarker way) {
      JsonBlockState state;
      Marks marks(text.size() + kJsonSpareMarks);
      marks.resize(way(text.data(), kCount, state, marks.data()));
      return std::tuple(marks, state.in_string, state.escaped, state.after_quote);
    };
    const auto slow = marked(json_markers().back());
    for (std::size_t way = 0; way < json_markers().size(); ++way) {
      ASSERT_EQ(marked(json_markers()[way]), slow) << way << ": " << text;
    }
  }
}

}  // namespace
}  // namespace varve
