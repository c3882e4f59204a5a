#include "harness/unit/unit_marks.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

std::string marks_of(UnitOutcome outcome, double processors = 2) {
  add_condition_marks(outcome, processors);
  std::string text;
  for (const UnitMark& mark : outcome.marks) text += (text.empty() ? "" : "; ") + mark.text;
  return text;
}

UnitOutcome unit_of(double wall, double cpu) {
  UnitOutcome outcome;
  outcome.wall_seconds = wall;
  outcome.user_seconds = cpu;
  return outcome;
}

TEST(UnitMarks, NameTheirCause) {
  EXPECT_EQ(marks_of(unit_of(1, 0.9)), "");
  UnitOutcome shared = unit_of(1, 0.9);
  shared.involuntary_switches = 812;
  shared.conditions.others_cpus = 1.1;
  shared.conditions.load = 3.62;
  EXPECT_EQ(marks_of(shared),
            "other programs took the CPUs: load 3.6 on 2, 1.1 busy with others, 812 involuntary context switches");
  shared.conditions.others_cpus = 0.05;
  EXPECT_EQ(marks_of(shared), "threads shared its CPUs: 812 involuntary context switches, load 3.6 on 2");
  shared.conditions.others_cpus = 1.1;
  EXPECT_EQ(marks_of(shared, 64), "threads shared its CPUs: 812 involuntary context switches, load 3.6 on 64")
      << "others on a large machine need not be on its CPUs";
}

TEST(UnitMarks, StealHeatAndDisk) {
  UnitOutcome outcome = unit_of(1, 0.5);
  outcome.steal_seconds = 0.24;
  outcome.conditions.cpu_throttles = 3;
  outcome.conditions.major_faults = 812;
  EXPECT_EQ(marks_of(outcome),
            "the hypervisor gave 12 % of the CPUs to others; CPUs were slowed down for heat 3 times; it waited for 812 "
            "pages to come from a disk");
}

TEST(UnitMarks, OfTheGpusThatTheUnitUsed) {
  UnitOutcome outcome = unit_of(1, 0.5);
  GpuConditions gpu{.pci_address = "00000000:17:00.0",
                    .samples = 10,
                    .throttle_reasons = 0x4,
                    .throttled = 0.4,
                    .foreign_processes = 1};
  gpu.memory_before_bytes = 1000;
  gpu.memory_peak_bytes = 2000;
  outcome.conditions.gpus = {gpu};
  EXPECT_EQ(marks_of(outcome), "") << "it took no memory of it";
  outcome.conditions.gpus[0].memory_peak_bytes = 1ull << 30;
  EXPECT_EQ(marks_of(outcome),
            "GPU 00000000:17:00.0 was slowed down in 40 % of the samples: power limit; 1 other program was on GPU "
            "00000000:17:00.0");
}

TEST(UnitMarks, AClockBelowTheMedian) {
  varve::Run run;
  for (const double mhz : {3000.0, 3010.0, 2990.0, 3000.0, 2500.0}) {
    Unit unit;
    unit.conditions.cpu_mhz = mhz;
    run.units.push_back(unit);
  }
  mark_slow_clocks(run);
  EXPECT_TRUE(run.units[0].marks.empty());
  ASSERT_EQ(run.units[4].marks.size(), 1u);
  EXPECT_EQ(run.units[4].marks[0].text, "CPUs ran at 2500 MHz, where the median unit has 3000");
}

}  // namespace
}  // namespace varve
