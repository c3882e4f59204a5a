#include "harness/subject/work_elsewhere.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(WorkElsewhere, IsKnownByWhoHandsItOn) {
  EXPECT_EQ(hands_work_on({"srun", "-n1", "./a"}), "srun");
  EXPECT_EQ(hands_work_on({"/usr/bin/docker", "run", "image"}), "docker");
  EXPECT_EQ(hands_work_on({"nice", "-n", "5", "srun", "./a"}), "srun");
  EXPECT_EQ(hands_work_on({"env", "A=1", "timeout", "30s", "ssh", "node", "./a"}), "ssh");
  EXPECT_EQ(hands_work_on({"sh", "-c", "exec docker run --rm image \"$@\"", "sh"}), "docker");
  EXPECT_EQ(hands_work_on({"bash", "-c", "make ready && srun ./a"}), "srun");
}

TEST(WorkElsewhere, ItsNameAmongArgumentsIsNothing) {
  EXPECT_EQ(hands_work_on({"grep", "docker", "list"}), "");
  EXPECT_EQ(hands_work_on({"sh", "-c", "echo srun"}), "");
  EXPECT_EQ(hands_work_on({"numactl", "--cpunodebind=0", "./a", "ssh"}), "");
  EXPECT_EQ(hands_work_on({"build/docker", "--steps", "5"}), "");
  EXPECT_EQ(hands_work_on({"./oc"}), "");
  EXPECT_EQ(hands_work_on({"./flux", "--model", "dev"}), "");
  EXPECT_EQ(hands_work_on({}), "");
}

TEST(WorkElsewhere, WhatIsOfTheClientIsNoEvidence) {
  varve::Run run;
  run.variants.resize(2);
  run.variants[0].name = "A";
  run.variants[0].command = {"srun", "./a"};
  run.variants[1].name = "B";
  run.variants[1].command = {"./a"};
  for (const char* side : {"A", "B"}) {
    Unit unit;
    unit.variant = side;
    unit.libraries = {{"/lib/libslurm.so", "b1", "", false}};
    run.units.push_back(unit);
  }
  settle_work_elsewhere(run);
  EXPECT_TRUE(run.units[0].libraries.empty());
  EXPECT_EQ(run.units[1].libraries.size(), 1u);
  ASSERT_EQ(run.findings.size(), 1u);
  EXPECT_EQ(run.findings[0].evidence, "srun hands the work of A to a daemon: it runs in no child of Varve");
}

}  // namespace
}  // namespace varve
