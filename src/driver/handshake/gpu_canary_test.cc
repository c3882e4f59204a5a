#include "driver/handshake/gpu_canary.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/test_sources.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Setting;
using test::Steer;

// The fake driver runs the PTX line by line (tests/fake_driver/fake_ptx.h): what comes out is what the text says.
class GpuProduct : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new TestRoot;
    libcuda_ = test::build_fake(*root_, test::source_path("tests/fake_driver/fake_cuda.c"), "libcuda.so.1");
  }
  static void TearDownTestSuite() { delete root_; }
  void SetUp() override {
    if (libcuda_.empty()) GTEST_SKIP() << "no gcc here";
  }
  static GpuCanaryPlan plan() { return {.libcuda = libcuda_, .gpus = {"0000:80:00.0", "0000:90:00.0"}, .size = 48}; }

  static inline TestRoot* root_ = nullptr;
  static inline std::string libcuda_;
};

TEST_F(GpuProduct, IsTimedByTheGpuAndRight) {
  const GpuCanaryAnswer answer = take_gpu_product(plan());
  EXPECT_EQ(answer.refused, "");
  ASSERT_EQ(answer.gpus.size(), 1u) << "one of the two is there";
  EXPECT_EQ(answer.gpus[0].pci_address, "0000:90:00.0");
  EXPECT_EQ(answer.gpus[0].refused, "");
  EXPECT_EQ(answer.gpus[0].wrong, "");
  ASSERT_EQ(answer.gpus[0].products.size(), 9u);
  for (const double seconds : answer.gpus[0].products) EXPECT_NEAR(seconds, 0.0025, 1e-9);
  EXPECT_GT(answer.seconds, 0);
}

TEST_F(GpuProduct, IsTakenOnTheGpusThatAreAskedForAlone) {
  const Setting gpus("VARVE_FAKE_GPUS", "3");
  GpuCanaryPlan one = plan();
  one.gpus = {"0000:80:00.0"};
  GpuCanaryAnswer answer = take_gpu_product(one);
  ASSERT_EQ(answer.gpus.size(), 1u);
  EXPECT_EQ(answer.gpus[0].pci_address, "0000:80:00.0");
  answer = take_gpu_product(plan());
  EXPECT_EQ(answer.gpus.size(), 2u);
  one.gpus = {};
  EXPECT_TRUE(take_gpu_product(one).gpus.empty());
}

// Which GPUs there are is what the side sees, not what Varve does.
TEST_F(GpuProduct, SeesWhatTheProgramSees) {
  const Setting gpus("VARVE_FAKE_GPUS", "1");
  GpuCanaryPlan seen = plan();
  seen.settings = {"VARVE_FAKE_GPUS=2"};
  EXPECT_EQ(take_gpu_product(seen).gpus.size(), 2u);
  const Setting two("VARVE_FAKE_GPUS", "2");
  seen.settings = {"VARVE_FAKE_GPUS"};
  EXPECT_EQ(take_gpu_product(seen).gpus.size(), 1u) << "taken out: the fake has one then";
}

TEST_F(GpuProduct, ThatIsWrongIsSaidSo) {
  const Steer steer("cuLaunchKernel=wrong");
  const GpuCanaryAnswer answer = take_gpu_product(plan());
  ASSERT_EQ(answer.gpus.size(), 1u);
  EXPECT_EQ(answer.gpus[0].wrong, "row 0 of 48 is wrong");
  EXPECT_EQ(answer.gpus[0].refused, "");
}

// A launch that does nothing leaves what was there before, which is no product.
TEST_F(GpuProduct, ThatWasNeverMadeIsWrong) {
  const Steer steer("cuLaunchKernel=nothing");
  const GpuCanaryAnswer answer = take_gpu_product(plan());
  ASSERT_EQ(answer.gpus.size(), 1u);
  EXPECT_EQ(answer.gpus[0].wrong, "number 0 of row 0 is -1, where only whole numbers can come out");
}

