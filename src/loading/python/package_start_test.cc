#include "loading/python/package_start.h"

#include <gtest/gtest.h>

#include "loading/python/library_openers.h"
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

// faiss-gpu-cu12 1.8: one file knows the list, another opens what a third hands to it.
TEST(PackageStart, OpensWheelsByAListThatAnotherFileReads) {
  const TestRoot root;
  root.write("p/faiss/__init__.py", "from . import trigger\n");
  root.write("p/faiss/trigger.py", "from .opener import load\nfor row in read('PRELOAD.json'): load(row)\n");
  root.write("p/faiss/PRELOAD.json", "[\"nvidia-cublas-cu12\"]");
  const auto files = open_root(root.path());
  const auto opens = [&] { return PackageStart(**files, "/p", {"faiss"}).opens_wheels(); };
  EXPECT_FALSE(opens());  // nobody opens anything
  root.write("p/faiss/opener.py", "import ctypes\ndef load(row): ctypes.CDLL(row)\n");
  EXPECT_TRUE(opens());
}

// cuda.core: a function that the file itself calls imports what it cannot do without.
TEST(PackageStart, RunsTheFunctionsThatAFileCallsItself) {
  const TestRoot root;
  const auto files = open_root(root.path());
  const auto imports = [&](const std::string& source) {
    root.write("p/core/__init__.py", source);
    return PackageStart(**files, "/p", {"core"}).imports().contains("cuda.bindings");
  };
  const std::string function = "def _load() -> None:\n    import os\n\n    from cuda import bindings\n\n";
  EXPECT_TRUE(imports(function + "_load()\n"));
  EXPECT_FALSE(imports(function));
  EXPECT_FALSE(imports(function + "if __name__ == '__main__':\n    _load()\n"));
  EXPECT_FALSE(imports("def _load():\n    if no_gpu():\n        return\n    from cuda import bindings\n\n_load()\n"));
  EXPECT_FALSE(
      imports("def _load():\n    try:\n        from cuda import bindings\n    except ImportError:\n"
              "        pass\n\n_load()\n"));
}

TEST(PackageStart, TellsWhatTheImportOpensFromWhatIsOpenedLater) {
  const TestRoot root;
  const auto files = open_root(root.path());
  const auto opens = [&](const std::string& source) {
    root.write("p/torch/__init__.py", source);
    return PackageStart(**files, "/p", {"torch"}).opens("libdeps.so");
  };
  EXPECT_TRUE(opens("import ctypes\nctypes.CDLL('libdeps.so')\n"));
  const std::string load = "import ctypes\ndef load(\n    mode,\n) -> None:\n    ctypes.CDLL('libdeps.so', mode)\n\n";
  EXPECT_FALSE(opens(load));
  EXPECT_TRUE(opens(load + "if True:\n    load(1)\n"));
  // onnxruntime: one function asks for the version of a library, another opens others.
  EXPECT_FALSE(opens("def version():\n    return of('libdeps.so')\ndef preload():\n    ctypes.CDLL('x')\nversion()\n"));
}

// onnxruntime 1.14: a module that is only tried opens for all what its provider has no NEEDED entry for.
TEST(PackageStart, TellsTheNamesThatAModuleOpens) {
  const TestRoot root;
  root.write("p/ort/__init__.py", "try:\n    from ort.capi._state import x\nexcept Exception as e:\n    error = e\n");
  root.write("p/ort/capi/__init__.py", "");
  root.write("p/ort/capi/_state.py", "from . import _preload\n");
  root.write("p/ort/capi/_preload.py",
             "from ctypes import CDLL, RTLD_GLOBAL\ntry:\n    _a = CDLL(\"libcublas.so.11\", mode=RTLD_GLOBAL)\n"
             "    _b = CDLL('libcudnn.so.8', mode=RTLD_GLOBAL)\nexcept OSError:\n    pass\n"
             "CDLL(path)\nCDLL('/opt/libother.so')\nCDLL(f'lib{x}.so')\ndef later():\n    CDLL('liblater.so')\n");
  root.write("p/ort/unused.py", "CDLL('libunused.so')\n");
  const auto files = open_root(root.path());
  EXPECT_EQ(PackageStart(**files, "/p", {"ort"}).opened_names(),
            (std::vector<std::string>{"libcublas.so.11", "libcudnn.so.8"}));
  EXPECT_TRUE(PackageStart(**files, "/p", {"nowhere"}).opened_names().empty());
}

