#include "package/package_framework.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

TEST(PackageFramework, LocalVersions) {
  EXPECT_EQ(framework_in_local_version("2.8.3+cu12torch2.8cxx11abiTRUE"), "torch 2.8");
  EXPECT_EQ(framework_in_local_version("2.1.2+pt24cu121"), "torch 2.4");
  EXPECT_EQ(framework_in_local_version("2.1.2+pt210cu126"), "torch 2.10");
  EXPECT_EQ(framework_in_local_version("1.0+torch2.5.1.cu124"), "torch 2.5.1");
  EXPECT_EQ(framework_in_local_version("2.8.0+cu128"), "");
  EXPECT_EQ(framework_in_local_version("1.0+script2"), "");  // "pt" within a word
  EXPECT_EQ(framework_in_local_version("2.8.0"), "");
  EXPECT_EQ(framework_in_local_version("1.0+torch"), "");
}

TEST(PackageFramework, FileOfThePackage) {
  const TestRoot root;
  root.write("site/xformers/cpp_lib.json", R"({"version": {"cuda": 1201, "torch": "2.4.0+cu121"}})");
  const auto files = open_root(root.path());
  const PackageRow* row = find_package_row("xformers");
  ASSERT_NE(row, nullptr);
  Package package;
  package.version = "0.0.27.post2";
  set_built_for(**files, *row, "/site", package);
  EXPECT_EQ(package.built_for, "torch 2.4.0+cu121");
  EXPECT_EQ(package.built_for_source, "xformers/cpp_lib.json: version.torch");
}

TEST(PackageFramework, HostileFiles) {
  for (const char* text : {"", "[]", "{\"version\": 1}", "{\"version\": {\"torch\": []}}", "{\"version\""}) {
    const TestRoot root;
    root.write("site/xformers/cpp_lib.json", text);
    const auto files = open_root(root.path());
    Package package;
    set_built_for(**files, *find_package_row("xformers"), "/site", package);
    EXPECT_EQ(package.built_for, "") << text;
  }
}

}  // namespace
}  // namespace varve
