#include "report/printable.h"

#include <gtest/gtest.h>

namespace varve {

TEST(Printable, LetsNothingSteerATerminal) {
  EXPECT_EQ(printable("a\tb\nc"), "a b c");
  EXPECT_EQ(printable("\x1b[31m"), "\xEF\xBF\xBD[31m");
  EXPECT_EQ(printable("x\xC2\x9By"), "x\xEF\xBF\xBDy") << "C1 control: CSI in one byte";
  EXPECT_EQ(printable("\xE2\x80\xAE"), "\xEF\xBF\xBD");
  EXPECT_EQ(printable("→ µ é 漢"), "→ µ é 漢");
  EXPECT_EQ(printable("\xFF\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace varve
