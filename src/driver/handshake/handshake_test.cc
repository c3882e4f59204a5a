#include "driver/handshake/handshake.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "base/test_sources.h"
#include "driver/handshake/handshake_steps.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Setting;
using test::Steer;

class Handshake : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new TestRoot;
    plan_ = new HandshakePlan;
    plan_->libcuda = test::build_fake(*root_, test::source_path("tests/fake_driver/fake_cuda.c"), "libcuda.so.1");
    EnvironmentLibraries environment;
    environment.name = "~/venv";
    environment.cudart = test::build_fake(*root_, test::source_path("tests/fake_driver/fake_cuda_libraries.c"),
                                          "libcudart.so.12", "-DCUDART");
    environment.cublas = test::build_fake(*root_, test::source_path("tests/fake_driver/fake_cuda_libraries.c"),
                                          "libcublas.so.12", "-DCUBLAS");
    environment.cudnn = test::build_fake(*root_, test::source_path("tests/fake_driver/fake_cuda_libraries.c"),
                                         "libcudnn.so.9", "-DCUDNN");
    plan_->environments = {environment};
    // Machine code for the fake GPU is any file that begins like an ELF file.
    root_->write(
        "ptxas",
        "#!/bin/sh\n[ \"$1\" = -arch=sm_90 ] || { echo \"no $1\" >&2; exit 1; }\nprintf '\\177ELF' > \"$3\"\n");
    plan_->ptxas = root_->path() + "/ptxas";
    std::filesystem::permissions(plan_->ptxas, std::filesystem::perms::owner_all);
  }
  static void TearDownTestSuite() {
    delete plan_;
    delete root_;
  }
  void SetUp() override {
    if (plan_->libcuda.empty()) GTEST_SKIP() << "no gcc here";
  }

  static HandshakePlan driver_only() {
    HandshakePlan plan = *plan_;
    plan.environments.clear();
    return plan;
  }

  static inline TestRoot* root_ = nullptr;
  static inline HandshakePlan* plan_ = nullptr;
};

std::string words(const std::vector<HandshakeStep>& steps) {
  std::string text;
  for (const HandshakeStep& step : steps) {
    text += fmt::format("{}{}{}: {}", step.subject, step.subject.empty() ? "" : " ", step.step, to_string(step.state));
    if (step.code) text += fmt::format(" {}", *step.code);
    text += "\n";
  }
  return text;
}

TEST_F(Handshake, GoesTheWholeWay) {
  const auto steps = shake_hands(*plan_);
  EXPECT_EQ(words(steps),
            "open libcuda: passed\ncuInit: passed\ncuDeviceGetCount: passed\n"
            "GPU 0 cuDeviceGet: passed\nGPU 0 context: passed\nGPU 0 kernel from PTX: passed\n"
            "GPU 0 kernel from SASS: passed\n"
            "~/venv open libcudart: passed\n~/venv cudaRuntimeGetVersion: passed\n~/venv cudaGetDeviceCount: passed\n"
            "~/venv cudaFree: passed\n~/venv open libcublas: passed\n~/venv cuBLAS: passed\n"
            "~/venv open libcudnn: passed\n~/venv cuDNN: passed\n");
  EXPECT_EQ(steps[3].detail, "Fake GPU, compute capability 9.0");
  EXPECT_EQ(steps[8].detail, "12.9");
  for (const HandshakeStep& step : steps) EXPECT_GE(step.seconds, 0);
}

struct Case {
  const char *steer, *last_step, *detail;
  long long code;
};