TEST_F(GpuProduct, NamesTheCallThatFailed) {
  for (const char* call : {"cuInit", "cuDeviceGetCount", "cuDeviceGet"}) {
    const Steer steer(std::string(call) + "=100");
    const GpuCanaryAnswer answer = take_gpu_product(plan());
    EXPECT_TRUE(answer.gpus.empty());
    EXPECT_EQ(answer.refused, std::string(call) + ": CUDA_ERROR_NO_DEVICE");
  }
  for (const char* call : {"cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuModuleLoadData.ptx", "cuModuleGetFunction",
                           "cuMemAlloc_v2", "cuMemcpyHtoD_v2", "cuEventCreate", "cuEventRecord", "cuLaunchKernel",
                           "cuEventSynchronize", "cuEventElapsedTime", "cuMemcpyDtoH_v2"}) {
    const Steer steer(std::string(call) + "=2");
    const GpuCanaryAnswer answer = take_gpu_product(plan());
    ASSERT_EQ(answer.gpus.size(), 1u) << call;
    EXPECT_EQ(answer.refused, "") << call;
    const std::string plain = std::string(call).substr(0, std::string(call).find_first_of("._"));
    EXPECT_NE(answer.gpus[0].refused.find(plain), std::string::npos) << answer.gpus[0].refused;
    EXPECT_NE(answer.gpus[0].refused.find("CUDA_ERROR_OF_THE_FAKE"), std::string::npos) << answer.gpus[0].refused;
    EXPECT_EQ(answer.gpus[0].wrong, "");
  }
}

TEST_F(GpuProduct, LeavesAGpuAloneThatIsForOneProcess) {
  for (const char* mode : {"2", "3"}) {
    const Steer steer(std::string("compute mode=") + mode + ",cuDevicePrimaryCtxRetain=700");
    const GpuCanaryAnswer answer = take_gpu_product(plan());
    ASSERT_EQ(answer.gpus.size(), 1u);
    EXPECT_EQ(answer.gpus[0].refused, mode[0] == '2' ? "compute mode: nobody may compute on it"
                                                     : "compute mode: it is for one process alone, which is to be the "
                                                       "measured one");
  }
}

TEST_F(GpuProduct, OfOneGpuOutlivesTheOther) {
  const Setting gpus("VARVE_FAKE_GPUS", "2");
  const Steer steer("cuDevicePrimaryCtxRetain.1=719");
  const GpuCanaryAnswer answer = take_gpu_product(plan());
  ASSERT_EQ(answer.gpus.size(), 2u);
  EXPECT_EQ(answer.gpus[0].products.size(), 9u);
  EXPECT_EQ(answer.gpus[1].refused, "cuDevicePrimaryCtxRetain: CUDA_ERROR_OF_THE_FAKE");
}

TEST_F(GpuProduct, SurvivesCrashHangAndExit) {
  for (const char* call : {"cuInit", "cuDevicePrimaryCtxRetain", "cuLaunchKernel", "cuEventSynchronize"}) {
    for (const auto& [what, said] :
         {std::pair("crash", "it crashed"), {"exit", "it ended the process"}, {"hang", "it did not answer within"}}) {
      const Steer steer(std::string(call) + "=" + what);
      GpuCanaryPlan bounded = plan();
      bounded.seconds = what == std::string("hang") ? 0.3 : 60;
      const GpuCanaryAnswer answer = take_gpu_product(bounded);
      const std::string refused = answer.gpus.empty() ? answer.refused : answer.gpus[0].refused;
      EXPECT_NE(refused.find(said), std::string::npos) << call << " " << what << ": " << refused;
      EXPECT_EQ(answer.gpus.empty() || answer.gpus[0].products.empty(), true);
    }
  }
}

// A clock that does not move ends, without a reading: what takes no time was not timed.
TEST_F(GpuProduct, OfAClockThatStandsStillIsNone) {
  const Steer steer("milliseconds=wrong");
  GpuCanaryPlan small = plan();
  small.size = 16;
  const GpuCanaryAnswer answer = take_gpu_product(small);
  ASSERT_EQ(answer.gpus.size(), 1u);
  EXPECT_TRUE(answer.gpus[0].products.empty());
  EXPECT_EQ(answer.gpus[0].refused, "fixed product: the GPU's clock stands still");
}

TEST_F(GpuProduct, IsOfADriverThatIsThere) {
  GpuCanaryPlan none = plan();
  none.libcuda = root_->path() + "/none.so";
  EXPECT_NE(take_gpu_product(none).refused.find("open libcuda: "), std::string::npos);
}

TEST(GpuCanaryReal, TheKernelCompilesForEveryGpuADriverKnows) {
  const std::optional<std::string> refused = test::what_real_drivers_refuse(gpu_canary_ptx());
  if (!refused) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with real drivers";
  EXPECT_EQ(*refused, "");
}

}  // namespace
}  // namespace varve
