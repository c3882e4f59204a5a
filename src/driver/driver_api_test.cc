#include "driver/driver_api.h"

#include <gtest/gtest.h>

#include "base/test_sources.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Steer;

TEST(DriverApi, AsksTheLibraryInAChild) {
  const TestRoot root;
  const std::string library =
      test::build_fake(root, test::source_path("tests/fake_driver/fake_cuda.c"), "libcuda.so.1");
  if (library.empty()) GTEST_SKIP() << "no gcc here";
  const Fact level = driver_api_level(library);
  EXPECT_EQ(fact_text(level), "12.4");
  EXPECT_EQ(level.standing, Standing::recorded);
  {
    const Steer steer("cuDriverGetVersion=34");
    const Fact fact = driver_api_level(library);
    EXPECT_EQ(fact.missing, Missing::unreadable);
    EXPECT_EQ(fact.detail, "CUDA_ERROR_STUB_LIBRARY");
  }
  {
    const Steer steer("cuDriverGetVersion=hang");
    EXPECT_EQ(driver_api_level(library, {.seconds = 0.2}).missing, Missing::timeout);
  }
  const Steer steer("cuDriverGetVersion=crash");
  EXPECT_NE(driver_api_level(library).detail.find("signal 11"), std::string::npos);
}

TEST(DriverApi, SaysWhyThereIsNone) {
  const TestRoot root;
  EXPECT_EQ(driver_api_level(root.path() + "/libcuda.so.1").missing, Missing::absent);
  root.write("libcuda.so.1", "");  // as docker commit leaves where a driver was mounted
  const Fact empty = driver_api_level(root.path() + "/libcuda.so.1");
  EXPECT_EQ(empty.missing, Missing::unreadable);
  EXPECT_NE(empty.detail, "");
}

// The published table of branches and CUDA versions, recorded.
TEST(DriverApiReal, KnowsItsLevel) {
  const std::pair<const char*, const char*> levels[] = {
      {"470", "11.4"}, {"525", "12.0"}, {"535", "12.2"}, {"550", "12.4"}};
  for (const auto& [major, level] : levels) {
    const std::string library = test::real_driver_library(major, "libcuda.so.1");
    if (library.empty()) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with driver " << major;
    EXPECT_EQ(fact_text(driver_api_level(library)), level) << major;
  }
}

}  // namespace
}  // namespace varve