// The step that fails carries the code, and nothing after it is claimed.
TEST_F(Handshake, NamesTheStepThatFails) {
  for (const Case& at : {Case{"cuInit=100", "cuInit", "CUDA_ERROR_NO_DEVICE", 100},
                         {"cuInit=803", "cuInit", "CUDA_ERROR_OF_THE_FAKE", 803},
                         {"cuDeviceGetCount=3", "cuDeviceGetCount", "CUDA_ERROR_OF_THE_FAKE", 3},
                         {"cuDeviceGet=101", "cuDeviceGet", "CUDA_ERROR_OF_THE_FAKE", 101},
                         {"cuDevicePrimaryCtxRetain=46", "context", "in cuDevicePrimaryCtxRetain", 46},
                         {"cuCtxSetCurrent=201", "context", "in cuCtxSetCurrent", 201}}) {
    const Steer steer(at.steer);
    const auto steps = shake_hands(driver_only());
    ASSERT_FALSE(steps.empty());
    EXPECT_EQ(steps.back().step, at.last_step) << at.steer;
    EXPECT_EQ(steps.back().state, StepState::failed);
    EXPECT_EQ(steps.back().code, at.code);
    EXPECT_NE(steps.back().detail.find(at.detail), std::string::npos) << steps.back().detail;
  }
}

TEST_F(Handshake, NamesTheCallThatFailedInAKernel) {
  for (const char* call : {"cuModuleGetFunction", "cuMemAlloc_v2", "cuLaunchKernel", "cuCtxSynchronize",
                           "cuMemcpyDtoH_v2", "cuModuleLoadData.ptx"}) {
    const Steer steer(std::string(call) + "=700");
    const auto steps = shake_hands(driver_only());
    ASSERT_EQ(steps.size(), 7u) << words(steps);
    EXPECT_EQ(steps[5].step, "kernel from PTX");
    EXPECT_EQ(steps[5].state, StepState::failed);
    EXPECT_EQ(steps[5].code, 700);
    const std::string plain = std::string(call).substr(0, std::string(call).find_first_of("._"));
    EXPECT_NE(steps[5].detail.find(plain), std::string::npos) << steps[5].detail;
  }
}

TEST_F(Handshake, DoesNotBelieveAWrongResult) {
  const Steer steer("cuLaunchKernel=wrong");
  const auto steps = shake_hands(driver_only());
  ASSERT_EQ(steps.size(), 7u);
  EXPECT_EQ(steps[5].state, StepState::failed);
  EXPECT_NE(steps[5].detail.find("element 3"), std::string::npos) << steps[5].detail;
}

TEST_F(Handshake, AMissingJitIsNoBrokenGpu) {
  for (int code : {221, 222, 223}) {
    const Steer steer(fmt::format("cuModuleLoadData.ptx={}", code));
    const auto steps = shake_hands(driver_only());
    ASSERT_EQ(steps.size(), 7u);
    EXPECT_EQ(steps[5].state, StepState::skipped);
    EXPECT_EQ(steps[5].code, code);
    EXPECT_NE(steps[5].detail.find("nothing against the GPU"), std::string::npos);
    EXPECT_EQ(steps[6].state, StepState::passed) << "machine code needs no JIT";
  }
}

TEST_F(Handshake, SaysWhyThereIsNoMachineCode) {
  HandshakePlan plan = driver_only();
  plan.ptxas.clear();
  EXPECT_EQ(shake_hands(plan).back().state, StepState::skipped);
  plan.ptxas = root_->path() + "/none";
  EXPECT_NE(shake_hands(plan).back().detail.find("cannot be started"), std::string::npos);
  const std::string refusing = root_->path() + "/refusing";
  root_->write("refusing", "#!/bin/sh\necho 'sm_90 is not known' >&2\nexit 1\n");
  std::filesystem::permissions(refusing, std::filesystem::perms::owner_all);
  plan.ptxas = refusing;
  const auto steps = shake_hands(plan);
  EXPECT_EQ(steps.back().state, StepState::skipped);
  EXPECT_NE(steps.back().detail.find("sm_90 is not known"), std::string::npos) << steps.back().detail;
}