// mxnet: base.py opens what libinfo.py has found, and __init__.py reaches it through others.
TEST(PackageStart, FollowsTheImportToWhereALibraryIsOpened) {
  const TestRoot root;
  root.write("p/mxnet/__init__.py", "from .context import Context\n");
  root.write("p/mxnet/context.py", "from .base import _LIB\n");
  root.write("p/mxnet/base.py",
             "import ctypes\nfrom . import libinfo\ndef _load_lib():\n    return ctypes.CDLL(libinfo.find()[0])\n\n"
             "_LIB = _load_lib()\n");
  root.write("p/mxnet/libinfo.py",
             "def find():\n    return ['libmxnet.so', 'native/engine.so']  # not libmxnet_2.so\n");
  root.write("p/mxnet/later.py", "NAME = 'libother.so'\n");  // nobody imports it at once
  const auto files = open_root(root.path());
  const PackageStart start(**files, "/p", {"mxnet"});
  EXPECT_FALSE(start.opens("libmxnet.so"));
  EXPECT_EQ(start.opened_by_import({"libmxnet.so", "libother.so", "libmxnet_2.so", "libmx.so", "engine.so", "eng.so"}),
            (std::set<std::string>{"libmxnet.so", "engine.so"}));
}

// torchcodec 0.5: a function that the file calls tries one library for each FFmpeg, and raises where none loads.
TEST(PackageStart, OpensOneOfSeveralWhoseNamesItPutsTogether) {
  const TestRoot root;
  const auto files = open_root(root.path());
  const auto opened = [&](const std::string& raises, const std::string& call) {
    root.write("p/codec/__init__.py", "from ._core import ops\n");
    root.write("p/codec/_core/__init__.py", "");
    root.write("p/codec/_core/ops.py",
               "import torch\ndef load():\n    for version in (7, 6):\n        name = f\"libcodec_core{version}\"\n"
               "        try:\n            torch.ops.load_library(path_of(name))\n            return\n"
               "        except Exception as e:\n            error = e\n" +
                   raises + "\n" + call);
    const std::vector<std::string> names = {"libcodec_core6.so", "libcodec_core7.so", "libother7.so",
                                            "libcodec_ops7.so"};
    return PackageStart(**files, "/p", {"codec"}).opened_by_import(names);
  };
  const std::string raises = "    raise RuntimeError('none')\n";
  EXPECT_EQ(opened(raises, "load()\n"), (std::set<std::string>{"libcodec_core6.so", "libcodec_core7.so"}));
  EXPECT_EQ(opened("", "load()\n"), std::set<std::string>());
  EXPECT_EQ(opened(raises, ""), std::set<std::string>());
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
  root.write("p/cyborg/__init__.py",
             "import ctypes\ndef load(package, *below):\n    ctypes.CDLL(find(package, *below))\n"
             "load('librmm', 'lib64', 'librmm.so')\n");
  root.write("p/plain/__init__.py", "import ctypes\nctypes.CDLL('librmm.so')\n");
  LibraryOpeners openers(**files, {"/p"});
  EXPECT_TRUE(openers.opens({"rmm"}, "/p/librmm/lib64/librmm.so"));
  EXPECT_TRUE(openers.opens({"rmm"}, "/p/rapids_logger/lib64/librapids_logger.so"));
  EXPECT_FALSE(openers.opens({"rmm"}, "/p/other/libother.so"));          // nothing that it imports
  EXPECT_FALSE(openers.opens({"silent"}, "/p/librmm/lib64/librmm.so"));  // it opens nothing
  EXPECT_TRUE(openers.opens({"cyborg"}, "/p/librmm/lib64/librmm.so"));
  EXPECT_FALSE(openers.opens({"plain"}, "/p/librmm/lib64/librmm.so"));  // it opens what the loader finds
  EXPECT_FALSE(openers.opens({"rmm"}, "/p/librmm/librmmlike.so"));
  EXPECT_FALSE(openers.opens({"rmm"}, "/p/elsewhere/librmm.so"));
  EXPECT_FALSE(openers.opens({"nowhere"}, "/p/librmm/lib64/librmm.so"));
}

