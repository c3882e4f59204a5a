#include <gtest/gtest.h>

#include "model/comparison.h"

namespace varve {

TEST(SpeedTitle, OfBytesASideIsSmallerAndNotFaster) {
  MetricComparison memory;
  memory.unit = "bytes";
  memory.speed = Speed::faster;
  EXPECT_EQ(speed_title(memory), "smaller");
  memory.speed = Speed::slower_touching_margin;
  EXPECT_EQ(speed_title(memory), "larger, the interval touches the margin");
  memory.unit = "s";
  EXPECT_EQ(speed_title(memory), "slower, the interval touches the margin");
}

}  // namespace varve