TEST_F(Handshake, OneSickGpuDoesNotHideTheOthers) {
  const Setting gpus("VARVE_FAKE_GPUS", "3");
  const Steer steer("cuDevicePrimaryCtxRetain.1=719");
  const auto steps = shake_hands(driver_only());
  EXPECT_EQ(steps.back().subject, "GPU 2");
  EXPECT_EQ(steps.back().state, StepState::passed);
  EXPECT_EQ(std::count_if(steps.begin(), steps.end(), [](const auto& step) { return step.state == StepState::failed; }),
            1);
}

TEST_F(Handshake, SurvivesCrashHangAndExit) {
  {
    const Steer steer("cuDevicePrimaryCtxRetain=crash");
    const auto steps = shake_hands(driver_only());
    EXPECT_EQ(steps.back().step, "context");
    EXPECT_EQ(steps.back().code, SIGSEGV);
    EXPECT_NE(steps.back().detail.find("crashed"), std::string::npos);
  }
  {
    const Steer steer("cuInit=exit");
    const auto steps = shake_hands(driver_only());
    EXPECT_EQ(steps.back().step, "cuInit");
    EXPECT_EQ(steps.back().state, StepState::failed);
    EXPECT_NE(steps.back().detail.find("ended the process"), std::string::npos);
  }
  const Steer steer("cuInit=hang");
  HandshakePlan plan = *plan_;
  plan.seconds = 0.3;
  const auto steps = shake_hands(plan);
  ASSERT_GE(steps.size(), 3u);
  EXPECT_EQ(steps[1].step, "cuInit");
  EXPECT_EQ(steps[1].state, StepState::failed);
  EXPECT_GT(steps[1].seconds, 0.2);
  // What hangs is not tried again; what needs no device is.
  EXPECT_EQ(words({steps.begin() + 2, steps.end()}),
            "~/venv open libcudart: passed\n~/venv cudaRuntimeGetVersion: passed\n~/venv open libcublas: passed\n"
            "~/venv cuBLAS: skipped\n~/venv open libcudnn: passed\n~/venv cuDNN: skipped\n");
}

TEST_F(Handshake, NamesTheErrorsOfAnEnvironment) {
  {
    const Steer steer("cudaGetDeviceCount=35");
    const auto steps = shake_hands(*plan_);
    const auto count =
        std::find_if(steps.begin(), steps.end(), [](const auto& s) { return s.step == "cudaGetDeviceCount"; });
    ASSERT_NE(count, steps.end());
    EXPECT_EQ(count->code, 35);
    EXPECT_EQ(count->detail, "cudaErrorInsufficientDriver");
    EXPECT_EQ(steps.back().state, StepState::skipped);
    EXPECT_EQ(steps.back().detail, "cudaGetDeviceCount failed");
  }
  const Steer steer("cublasCreate_v2=1,cudnnCreate=1002");
  const auto steps = shake_hands(*plan_);
  EXPECT_EQ(steps.back().detail, "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH in cudnnCreate");
  EXPECT_EQ(steps[steps.size() - 3].detail, "CUBLAS_STATUS_NOT_INITIALIZED in cublasCreate_v2");
}

TEST_F(Handshake, SaysWhatCannotBeOpened) {
  HandshakePlan plan = *plan_;
  plan.libcuda = root_->path() + "/none.so";
  plan.environments[0].cublas = root_->path() + "/none-either.so";
  const auto steps = shake_hands(plan);
  EXPECT_EQ(steps[0].step, "open libcuda");
  EXPECT_EQ(steps[0].state, StepState::failed);
  EXPECT_NE(steps[0].detail.find("No such file"), std::string::npos);
  EXPECT_NE(words(steps).find("~/venv open libcublas: failed\n~/venv open libcudnn"), std::string::npos)
      << words(steps);
  plan.libcuda = plan_->environments[0].cudart;  // a library, and not this one
  EXPECT_EQ(shake_hands(plan)[0].detail, "it has no cuInit");
}

