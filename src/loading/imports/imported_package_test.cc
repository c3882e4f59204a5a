#include "loading/imports/imported_package.h"

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

// nvidia/__init__.py lets other packages put folders there, and imports nothing of them.
TEST(ImportedPackage, LiesBelowAFolderThatSeveralShare) {
  const TestRoot root;
  const char* shared = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
  root.write("p/nvidia/__init__.py", shared);
  root.write("p/nvidia/videodecode/__init__.py", "from ._decode import Decoder\n");
  root.write("p/nvidia/videodecode/_decode.py", "import torch\n");
  root.write("p/flat/__init__.py", shared);
  root.write("p/whole/__init__.py", std::string(shared) + "from . import core\n");
  root.write("p/whole/core/__init__.py", "");
  const auto files = open_root(root.path());
  const HeldLibrary decoder{.path = "/p/nvidia/videodecode/_libs/libcuvid.so"}, flat{.path = "/p/flat/_C.so"},
      whole{.path = "/p/whole/core/_core.so"};
  const ImportedPackage package = imported_package(**files, {"/p"}, "nvidia-videodecode-cu13", {&decoder});
  EXPECT_EQ(package.tops, std::vector<std::string>{"nvidia.videodecode"});
  EXPECT_EQ(lacking_modules(**files, {"/p"}, package.start), std::vector<std::string>{"torch"});
  // One that holds files of its own is imported all the same.
  EXPECT_EQ(imported_package(**files, {"/p"}, "other", {&flat}).tops, std::vector<std::string>{"flat"});
  EXPECT_EQ(imported_package(**files, {"/p"}, "another", {&whole}).tops, std::vector<std::string>{"whole"});
}

// As numba-cuda-mlir 0.6.0 finds out what the toolkit can, in a file that its import comes to.
TEST(ImportedPackage, AsksForTheRuntimeThatIsThere) {
  const TestRoot root;
  const std::string ask = "    _, version = runtime.getLocalRuntimeVersion()\n";
  root.write("p/asks/__init__.py", "from .core import debug\n");
  root.write("p/asks/core/__init__.py", "from cuda.bindings import runtime\n");
  root.write("p/asks/core/debug.py", "def find_out():\n" + ask + "    return version\n\n(A, B) = find_out()\n");
  root.write("p/may/__init__.py", "from . import debug\n");
  root.write("p/may/debug.py", "def find_out():\n" + ask + "    return version\n");
  root.write("p/tries/__init__.py", "from . import debug\n");
  root.write("p/tries/debug.py", "def find_out():\n  try:\n" + ask + "  except Exception:\n    pass\n\nfind_out()\n");
  const auto files = open_root(root.path());
  for (const auto& [name, asks] : {std::pair<std::string, bool>{"asks", true}, {"may", false}, {"tries", false}}) {
    const HeldLibrary module{.path = "/p/" + name + "/_C.so"};
    EXPECT_EQ(imported_package(**files, {"/p"}, name, {&module}).start.asks_for_runtime(), asks) << name;
  }
}

// scikit-build-core installs to be edited: the module is among the packages, its __init__.py among the sources.
TEST(ImportedPackage, MayHaveItsPythonAmongTheSources) {
  const TestRoot root;
  root.write("v/site-packages/ops/_core.cpython-312-x86_64-linux-gnu.so", "");
  root.write("srv/src/ops/__init__.py", "from ._core import version\n");
  root.write("w/site-packages/ops/__init__.py", "import other\n");
  const auto files = open_root(root.path());
  const HeldLibrary core{.path = "/v/site-packages/ops/_core.cpython-312-x86_64-linux-gnu.so"};
  const ImportedPackage package = imported_package(**files, {"/v/site-packages", "/srv/src"}, "ops", {&core});
  EXPECT_EQ(package.tops, std::vector<std::string>{"ops"});
  EXPECT_TRUE(package.start.is_known());
  EXPECT_TRUE(package.start.imports().contains(package.module_of(core)));
  // Another environment's packages are none of its sources.
  EXPECT_FALSE(imported_package(**files, {"/v/site-packages", "/w/site-packages"}, "ops", {&core}).start.is_known());
}

// persia_core.cpython-38-….so lies beside the folder that is imported, and the CUDA is of the package's name alone.
TEST(ImportedPackage, HasItsNameWithoutTheCuda) {
  const TestRoot root;
  root.write("p/persia/__init__.py", "import torch\n");
  const auto files = open_root(root.path());
  const HeldLibrary library{.path = "/p/persia_core.abi3.so"};
  const auto tops = [&](const std::string& name) { return imported_package(**files, {"/p"}, name, {&library}).tops; };
  for (const char* name : {"persia", "persia-cuda102", "persia-cu12", "persia-cuda12x"}) {
    EXPECT_EQ(tops(name), std::vector<std::string>{"persia"}) << name;
  }
  for (const char* name : {"persia-cuda", "persia-cu12-plugin", "persia-cure", "persia-12"}) {
    EXPECT_TRUE(tops(name).empty()) << name;
  }
}

// A wheel of maturin's without the __init__.py that would run its module.
TEST(ImportedPackage, IsTheModuleThatIsNamedAsItsFolder) {
  const TestRoot root;
  root.write("p/rs/rs.cpython-310-x86_64-linux-gnu.so", "");
  root.write("p/both/both.abi3.so", "");
  root.write("p/both/other.py", "");
  const auto files = open_root(root.path());
  const HeldLibrary module{.path = "/p/rs/rs.cpython-310-x86_64-linux-gnu.so"}, copy{.path = "/p/rs.libs/libssl.so.3"};
  EXPECT_TRUE(imported_package(**files, {"/p"}, "rs", {&copy, &module}).is_one_module());
  const HeldLibrary backend{.path = "/p/rs/backend.abi3.so"}, both{.path = "/p/both/both.abi3.so"};
  EXPECT_FALSE(imported_package(**files, {"/p"}, "rs", {&backend}).is_one_module());
  EXPECT_FALSE(imported_package(**files, {"/p"}, "rs", {&module, &backend}).is_one_module());
  EXPECT_FALSE(imported_package(**files, {"/p"}, "both", {&both}).is_one_module());
}

}  // namespace
}  // namespace varve
