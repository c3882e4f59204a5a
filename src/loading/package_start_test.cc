#include "loading/package_start.h"

#include <gtest/gtest.h>

#include "loading/library_openers.h"
#include "world/test_root.h"

namespace varve {
namespace {

TEST(PackageStart, OpensWheelsByAListBesideItsPython) {
  const TestRoot root;
  root.write("p/faiss/__init__.py", "from .loader import *\n");
  root.write("p/faiss/loader.py",
             "import ctypes, json\nfor row in json.loads(read('_preload.json')): ctypes.CDLL(row)\n");
  root.write("p/faiss/other.json", "[\"nvidia-cublas-cu12\"]");
  const auto files = open_root(root.path());
  const auto opens = [&] { return PackageStart(**files, "/p", {"faiss"}).opens_wheels(); };
  EXPECT_FALSE(opens());  // nothing names that file
  root.write("p/faiss/_preload.json", "[\"libz.so\"]");
  EXPECT_FALSE(opens());
  root.write("p/faiss/_preload.json", "[\"nvidia-cublas-cu12\"]");
  EXPECT_TRUE(opens());
}

// As RAPIDS does it: the modules of rmm need librmm.so, which librmm opens when rmm is imported.
TEST(LibraryOpeners, AreFollowedThroughImports) {
  const TestRoot root;
  root.write("p/rmm/__init__.py",
             "try:\n    import librmm\nexcept ModuleNotFoundError:\n    pass\nelse:\n    librmm.load_library()\n");
  root.write("p/librmm/__init__.py", "from librmm.load import load_library\n");
  root.write("p/librmm/load.py",
             "import ctypes\ndef load_library():\n    import rapids_logger\n    return ctypes.CDLL(\"librmm.so\")\n");
  root.write("p/rapids_logger/__init__.py", "from .load import load_library\n");
  root.write("p/rapids_logger/load.py", "import ctypes\nctypes.CDLL(\"librapids_logger.so\")\n");
  root.write("p/other/__init__.py", "import ctypes\nctypes.CDLL(\"libother.so\")\n");
  root.write("p/silent/__init__.py", "import rmm_of_mine\nNAME = 'librmm.so'\n");
  const auto files = open_root(root.path());
  LibraryOpeners openers(**files, {"/p"});
  EXPECT_TRUE(openers.opens({"rmm"}, "/p/librmm/lib64/librmm.so"));
  EXPECT_TRUE(openers.opens({"rmm"}, "/p/rapids_logger/lib64/librapids_logger.so"));
  EXPECT_FALSE(openers.opens({"rmm"}, "/p/other/libother.so"));          // nothing that it imports
  EXPECT_FALSE(openers.opens({"silent"}, "/p/librmm/lib64/librmm.so"));  // it opens nothing
  EXPECT_FALSE(openers.opens({"rmm"}, "/p/librmm/librmmlike.so"));
  EXPECT_FALSE(openers.opens({"rmm"}, "/p/elsewhere/librmm.so"));
  EXPECT_FALSE(openers.opens({"nowhere"}, "/p/librmm/lib64/librmm.so"));
}

TEST(LibraryOpeners, NameLibrariesWithoutTheirNumbers) {
  const TestRoot root;
  root.write("p/bits/__init__.py", "from . import cextension\n");
  root.write("p/bits/cextension.py", "import ctypes\nctypes.CDLL(f'libbits_cuda{version}.so')\n");
  root.write("p/bits/other.py", "NAME = 'libother.so'\n");  // opens nothing
  const auto files = open_root(root.path());
  LibraryOpeners openers(**files, {"/p"});
  EXPECT_TRUE(openers.mentions({"bits"}, "libbits_cuda128.so"));
  EXPECT_FALSE(openers.mentions({"bits"}, "libother.so"));
  EXPECT_FALSE(openers.mentions({"bits"}, "libgfortran.so.5"));
}

}  // namespace
}  // namespace varve
