#include "harness/unit/kernel_witness.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "world/test_root.h"

namespace varve {
namespace {

// Without CPU samples, everything the witness says comes from the World.
TEST(KernelWitness, SeesTheLibrariesAndDevicesOfAFakeMachine) {
  TestRoot root;
  root.write("proc/42/maps",
             "7f0000000000-7f0000001000 r-xp 00000000 08:01 17                         /usr/lib/libexample.so.1\n");
  root.link("proc/42/fd/3", "/dev/nvidia0");
  const auto files = open_root(root.path());
  ASSERT_TRUE(files);
  const World world = test_world(**files);
  KernelWitness witness(world, 0);
  witness.unit_started(42);
  witness.look();
  const KernelEvidence evidence = witness.unit_ended();
  ASSERT_EQ(evidence.libraries.size(), 1u);
  EXPECT_EQ(evidence.libraries[0].path, "/usr/lib/libexample.so.1");
  const std::vector<std::string> reasons = evidence.seen.profiles.reasons_absent(kCpuSamples);
  EXPECT_TRUE(std::any_of(reasons.begin(), reasons.end(), [](const std::string& text) {
    return text.find("a GPU device was open") != std::string::npos;
  }));
}

}  // namespace
}  // namespace varve
