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

TEST(TextTable, IsAligned) {
  TextTable table({{"name"}, {"value", true}}, 0);
  table.add({{"a"}, {"1.5"}});
  table.add({{"longer µ"}, {"−12.25"}});
  EXPECT_EQ(table.render({}),
            "name       value\n"
            "a            1.5\n"
            "longer µ  −12.25\n");
}

TEST(TextTable, LongCellsContinueOnTheNextLine) {
  TextTable table({{""}, {"", true}}, 0);
  const std::string longest(50, 'k');
  table.add({{longest}, {"12345"}});
  const std::string text = table.render({.width = 40});
  EXPECT_EQ(text, std::string(33, 'k') + "  12345\n" + std::string(17, 'k') + "\n");
}

}  // namespace
}  // namespace varve
