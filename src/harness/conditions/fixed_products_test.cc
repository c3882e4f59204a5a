#include "harness/conditions/fixed_products.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/test_sources.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Setting;
using test::Steer;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

NvmlSample idle(std::uint64_t used = kGiB, std::uint64_t free = 79 * kGiB) {
  NvmlSample sample;
  sample.memory_used_bytes = used;
  sample.memory_free_bytes = free;
  return sample;
}

class GpuProductsTaken : public ::testing::Test {
 protected:
  void SetUp() override {
    how_.libcuda = test::build_fake(root_, test::source_path("tests/fake_driver/fake_cuda.c"), "libcuda.so.1");
    how_.size = 16;
    if (how_.libcuda.empty()) GTEST_SKIP() << "no gcc here";
  }
  // What NVML says at each look; the last for ever.
  GpuProducts take(const std::vector<NvmlSample>& looks, std::vector<std::vector<std::string>> views = {{}}) {
    auto asked = std::make_shared<std::size_t>(0);
    const GpuWatch watch({"00000000:90:00.0"}, [asked, looks] {
      return std::vector<NvmlSample>{looks[std::min((*asked)++, looks.size() - 1)]};
    });
    pauses_ = 0;
    return take_gpu_products({{"0000:90:00.0"}, std::move(views)}, watch, how_, [this](double) { ++pauses_; });
  }
  TestRoot root_;
  GpuCanaryPlan how_;
  int pauses_ = 0;
};

TEST_F(GpuProductsTaken, AreMediansByAddress) {
  const GpuProducts taken = take({idle()});
  ASSERT_EQ(taken.gpus.size(), 1u);
  EXPECT_EQ(taken.gpus[0].pci_address, "0000:90:00.0");
  EXPECT_NEAR(taken.gpus[0].seconds, 0.0025, 1e-9);
  EXPECT_TRUE(taken.refused.empty());
  EXPECT_TRUE(taken.wrong.empty());
  EXPECT_EQ(pauses_, 0);
}

TEST_F(GpuProductsTaken, WaitUntilTheChildIsGoneFromTheGpu) {
  NvmlSample with_us = idle();
  with_us.processes = {4711};
  EXPECT_EQ(take({idle(), with_us, with_us, idle()}).gpus.size(), 1u);
  EXPECT_EQ(pauses_, 2);
  take({idle(), idle(kGiB + (400 << 20)), idle()});
  EXPECT_EQ(pauses_, 1);
  take({with_us, with_us});
  EXPECT_EQ(pauses_, 0) << "that one was there before";
  take({idle(), with_us});
  EXPECT_EQ(pauses_, 100) << "and not for ever";
}

TEST_F(GpuProductsTaken, PushNobodyOffAFullGpu) {
  const Steer steer("cuInit=crash");
  const GpuProducts taken = take({idle(79 * kGiB, kGiB / 4)});
  ASSERT_EQ(taken.refused.size(), 1u);
  EXPECT_EQ(taken.refused[0], "GPU 0000:90:00.0: 256 MiB of its memory are free, and less than 1.00 GiB is no room");
  EXPECT_EQ(taken.seconds, 0) << "no child was made";
}

// A GPU that two sides see is asked once; one that only the second sees, by its way.
TEST_F(GpuProductsTaken, AreOfTheGpusThatSidesSee) {
  EXPECT_EQ(take({idle()}, {{"VARVE_FAKE_GPUS=1"}, {"VARVE_FAKE_GPUS=2"}}).gpus.size(), 1u);
  const GpuProducts second = take({idle()}, {{"VARVE_FAKE_GPUS=0"}, {"VARVE_FAKE_GPUS=1"}});
  EXPECT_EQ(second.gpus.size(), 1u);
  EXPECT_TRUE(second.refused.empty());
  EXPECT_TRUE(take({idle()}, {{"VARVE_FAKE_GPUS=0"}}).gpus.empty()) << "a side that hides the GPUs sees none";
}

TEST_F(GpuProductsTaken, SayWhatIsWrongAndWhoRefused) {
  {
    const Steer steer("cuLaunchKernel=wrong");
    EXPECT_EQ(take({idle()}).wrong, std::vector<std::string>{"GPU 0000:90:00.0: row 0 of 16 is wrong"});
  }
  {
    const Steer steer("cuMemAlloc_v2=2");
    EXPECT_EQ(take({idle()}).refused, std::vector<std::string>{"GPU 0000:90:00.0: cuMemAlloc: CUDA_ERROR_OF_THE_FAKE"});
  }
  const Steer steer("cuInit=999");
  EXPECT_EQ(take({idle()}).refused, std::vector<std::string>{"cuInit: CUDA_ERROR_OF_THE_FAKE"});
}

}  // namespace
}  // namespace varve
