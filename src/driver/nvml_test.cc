#include "driver/nvml.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/test_sources.h"
#include "driver/probe_library.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Setting;
using test::Steer;
using Texts = std::vector<std::string>;

class Nvml : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new TestRoot;
    library_ = test::build_fake(*root_, test::source_path("tests/fake_driver/fake_nvml.c"), "libnvidia-ml.so.1");
  }
  static void TearDownTestSuite() { delete root_; }
  void SetUp() override {
    if (library_.empty()) GTEST_SKIP() << "no gcc here";
  }

  static inline TestRoot* root_ = nullptr;
  static inline std::string library_;
};

Texts texts(const Fact& fact) { return fact.is_known() ? std::get<Texts>(*fact.value) : Texts{}; }

TEST_F(Nvml, ListsTheGpusInTheOrderOfTheirAddresses) {
  const Setting gpus("VARVE_FAKE_GPUS", "2");
  const NvmlAnswer answer = ask_nvml(library_);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(answer.init_code, 0);
  EXPECT_EQ(fact_text(answer.driver_version), "550.163.01");
  EXPECT_EQ(fact_text(answer.nvml_version), "12.550.163.01");
  EXPECT_EQ(fact_text(answer.cuda_version), "12.4");
  EXPECT_EQ(fact_text(answer.driver_branch), "r550_00");
  ASSERT_EQ(answer.gpus.size(), 2u);
  EXPECT_EQ(answer.gpus[0].pci_address, "00000000:80:00.0");
  auto facts = nvml_facts(answer);
  EXPECT_EQ(std::get<std::int64_t>(*facts["gpu.count"].value), 2);
  EXPECT_EQ(texts(facts["gpu.models"]), (Texts{"Fake GPU 1", "Fake GPU 0"}));
  EXPECT_EQ(texts(facts["gpu.memory"]), (Texts{"81559 MiB", "81559 MiB"}));
  EXPECT_EQ(texts(facts["gpu.compute_capabilities"]), (Texts{"9.0", "9.0"}));
  EXPECT_EQ(texts(facts["gpu.power_limit"]), (Texts{"312.5 W", "312.5 W"}));
  EXPECT_EQ(texts(facts["gpu.application_clocks"]).at(0), "SM 1980 MHz, memory 2619 MHz");
  EXPECT_EQ(texts(facts["gpu.pcie_max"]).at(0), "gen 5 x16");
  EXPECT_EQ(texts(facts["gpu.nvlink"]).at(0), "3 of 4 links active");
  EXPECT_EQ(texts(facts["gpu.numa"]), (Texts{"node 1", "node 0"}));
}

TEST_F(Nvml, TellsWhatAGpuDoesNotHaveFromWhatTheDriverCannotSay) {
  const Setting gpus("VARVE_FAKE_GPUS", "2");
  auto facts = nvml_facts(ask_nvml(library_));
  EXPECT_EQ(texts(facts["gpu.ecc"]), (Texts{"not available", "enabled (disabled after a reset)"}));
  EXPECT_EQ(facts["gpu.mig"].missing, Missing::not_applicable);
  EXPECT_FALSE(facts["gpu.mig"].is_known());
  EXPECT_FALSE(facts["gpu.brand"].is_known());
  EXPECT_EQ(facts["gpu.brand"].missing, Missing::unsupported);
  EXPECT_NE(facts["gpu.brand"].detail.find("not supported by this driver"), std::string::npos);
}

TEST_F(Nvml, KeepsOfTheUuidADigestOnly) {
  auto facts = nvml_facts(ask_nvml(library_));
  const std::string uuid = "GPU-00000000-1111-2222-3333-444444444440";
  EXPECT_EQ(texts(facts["gpu.uuid"]), (Texts{"GPU-sha256:" + sha256_hex(uuid).substr(0, 12)}));
}

TEST_F(Nvml, WorksWithAnOldLibrary) {
  const TestRoot root;
  const NvmlAnswer answer = ask_nvml(
      test::build_fake(root, test::source_path("tests/fake_driver/fake_nvml.c"), "libnvidia-ml.so.1", "-DOLD"));
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(answer.driver_branch.missing, Missing::unsupported);
  EXPECT_EQ(nvml_facts(answer)["gpu.gsp_firmware"].missing, Missing::unsupported);
  EXPECT_EQ(answer.gpus.size(), 1u);
}

TEST_F(Nvml, NamesTheCodeOfAFailedStart) {
  const Steer steer("nvmlInit=18");
  const NvmlAnswer answer = ask_nvml(library_);
  EXPECT_EQ(answer.init_code, 18);
  EXPECT_EQ(answer.init_name, "NVML_ERROR_LIB_RM_VERSION_MISMATCH");
  EXPECT_EQ(fact_text(answer.nvml_version), "12.550.163.01");  // answered before
  EXPECT_FALSE(nvml_facts(answer)["gpu.count"].is_known());
}

