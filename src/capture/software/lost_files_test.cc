// Files and packages that an environment has lost, and what the import of others says of them.
#include <gtest/gtest.h>

#include <filesystem>

#include "capture/software/consumers_testing.h"

namespace varve {
namespace {

class LostFiles : public ::testing::Test, public test::MadeEnvironment {
 protected:
  void SetUp() override {
    if (!begin()) GTEST_SKIP() << "no gcc here";
  }
  // A package's metadata, with the lines that its list of files has.
  void installed(const std::string& stem, const std::string& record, const std::string& requirements = {}) {
    const std::string name = stem.substr(0, stem.find('-'));
    const std::string folder = std::string(kPackages) + stem + ".dist-info/";
    root_.write(folder + "METADATA", "Metadata-Version: 2.1\nName: " + name +
                                         "\nVersion: " + stem.substr(name.size() + 1) + "\n" + requirements + "\n");
    root_.write(folder + "RECORD", record);
  }
};

// xgboost 3.4.1: the copy of libgomp beside it is whole, and its one library was cut short.
TEST_F(LostFiles, LibraryThatIsNoneBesideACopyOfAnother) {
  library("xgboost.libs/libgomp-1.so", "int threads(void) { return 1; }");
  root_.write(std::string(kPackages) + "xgboost/lib/libxgboost.so", "cut short");
  const std::string record =
      "xgboost/__init__.py,,\nxgboost.libs/libgomp-1.so,,\nxgboost/lib/libxgboost.so,sha256=x,123456\n";
  root_.write(std::string(kPackages) + "xgboost/__init__.py",
              "import ctypes\nlib = ctypes.CDLL('lib/libxgboost.so')\n");
  installed("xgboost-3.4.1", record);
  Stack stack = capture();
  const ConsumedLibrary& opened = row_of(consumer_of(stack, "xgboost"), "libxgboost.so");
  EXPECT_EQ(opened.path, "");
  EXPECT_TRUE(opened.at_start);
  EXPECT_NE(opened.why.find("what is there is no library"), std::string::npos) << opened.why;
  // Opened by nobody whose Python can be read: missed where it is used.
  root_.write(std::string(kPackages) + "xgboost/__init__.py", "");
  stack = capture();
  EXPECT_FALSE(row_of(consumer_of(stack, "xgboost"), "libxgboost.so").at_start);
}

// jax-cuda12-pjrt puts its plug-in into jax_plugins, a folder without an __init__.py; jax finds it by an entry point.
TEST_F(LostFiles, OnlyLibraryOfAPackageInTheFolderOfOthers) {
  root_.write(std::string(kPackages) + "jax_plugins/xla_cuda12/__init__.py", "");
  root_.write(std::string(kPackages) + "jax_plugins/xla_cuda12/xla_cuda_plugin.so", "");
  installed("jax_cuda12_pjrt-0.4.38",
            "jax_plugins/xla_cuda12/__init__.py,,\njax_plugins/xla_cuda12/xla_cuda_plugin.so,sha256=x,123456\n");
  const Stack stack = capture();
  const ConsumedLibrary& plugin = row_of(consumer_of(stack, "jax_cuda12_pjrt"), "xla_cuda_plugin.so");
  EXPECT_EQ(plugin.kind, DependencyKind::opened);
  EXPECT_FALSE(plugin.at_start);
}

// ptxas of triton, which is told for want of it alone.
TEST_F(LostFiles, ProgramOfACompiler) {
  library("triton/_C/libtriton.so", "int PyInit_libtriton(void) { return 1; }");
  root_.write(std::string(kPackages) + "triton/__init__.py", "");
  const std::string ptxas = "triton/backends/nvidia/bin/ptxas";
  root_.write(std::string(kPackages) + ptxas, "a program");
  const std::string record = "triton/_C/libtriton.so,,\ntriton/__init__.py,,\n" + ptxas + ",sha256=x,";
  installed("triton-3.9.0", record + "9\n");
  EXPECT_TRUE(capture().consumers.empty());
  installed("triton-3.9.0", record + "8\n");
  EXPECT_TRUE(capture().consumers.empty()) << "another program is one";
  std::filesystem::remove(root_.path() + "/" + kPackages + ptxas);
  EXPECT_EQ(row_of(consumer_of(capture(), "triton"), "ptxas").kind, DependencyKind::opened);
}

// What torch asks for whatever the machine, and imports without a way around it.
TEST_F(LostFiles, PackageThatTheImportImports) {
  make_torch();
  const std::string record = "torch/lib/libtorch.so,,\ntorch/_C.cpython-311-x86_64-linux-gnu.so,,\n";
  const std::string asks =
      "Requires-Dist: typing-extensions>=4.8.0\nRequires-Dist: numpy\nRequires-Dist: sympy\n"
      "Requires-Dist: typing\nRequires-Dist: triton; python_version < \"3.8\"\n";
  installed("torch-2.0", record, asks);
  root_.write(std::string(kPackages) + "torch/__init__.py",
              "import typing, triton\nfrom typing_extensions import ParamSpec\n"
              "try:\n    import sympy\nexcept ImportError:\n    pass\nfrom torch._C import *\nimport numpy\n");
  const auto lacks = [&] { return consumer_of(capture(), "torch").lacks_packages; };
  root_.write(std::string(kPackages) + "numpy.libs/libgfortran.so", "");
  EXPECT_EQ(lacks(), (std::vector<std::string>{"typing_extensions", "numpy"}));
  root_.write("srv/own/typing_extensions.py", "");
  const Stack with_path = capture({{"PYTHONPATH", ":/srv/own:lib"}});
  EXPECT_EQ(consumer_of(with_path, "torch").lacks_packages, std::vector<std::string>{"numpy"});
  root_.write(std::string(kPackages) + "typing_extensions.py", "");
  root_.write(std::string(kPackages) + "numpy/__init__.py", "");
  EXPECT_TRUE(lacks().empty());
}

}  // namespace
}  // namespace varve
