#include "base/text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/embedded.h"
#include "base/result.h"
#include "base/test_sources.h"
#include "base/units.h"

namespace varve {
namespace {

TEST(Text, TheFirstFewAndHowManyMore) {
  EXPECT_EQ(and_more({}, 2), "");
  EXPECT_EQ(and_more({"a", "b"}, 2), "a, b");
  EXPECT_EQ(and_more({"a", "b", "c"}, 2), "a, b and 1 more");
}

TEST(Text, TheNameOfAFileStandsBehindTheLastSlash) {
  EXPECT_EQ(file_name("/usr/lib/libcuda.so.1"), "libcuda.so.1");
  EXPECT_EQ(file_name("libcuda.so.1"), "libcuda.so.1");
  EXPECT_EQ(file_name("/usr/lib/"), "");
}

TEST(Text, SplitsAndTrims) {
  EXPECT_EQ(trim(" \t a b \n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(split("a,,b", ',').size(), 3u);
  EXPECT_TRUE(split("", ',').empty());
  EXPECT_EQ(split_words("  a \t b\n").size(), 2u);
}

TEST(Text, ParsesWholeNumbersOnly) {
  EXPECT_EQ(parse_integer("12"), 12);
  EXPECT_EQ(parse_integer("ff", 16), 255);
  for (const char* wrong : {"", "12x", " 12", "99999999999999999999"}) EXPECT_FALSE(parse_integer(wrong)) << wrong;
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_FALSE(parse_number("1.5.2"));
}

TEST(Text, CleansBytesThatAreNotUtf8AndCutsBetweenCharacters) {
  EXPECT_EQ(clean_utf8("caf\xC3\xA9"), "café");
  EXPECT_EQ(clean_utf8("a\xFF"
                       "b"),
            "a\uFFFDb");
  EXPECT_EQ(clean_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate is no character
  EXPECT_EQ(clean_utf8("\xC0\xAF"), "\uFFFD\uFFFD");            // an overlong slash neither
  EXPECT_EQ(clean_utf8("éé", 3), "é");
}

TEST(Text, SuggestsTheNearestWordOnly) {
  EXPECT_EQ(nearest("--unit", {"--units", "--name"}), "--units");
  EXPECT_FALSE(nearest("--zzzzz", {"--units", "--name"}));
}

TEST(Units, AreReadable) {
  EXPECT_EQ(format_seconds(0.00082), "820 µs");
  EXPECT_EQ(format_seconds(1.2345), "1.23 s");
  EXPECT_EQ(format_seconds(200), "3 min 20 s");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_number(12340.0), "12\u202f340");
  EXPECT_EQ(format_number(-0.00123), "−0.001230");
  EXPECT_EQ(format_number(-12340.0), "−12\u202f340");
  EXPECT_EQ(format_seconds(-0.0338), "−33.8 ms");
  EXPECT_EQ(format_percent(0.0134), "1.3 %");
  EXPECT_EQ(format_percent(0.998), "100 %");
  EXPECT_EQ(format_change(0.5), "−50 %");
  EXPECT_EQ(format_change(1.08), "+8.0 %");
}

TEST(Errors, SayFourThingsInOneLine) {
  EXPECT_EQ(to_text({"reading", "a.json", "it is empty", "Write it again"}),
            "reading: a.json: it is empty. Write it again");
  EXPECT_EQ(to_text({"reading", "", "it is empty", ""}), "reading: it is empty");
}

TEST(Embedded, FilesAreTheirSourceByteForByte) {
  std::ifstream file(test::source_path("schema/stack.schema.json"), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(embedded_file("schema/stack.schema.json"), text.str());
  EXPECT_TRUE(embedded_file("schema/none.json").empty());
}

}  // namespace
}  // namespace varve
