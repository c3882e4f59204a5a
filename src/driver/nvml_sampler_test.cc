#include "driver/nvml_sampler.h"

#include <gtest/gtest.h>

#include "base/test_sources.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Setting;
using test::Steer;

// The fake is opened in this process: what it is told must not end or hang it.
TEST(NvmlSampler, TellsClocksPowerHeatMemoryAndWhoIsThere) {
  const TestRoot root;
  const std::string library =
      test::build_fake(root, test::source_path("tests/fake_driver/fake_nvml.c"), "libsampled.so");
  if (library.empty()) GTEST_SKIP() << "no gcc here";
  const Setting gpus("VARVE_FAKE_GPUS", "2");
  const Result<NvmlSampler> sampler = NvmlSampler::open(library);
  ASSERT_TRUE(sampler) << to_text(sampler.error());
  ASSERT_EQ(sampler->gpus(), 2u);
  EXPECT_EQ(sampler->pci_address(0), "00000000:90:00.0");
  const NvmlSample sample = sampler->sample(0);
  EXPECT_EQ(sample.sm_mhz, 1755u);
  EXPECT_EQ(sample.milliwatts, 312500u);
  EXPECT_EQ(sample.celsius, 71u);
  EXPECT_EQ(sample.memory_used_bytes, 1024ull << 20);
  EXPECT_EQ(sample.memory_free_bytes, 80535ull << 20);
  EXPECT_EQ(sample.event_reasons, 5u);
  EXPECT_EQ(sample.processes, (std::vector<unsigned>{17, 4242}));
  EXPECT_TRUE(sampler->sample(1).processes.empty());
  const Steer broken("nvmlDeviceGetClockInfo=3");
  EXPECT_FALSE(sampler->sample(0).sm_mhz);
  EXPECT_TRUE(sampler->sample(0).celsius);
}

TEST(NvmlSampler, AsksOldDriversByTheOldName) {
  const TestRoot root;
  const std::string library =
      test::build_fake(root, test::source_path("tests/fake_driver/fake_nvml.c"), "liboldsampled.so", "-DOLD");
  if (library.empty()) GTEST_SKIP() << "no gcc here";
  const Result<NvmlSampler> sampler = NvmlSampler::open(library);
  ASSERT_TRUE(sampler) << to_text(sampler.error());
  EXPECT_EQ(sampler->sample(0).event_reasons, 5u);
}

TEST(NvmlSampler, SaysWhyThereIsNone) {
  EXPECT_FALSE(NvmlSampler::open("/nowhere/libnvidia-ml.so.1"));
  const TestRoot root;
  const std::string library = test::build_fake(root, test::source_path("tests/fake_driver/fake_nvml.c"), "libdeaf.so");
  if (library.empty()) GTEST_SKIP() << "no gcc here";
  const Steer no_driver("nvmlInit=9");
  const Result<NvmlSampler> sampler = NvmlSampler::open(library);
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().found, "NVML_ERROR_DRIVER_NOT_LOADED");
}

TEST(NvmlSampler, KnowsWhichReasonsSlowAGpuDown) {
  EXPECT_EQ(slowing_reasons(0x1 | 0x2), 0u);  // idle, clocks that a user set
  EXPECT_EQ(slowing_reasons(0x5), 0x4u);
  EXPECT_EQ(reasons_text(0x44), "power limit, heat (hardware)");
}

}  // namespace
}  // namespace varve
