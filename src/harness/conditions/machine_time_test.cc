#include "harness/conditions/machine_time.h"

#include <gtest/gtest.h>

#include "world/world.h"

namespace varve {
namespace {

TEST(MachineTime, ReadsTheFirstLineOfProcStat) {
  const std::optional<MachineTime> time =
      parse_machine_time("cpu  100 20 30 4000 500 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", 100);
  ASSERT_TRUE(time);
  EXPECT_DOUBLE_EQ(time->busy, 1.63);
  EXPECT_DOUBLE_EQ(time->steal, 0.8);
}

TEST(MachineTime, OtherTextIsNothing) {
  for (const char* text :
       {"", "cpu", "cpu 1 2 3 4 5 6 7", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 5 6 7 x", "cpu 1 2 3 4 5 6 7 -8"}) {
    EXPECT_FALSE(parse_machine_time(text, 100)) << text;
  }
}

TEST(MachineTime, GoesForward) {
  const World world = host_world();
  const MachineClock clock(world.files);
  const std::optional<MachineTime> first = clock.read();
  ASSERT_TRUE(first);
  EXPECT_GE(clock.read()->busy, first->busy);
}

}  // namespace
}  // namespace varve