TEST_F(Nvml, KeepsWhatWasSaidBeforeAHang) {
  const Setting gpus("VARVE_FAKE_GPUS", "2");
  const Steer steer("nvmlDeviceGetName.1=hang");
  const NvmlAnswer answer = ask_nvml(library_, {.seconds = 0.3});
  EXPECT_NE(answer.problem.find("did not answer"), std::string::npos) << answer.problem;
  EXPECT_EQ(fact_text(answer.driver_version), "550.163.01");
  ASSERT_EQ(answer.gpus.size(), 2u);
  auto facts = nvml_facts(answer);
  EXPECT_EQ(std::get<std::int64_t>(*facts["gpu.count"].value), 2);
  EXPECT_EQ(facts["gpu.models"].missing, Missing::timeout);
  EXPECT_NE(facts["gpu.models"].detail.find("GPU 0: "), std::string::npos) << facts["gpu.models"].detail;
}

TEST_F(Nvml, SurvivesACrashAndALostGpu) {
  {
    const Steer steer("nvmlInit=crash");
    const NvmlAnswer answer = ask_nvml(library_);
    EXPECT_NE(answer.problem.find("signal 11"), std::string::npos) << answer.problem;
    EXPECT_FALSE(answer.init_code);
  }
  const Setting gpus("VARVE_FAKE_GPUS", "2");
  const Steer steer("nvmlDeviceGetHandleByIndex_v2.1=15");
  auto facts = nvml_facts(ask_nvml(library_));
  EXPECT_FALSE(facts["gpu.models"].is_known());
  EXPECT_NE(facts["gpu.models"].detail.find("GPU 1: NVML_ERROR_GPU_IS_LOST"), std::string::npos);
}

TEST_F(Nvml, NoGpuIsNotApplicableAndACountThatFailedIsNot) {
  {
    const Setting gpus("VARVE_FAKE_GPUS", "0");
    auto facts = nvml_facts(ask_nvml(library_));
    EXPECT_EQ(std::get<std::int64_t>(*facts["gpu.count"].value), 0);
    EXPECT_EQ(facts["gpu.models"].missing, Missing::not_applicable);
  }
  const Steer steer("nvmlDeviceGetCount_v2=4");
  auto facts = nvml_facts(ask_nvml(library_));
  EXPECT_EQ(facts["gpu.count"].missing, Missing::denied);
  EXPECT_EQ(facts["gpu.models"].missing, Missing::denied);
}

TEST_F(Nvml, SaysThatThereIsNoLibrary) {
  const NvmlAnswer answer = ask_nvml(root_->path() + "/none.so");
  EXPECT_NE(answer.problem.find("No such file"), std::string::npos) << answer.problem;
  EXPECT_FALSE(answer.init_code);
  EXPECT_FALSE(answer.driver_version.is_known());
}

TEST(NvmlReal, SaysThatTheDriverIsNotLoaded) {
  for (const char* major : {"535", "550"}) {
    const std::string library = test::real_driver_library(major, "libnvidia-ml.so.1");
    if (library.empty()) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with driver " << major;
    if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "a driver is loaded here";
    const NvmlAnswer answer = ask_nvml(library);
    EXPECT_EQ(answer.init_code, 9) << answer.problem;
    EXPECT_EQ(answer.init_name, "NVML_ERROR_DRIVER_NOT_LOADED");
  }
}

TEST(FindDriverLibrary, LooksWhereTheLoaderWould) {
  const TestRoot root;
  const auto files = open_root(root.path());
  ASSERT_TRUE(files);
  World world = test_world(**files);
  EXPECT_FALSE(find_driver_library(world, "libnvidia-ml.so.1"));
  root.write("usr/lib/wsl/lib/libnvidia-ml.so.1", "");
  EXPECT_EQ(find_driver_library(world, "libnvidia-ml.so.1"), "/usr/lib/wsl/lib/libnvidia-ml.so.1");
  using namespace std::string_literals;
  root.write("etc/ld.so.cache",
             "glibc-ld.so.cache1.1\0\0libnvidia-ml.so.1\0/usr/lib32/libnvidia-ml.so.1\0"
             "libnvidia-ml.so.1\0/opt/driver/libnvidia-ml.so.1\0"s);
  EXPECT_EQ(find_driver_library(world, "libnvidia-ml.so.1"), "/usr/lib/wsl/lib/libnvidia-ml.so.1") << "a stale cache";
  root.write("opt/driver/libnvidia-ml.so.1", "");
  root.write("usr/lib32/libnvidia-ml.so.1", "");
  EXPECT_EQ(find_driver_library(world, "libnvidia-ml.so.1"), "/opt/driver/libnvidia-ml.so.1");
  root.write("mine/libnvidia-ml.so.1", "");
  world.environment["LD_LIBRARY_PATH"] = "relative:/mine";
  EXPECT_EQ(find_driver_library(world, "libnvidia-ml.so.1"), "/mine/libnvidia-ml.so.1");
}

}  // namespace
}  // namespace varve
