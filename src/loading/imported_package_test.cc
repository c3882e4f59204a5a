#include "loading/imported_package.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

// One row stands for libcudf and all that is called after it, and names the folder of libcudf.
TEST(ImportedPackage, IsTheFolderThatHoldsItsLibraries) {
  const TestRoot root;
  root.write("p/libcudf/__init__.py", "");
  root.write("p/libcudf_streaming/__init__.py", "");
  const auto files = open_root(root.path());
  const auto tops = [&](const std::string& name, const std::string& path) {
    const HeldLibrary library{.path = path};
    return imported_package(**files, {"/p"}, name, {&library}).tops;
  };
  EXPECT_EQ(tops("libcudf-cu12", "/p/libcudf/lib64/libcudf.so"), std::vector<std::string>{"libcudf"});
  EXPECT_EQ(tops("libcudf-streaming-cu12", "/p/libcudf_streaming/lib64/libcudf_streaming.so"),
            std::vector<std::string>{"libcudf_streaming"});
  // What lies beside all folders says nothing.
  EXPECT_EQ(tops("libcudf-cu12", "/p/libcudf_cu12.libs/libz.so"), std::vector<std::string>{"libcudf"});
}

}  // namespace
}  // namespace varve