HandshakePlan real_plan(const std::string& major) {
  HandshakePlan plan;
  plan.libcuda = test::real_driver_library(major, "libcuda.so.1");
  plan.leave_machine_alone = true;
  return plan;
}

// Real drivers without a GPU: cuInit says so.
TEST(HandshakeReal, EndsAtCuInitWithoutADevice) {
  const HandshakePlan plan = real_plan("550");
  if (plan.libcuda.empty()) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with driver 550";
  if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "a driver is loaded here";
  const auto steps = shake_hands(plan);
  EXPECT_EQ(words(steps), "open libcuda: passed\ncuInit: failed 100\n");
  EXPECT_EQ(steps[1].detail, "CUDA_ERROR_NO_DEVICE");
}

TEST(HandshakeReal, TheKernelCompilesForEveryGpuADriverKnows) {
  const std::optional<std::string> refused = test::what_real_drivers_refuse(handshake_ptx());
  if (!refused) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with real drivers";
  EXPECT_EQ(*refused, "");
}

// $VARVE_REAL_VENVS/NAME/lib/python3.*/site-packages/nvidia/**/FILE, or "".
std::string in_environment(const std::string& name, const std::string& file) {
  const char* environments = std::getenv("VARVE_REAL_VENVS");
  std::error_code error;
  if (environments == nullptr) return {};
  for (const auto& python : std::filesystem::directory_iterator(environments + ("/" + name) + "/lib", error)) {
    const auto nvidia = python.path() / "site-packages/nvidia";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(nvidia, error)) {
      if (entry.path().filename() == file) return entry.path().string();
    }
  }
  return {};
}

struct RealPair {
  const char *environment, *cudart, *driver;
  long long code;  // of cudaGetDeviceCount: 35 the driver is too old, 100 there is no GPU
};

// What torch says of the same pairs ("driver too old" against "No CUDA GPUs are available"), from the runtime itself.
TEST(HandshakeReal, ARuntimeSaysWhetherItFitsTheDriver) {
  for (const RealPair& pair : {RealPair{"venv-torch212", "libcudart.so.12", "470", 35},
                               {"venv-torch212", "libcudart.so.12", "525", 100},
                               {"venv-torch212", "libcudart.so.12", "550", 100},
                               {"venv-torch215", "libcudart.so.13", "550", 35}}) {
    HandshakePlan plan = real_plan(pair.driver);
    const std::string cudart = in_environment(pair.environment, pair.cudart);
    if (plan.libcuda.empty() || cudart.empty()) GTEST_SKIP() << "no real driver and environment are named";
    if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "a driver is loaded here";
    plan.environments = {{pair.environment, cudart, "", ""}};
    const auto steps = shake_hands(plan);
    EXPECT_EQ(steps.back().step, "cudaGetDeviceCount");
    EXPECT_EQ(steps.back().code, pair.code) << pair.environment << " on " << pair.driver << ": " << steps.back().detail;
  }
}

TEST(HandshakeReal, OpensTheLibrariesOfAnEnvironmentWithoutADevice) {
  HandshakePlan plan = real_plan("550");
  const EnvironmentLibraries libraries{"venv-torch212", in_environment("venv-torch212", "libcudart.so.12"),
                                       in_environment("venv-torch212", "libcublas.so.12"),
                                       in_environment("venv-torch212", "libcudnn.so.8")};
  if (plan.libcuda.empty() || libraries.cudnn.empty()) GTEST_SKIP() << "no real driver and environment are named";
  plan.environments = {libraries};
  const std::string said = words(shake_hands(plan));
  EXPECT_NE(said.find("venv-torch212 open libcublas: passed\nvenv-torch212 cuBLAS: skipped\n"), std::string::npos)
      << said;
  EXPECT_NE(said.find("venv-torch212 open libcudnn: passed"), std::string::npos) << said;
}

}  // namespace
}  // namespace varve
