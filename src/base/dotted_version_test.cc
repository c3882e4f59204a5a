#include "base/dotted_version.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

DottedVersion version(std::string_view text) { return dotted_version_from(text).value(); }

TEST(DottedVersion, ComparesNumberByNumber) {
  EXPECT_LT(version("550.54.15"), version("550.107.02"));
  EXPECT_EQ(version("12"), version("12.0"));
  EXPECT_GT(version("9.26"), version("9.3"));
}

TEST(DottedVersion, TakesTheNumbersAtTheStart) {
  EXPECT_EQ(to_string(version("2.15.0+cu132")), "2.15.0");
  EXPECT_EQ(to_string(version("1.13.0a0")), "1.13.0");
  EXPECT_EQ(to_string(version(" 450.80.02 ")), "450.80.02") << "as it was read";
  EXPECT_EQ(to_string(version("12.")), "12");
}

TEST(DottedVersion, IsWrittenAsItWasRead) {
  EXPECT_EQ(to_string(version("570.124.06")), "570.124.06");
  EXPECT_EQ(to_string(version("9.13.1.")), "9.13.1");
  EXPECT_EQ(version("570.124.06"), version("570.124.6"));
  EXPECT_EQ(to_string(DottedVersion{.parts = {12, 4}}), "12.4") << "put together from numbers";
}

TEST(DottedVersion, IsNothingWithoutANumber) {
  EXPECT_FALSE(dotted_version_from(""));
  EXPECT_FALSE(dotted_version_from("cu121"));
  EXPECT_FALSE(dotted_version_from("12345678901"));
}

TEST(DottedVersion, HoldsARange) {
  EXPECT_TRUE(is_within(version("12.1.3.1"), ">12.1.0.26,<12.2"));
  EXPECT_FALSE(is_within(version("12.1.0.26"), ">12.1.0.26"));
  EXPECT_TRUE(is_within(version("12.1.3"), "12.1"));
  EXPECT_FALSE(is_within(version("12.10"), "12.1"));
  EXPECT_TRUE(is_within(version("1"), ""));
  EXPECT_FALSE(is_within(version("1"), "~1"));
}

}  // namespace
}  // namespace varve
