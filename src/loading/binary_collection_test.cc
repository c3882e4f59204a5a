#include "loading/binary_collection.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Fact version_in(const std::string& package, PackageRole role) {
  Environment environment{
      .kind = EnvironmentKind::venv, .path = "/e", .python = {}, .packages = {}, .compilers = {}, .runtimes = {}};
  environment.packages.push_back(
      {.name = package, .version = "1.15.0", .role = role, .installer = "pip", .cuda = {}, .requirements = {}});
  BinaryCollection collection;
  collection.binaries.push_back(
      {.path = "/e/cuquantum/lib/libcustatevec.so.1", .environment = "/e", .package = package});
  collection.binaries.back().version = missing_fact(Missing::absent, "made");
  infer_versions(environment, collection);
  return collection.binaries.back().version;
}

// Wheels of libraries, and those that are called after the one library that they hold.
TEST(BinaryCollection, AWheelTellsTheVersionOfItsLibrary) {
  EXPECT_EQ(fact_text(version_in("custatevec-cu12", PackageRole::extension)), "1.15.0");
  EXPECT_EQ(fact_text(version_in("custatevec-cu13", PackageRole::extension)), "1.15.0");
  EXPECT_EQ(fact_text(version_in("some-libraries", PackageRole::runtime)), "1.15.0");
  EXPECT_FALSE(version_in("qiskit-aer-gpu", PackageRole::extension).is_known());
}

}  // namespace
}  // namespace varve
