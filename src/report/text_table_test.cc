#include "report/text_table.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(WrapText, ANumberStaysWithWhatItCounts) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrap_text("interval −67 % to 12 ms", 11), (Lines{"interval", "−67 % to", "12 ms"}));
  EXPECT_EQ(wrap_text("of 2 000 pairs", 8), (Lines{"of 2 000", "pairs"})) << "no room for both";
  EXPECT_EQ(wrap_text("run B200 again and again", 10), (Lines{"run B200", "again and", "again"})) << "a name";
  EXPECT_EQ(wrap_text("5 abcdefghij", 6), (Lines{"5", "abcdef", "ghij"})) << "longer than a line";
}

}  // namespace
}  // namespace varve