// As nvCOMP does it: a folder that no package has to itself.
TEST(LibraryOpeners, ArePartsOfANamespace) {
  const TestRoot root;
  root.write("p/nvidia/libnvcomp/__init__.py", "from .load import load_library\n");
  root.write("p/nvidia/libnvcomp/load.py", "import ctypes\ndef load_library():\n    ctypes.CDLL('libnvcomp.so.6')\n");
  root.write("p/nvidia/nvcomp/__init__.py",
             "try:\n    import nvidia.libnvcomp\nexcept ModuleNotFoundError:\n    pass\n");
  root.write("p/nvidia/other/__init__.py", "from nvidia import libnvcomp, nvcomp\n");
  root.write("p/nvidia/alone/__init__.py", "import nvidia\n");
  const auto files = open_root(root.path());
  LibraryOpeners openers(**files, {"/p"});
  const std::string library = "/p/nvidia/libnvcomp/lib64/libnvcomp.so.6";
  EXPECT_TRUE(openers.opens({"nvidia.nvcomp"}, library));
  EXPECT_TRUE(openers.opens({"nvidia.other"}, library));
  EXPECT_FALSE(openers.opens({"nvidia.alone"}, library));
}

// deepmd-kit: what has its modules imports the file beside them first, which opens what NVIDIA's wheels hold.
TEST(LibraryOpeners, MayBeBelowThePackagesTop) {
  const TestRoot root;
  root.write("p/deepmd/__init__.py", "");
  root.write("p/deepmd/tf/env.py",
             "import ctypes\ndef dlopen_library(module, pattern):\n    ctypes.CDLL(found(module, pattern))\n"
             "dlopen_library('nvidia.cuda_runtime.lib', 'libcudart.so*')\n");
  root.write("p/deepmd/pt/names.py", "NAMES = ['nvidia.nccl.lib', 'libnccl.so*']\n");
  const auto files = open_root(root.path());
  LibraryOpeners openers(**files, {"/p"});
  EXPECT_TRUE(openers.opens_below({"deepmd"}, "/p/nvidia/cuda_runtime/lib/libcudart.so.12"));
  EXPECT_FALSE(openers.opens_below({"deepmd"}, "/p/nvidia/nccl/lib/libnccl.so.2")) << "named, and opened by nobody";
  EXPECT_FALSE(openers.opens({"deepmd"}, "/p/nvidia/cuda_runtime/lib/libcudart.so.12"));
  EXPECT_FALSE(openers.opens_below({"nowhere"}, "/p/nvidia/cuda_runtime/lib/libcudart.so.12"));
}

// nvidia-cudnn-frontend: a function that the file calls tries one name, then another.
TEST(PackageStart, TellsTheNamesThatItsTopOpens) {
  const TestRoot root;
  const std::string function =
      "import ctypes\ndef _dlopen():\n    try:\n        ctypes.CDLL('libcudnn.so.9')\n    except Exception:\n"
      "        ctypes.CDLL('libcudnn.so')\n";
  const auto files = open_root(root.path());
  const auto names = [&](const std::string& source) {
    root.write("p/cudnn/__init__.py", source);
    return PackageStart(**files, "/p", {"cudnn"}).names_opened_at_top().at("/p/cudnn/__init__.py");
  };
  EXPECT_EQ(names(function + "_dlopen()\n"), (std::vector<std::string>{"libcudnn.so.9", "libcudnn.so"}));
  EXPECT_TRUE(names(function).empty());
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
  EXPECT_FALSE(openers.mentions({"bits"}, "libbits.so.1"));
  EXPECT_FALSE(openers.mentions({"bits"}, "libgfortran.so.5"));
}

}  // namespace
}  // namespace varve
