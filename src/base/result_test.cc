#include "base/result.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(ErrorText, ASentenceStartsWithACapitalLetter) {
  EXPECT_EQ(to_text({"finding the program", "nope", "No such file or directory", "give the path of a program"}),
            "finding the program: nope: No such file or directory. Give the path of a program");
  EXPECT_EQ(to_text({"reading", "", "nothing is there", ""}), "reading: nothing is there");
}

TEST(ErrorText, ACommandKeepsItsName) {
  EXPECT_EQ(to_text({"reading", "x", "it is unknown", "varve compare --explain lists them"}),
            "reading: x: it is unknown. varve compare --explain lists them");
}

}  // namespace
}  // namespace varve
