#include "tables/package_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/embedded.h"

namespace varve {
namespace {

TEST(PackageTable, EveryRowIsSoundAndReachable) {
  const auto json = nlohmann::json::parse(embedded_file("data/packages.json"));
  const std::set<std::string> roles = {"framework", "extension", "compiler", "runtime", "library"};
  for (const auto& row : json.at("packages")) {
    const std::string name = row.at("name");
    // Names are compared as PEP 503 writes them.
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_*"), std::string::npos) << name;
    EXPECT_TRUE(roles.contains(row.at("role"))) << name;
    EXPECT_FALSE(row.at("source").get<std::string>().empty()) << name;
    EXPECT_EQ(row.contains("cuda_file"), row.contains("cuda_name")) << name;
    std::string instance = name;
    for (std::size_t star = instance.find('*'); star != std::string::npos; star = instance.find('*')) {
      instance.replace(star, 1, "");
    }
    const PackageRow* found = row.contains("conda_only") ? find_conda_row(instance) : find_package_row(instance);
    ASSERT_NE(found, nullptr) << name;
    if (instance == name) {
      EXPECT_EQ(found->name, name);  // a pattern before it would hide the row
    }
  }
}

TEST(PackageTable, FindsByNameAndPattern) {
  EXPECT_EQ(find_package_row("torch")->role, PackageRole::framework);
  EXPECT_EQ(find_package_row("nvidia-cublas-cu12")->role, PackageRole::runtime);
  EXPECT_TRUE(find_package_row("nvidia-cuda-runtime-cu12")->version_is_cuda);
  EXPECT_FALSE(find_package_row("nvidia-cuda-cccl-cu12")->version_is_cuda);
  EXPECT_EQ(find_package_row("nvidia-cuda-nvcc")->role, PackageRole::compiler);
  EXPECT_EQ(find_package_row("cupy-cuda12x")->cuda_file, "cupy/.data/_wheel.json");
  EXPECT_EQ(find_package_row("requests"), nullptr);
  EXPECT_EQ(find_conda_row("pytorch")->name, "torch");
  EXPECT_EQ(find_package_row("pytorch"), nullptr);
}

TEST(PackageTable, PatternsOfCondaAreNoWheels) {
  ASSERT_NE(find_conda_row("cuda-nvprof"), nullptr);
  EXPECT_EQ(find_conda_row("cuda-nvprof")->role, PackageRole::runtime);
  EXPECT_EQ(find_package_row("cuda-of-somebody-cu12"), nullptr);
  EXPECT_EQ(find_package_row("cuda-bindings")->role, PackageRole::extension);
}

TEST(PackageTable, SystemPatternsLeaveCurlAndCupsAlone) {
  const auto& patterns = system_package_patterns();
  for (const char* name : {"cuda-nvcc-12-4", "libcudnn9-cuda-12", "libnccl2", "nvidia-driver-550", "libcublas-12-4",
                           "libnvidia-compute-550", "kmod-nvidia-latest-dkms", "libcurand10", "nvidia-utils"}) {
    EXPECT_TRUE(matches_any(name, patterns)) << name;
  }
  for (const char* name : {"libcurl4", "libcups2", "cudd", "libc6", "libnvme1", "nvi", "cuneiform"}) {
    EXPECT_FALSE(matches_any(name, patterns)) << name;
  }
}

TEST(PackageTable, Patterns) {
  EXPECT_TRUE(matches_pattern("abc", "abc"));
  EXPECT_TRUE(matches_pattern("abc", "a*c"));
  EXPECT_TRUE(matches_pattern("ac", "a*c"));
  EXPECT_TRUE(matches_pattern("aXcXc", "a*c"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_FALSE(matches_pattern("abcd", "a*c"));
  EXPECT_FALSE(matches_pattern("", "a"));
}

}  // namespace
}  // namespace varve
