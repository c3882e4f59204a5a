// What imports of an environment's packages want of other files: libraries, modules and packages.
#include <gtest/gtest.h>

#include <filesystem>

#include "binary/test_files.h"
#include "capture/software/consumers_testing.h"

namespace varve {
namespace {

class ConsumerImports : public ::testing::Test, public test::MadeEnvironment {
 protected:
  void SetUp() override {
    if (!begin()) GTEST_SKIP() << "no gcc here";
  }
};

// Modules that NVIDIA's generator makes have cuda-pathfinder open the library that they are named after: no file holds
// that name, and of several releases the first that is there counts.
TEST_F(ConsumerImports, OfBindingsOpenTheLibrariesThatTheyBind) {
  const std::string folder = "nvmath/bindings/_internal/";
  std::vector<std::string> files = {"nvmath/__init__.py"};
  root_.write(kPackages + files[0], "");
  for (const std::string name : {"cublas", "cufft"}) {
    files.push_back(folder + name + ".cpython-311-x86_64-linux-gnu.so");
    library(files.back(), "const char* PyInit_" + name + "(void) { return \"libcuda.so.1\"; }");
  }
  package("nvmath-python", "1.0.0", files);
  root_.write(std::string(kPackages) + "nvmath_python-1.0.0.dist-info/METADATA",
              "Metadata-Version: 2.1\nName: nvmath-python\nVersion: 1.0.0\nRequires-Dist: cuda-pathfinder\n");
  library("nvidia/cublas/lib/libcublas.so.12", "int products(void) { return 1; }");
  package("nvidia-cublas-cu12", "12.9.1", {"nvidia/cublas/lib/libcublas.so.12"});
  const auto look = [&] { return capture(); };
  Stack stack = look();
  const ConsumedLibrary& found = row_of(consumer_of(stack, "nvmath-python"), "libcublas.so.12");
  EXPECT_EQ(found.why, "held by the environment");
  EXPECT_EQ(found.kind, DependencyKind::opened);
  EXPECT_NE(found.path, "");
  EXPECT_EQ(row_of(consumer_of(stack, "nvmath-python"), "libcufft.so.12").path, "") << "of CUDA 13, the newest";
  package("cuda-bindings", "12.9.0", {});  // which tells the release that is wanted
  stack = look();
  EXPECT_EQ(row_of(consumer_of(stack, "nvmath-python"), "libcufft.so.11").path, "");
  ASSERT_TRUE(build("opt/cuda/lib64/libcufft.so.11", "int waves(void) { return 1; }", ""));
  stack = capture({{"CUDA_HOME", "/opt/cuda"}});
  EXPECT_EQ(row_of(consumer_of(stack, "nvmath-python"), "libcufft.so.11").path, "/opt/cuda/lib64/libcufft.so.11");
  stack = capture({{"CUDA_HOME", "/opt/cuda"}, {"CUDA_PATH", "/opt/other"}});
  EXPECT_EQ(row_of(consumer_of(stack, "nvmath-python"), "libcufft.so.11").path, "") << "CUDA_PATH goes first";
}

// cuda-pathfinder looks into site-packages, and not into what PYTHONPATH or pip --target brings.
TEST_F(ConsumerImports, OfBindingsDoNotFindTheWheelsOfAPlainFolder) {
  for (const std::string place : {"target/", "srv/site-packages/"}) {
    ASSERT_TRUE(build(place + "nvmath/bindings/_internal/cublas.cpython-311-x86_64-linux-gnu.so",
                      "const char* PyInit_cublas(void) { return \"libcuda.so.1\"; }", ""));
    ASSERT_TRUE(build(place + "nvidia/cublas/lib/libcublas.so.12", "int products(void) { return 1; }", ""));
    root_.write(place + "nvmath/__init__.py", "");
    root_.write(place + "nvmath_python-1.0.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: nvmath-python\nVersion: 1.0.0\nRequires-Dist: cuda-pathfinder\n");
    root_.write(place + "nvmath_python-1.0.0.dist-info/RECORD",
                "nvmath/__init__.py,,\nnvmath/bindings/_internal/cublas.cpython-311-x86_64-linux-gnu.so,,\n");
    root_.write(place + "nvidia_cublas_cu12-12.9.1.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: nvidia-cublas-cu12\nVersion: 12.9.1\n");
    root_.write(place + "nvidia_cublas_cu12-12.9.1.dist-info/RECORD", "nvidia/cublas/lib/libcublas.so.12,,\n");
    const std::string path = "/" + place.substr(0, place.size() - 1);
    const Stack stack = capture({.kind = SubjectKind::environment, .path = path, .exact = true}, {});
    const auto& rows = consumer_of(stack, "nvmath-python").libraries;
    const bool found = std::any_of(rows.begin(), rows.end(), [](const ConsumedLibrary& row) {
      return row.name == "libcublas.so.12" && !row.path.empty();
    });
    EXPECT_EQ(found, place != "target/") << place;
  }
}

// parakeet opens one library after the other at its import and goes on without those that do not load, the last apart.
// What loads is part of that one, and no other choice; bitsandbytes' libraries are choices.
TEST_F(ConsumerImports, AreNotSavedByAPartOfWhatDoesNotLoad) {
  link_time("libcublas.so.12", "int products(void) { return 1; }");
  link_time("libbase.so", "int base(void) { return 1; }");
  library("parakeet/libbase.so", "int base(void) { return 1; }");
  const std::string source = "int products(void); int base(void); int speak(void) { return products() + base(); }";
  const std::vector<std::string> files = {"parakeet/__init__.py", "parakeet/libbase.so", "parakeet/libspeech.so"};
  root_.write(kPackages + files[0],
              "import ctypes\ndef find():\n    return ['libbase.so', 'libspeech.so']\ndef load():\n    for name in "
              "find():\n        ctypes.CDLL(name)\n    raise OSError()\nload()\n");
  package("parakeet-cpp-cuda", "0.2.2", files);
  for (const auto& [flags, fails] :
       {std::pair("-l:libcublas.so.12 -l:libbase.so", true), std::pair("-l:libcublas.so.12", false)}) {
    library(files[2], source, flags);
    const Stack stack = capture();
    EXPECT_EQ(row_of(consumer_of(stack, "parakeet-cpp-cuda"), "libspeech.so").at_start, fails) << flags;
  }
}

// torch opens what NVIDIA's wheels hold, and not the copy that Triton keeps for itself.
TEST_F(ConsumerImports, LeaveACompilersOwnCopyAlone) {
  link_time("libcupti.so.13", "int cupti(void) { return 1; }");
  library("torch/_C.cpython-311-x86_64-linux-gnu.so", "int cupti(void); int PyInit__C(void) { return cupti(); }",
          "-l:libcupti.so.13");
  package("torch", "2.15.0", {"torch/_C.cpython-311-x86_64-linux-gnu.so"});
  root_.write(std::string(kPackages) + "torch/__init__.py",
              "import ctypes, glob, triton\nfor path in glob.glob('nvidia/libcupti*'): ctypes.CDLL(path)\nfrom torch "
              "import _C\n");
  library("triton/backends/nvidia/lib/cupti/libcupti.so.13", "int cupti(void) { return 1; }");
  package("triton", "3.9.0", {"triton/backends/nvidia/lib/cupti/libcupti.so.13"});
  Stack stack = capture();
  EXPECT_EQ(row_of(consumer_of(stack, "torch"), "libcupti.so.13").why, "not found");
  library("nvidia/cu13/lib/libcupti.so.13", "int cupti(void) { return 1; }");
  package("nvidia-cuda-cupti", "13.2", {"nvidia/cu13/lib/libcupti.so.13"});
  stack = capture();
  EXPECT_EQ(row_of(consumer_of(stack, "torch"), "libcupti.so.13").why, "held by the environment");
}

// natten for Python 3.10 in an environment of 3.11: the module that its import wants is another Python's.
TEST_F(ConsumerImports, MissModulesThatOtherPythonsImport) {
  const std::string of_310 = "_o.cpython-310-x86_64-linux-gnu.so", of_311 = "_o.cpython-311-x86_64-linux-gnu.so";
  library("natten/lib/libops.so", "int ops(void) { return 1; }");
  library(of_310, "int PyInit__o(void) { return 1; }");
  root_.write(std::string(kPackages) + "natten/__init__.py", "from _o import x\n");
  package("natten", "1", {"natten/lib/libops.so", of_310});
  const Stack foreign = capture();
  EXPECT_TRUE(row_of(consumer_of(foreign, "natten"), of_310).at_start);
  library(of_311, "int PyInit__o(void) { return 1; }");
  package("natten", "1", {"natten/lib/libops.so", of_310, of_311});
  const Stack stack = capture();
  for (const ConsumedLibrary& row : consumer_of(stack, "natten").libraries) EXPECT_NE(row.name, of_310);
}

// Of what a package lists and is not there: a plug-in may be opened under any name, a library with a number behind .so
// is missed by those that link with it.
TEST_F(ConsumerImports, MissWhatIsListedAndGone) {
  make_torch();
  package("torch", "2.0",
          {"torch/lib/libtorch.so", "torch/_C.cpython-311-x86_64-linux-gnu.so", "torch/lib/libcaffe2_nvrtc.so",
           "torch/lib/libgfortran.so.5"});
  const Stack stack = capture();
  const Consumer& torch = consumer_of(stack, "torch");
  EXPECT_EQ(row_of(torch, "libcaffe2_nvrtc.so").why, "not found");
  for (const ConsumedLibrary& row : torch.libraries) EXPECT_NE(row.name, "libgfortran.so.5");
}

// What the Python of a package opens and imports at once is what its import needs; a module that it reaches later, and
// that others do without, is not.
TEST_F(ConsumerImports, TellTheImportFromWhatComesLater) {
  make_torch();
  link_time("libgone.so.1", "int gone(void) { return 1; }");
  library("torch/lib/libtorch_global_deps.so", "int gone(void); int deps(void) { return gone(); }", "-l:libgone.so.1");
  library("torch/_extra.abi3.so", "int gone(void); int PyInit__extra(void) { return gone(); }", "-l:libgone.so.1");
  package("torch", "2.0",
          {"torch/lib/libtorch.so", "torch/lib/libtorch_global_deps.so", "torch/_extra.abi3.so", "torch/lib/libaway.so",
           "torch/_C.cpython-311-x86_64-linux-gnu.so"});
  root_.write(std::string(kPackages) + "torch/__init__.py",
              "import ctypes\ndef f():\n  ctypes.CDLL(here + 'libtorch_global_deps' + '.so')\n"
              "  ctypes.CDLL('libaway.so')\nf()\nfrom torch._C import *\ntry:\n  from torch import _extra\n"
              "except ImportError:\n  pass\n");
  const Stack stack = capture();
  const Consumer& torch = consumer_of(stack, "torch");
  EXPECT_TRUE(row_of(torch, "libtorch_global_deps.so").at_start);
  EXPECT_EQ(row_of(torch, "libtorch_global_deps.so").lacks, (std::vector<std::string>{"libgone.so.1"}));
  EXPECT_TRUE(row_of(torch, "_C.cpython-311-x86_64-linux-gnu.so").at_start);
  EXPECT_FALSE(row_of(torch, "_extra.abi3.so").at_start);
  EXPECT_EQ(row_of(torch, "_extra.abi3.so").kind, DependencyKind::opened);
  EXPECT_TRUE(row_of(torch, "libaway.so").at_start) << "its package lists it, and it is not there";
  EXPECT_EQ(row_of(torch, "libaway.so").path, "");
}

TEST_F(ConsumerImports, NeedTheFrameworksThatTheyImport) {
  library("bitsandbytes/libbitsandbytes_cuda128.so", "int one(void) { return 1; }");
  package("bitsandbytes", "0.50", {"bitsandbytes/libbitsandbytes_cuda128.so"});
  root_.write(std::string(kPackages) + "bitsandbytes/__init__.py", "import os\nfrom .base import one\n");
  root_.write(std::string(kPackages) + "bitsandbytes/base.py", "import torch\n");
  EXPECT_EQ(consumer_of(capture(), "bitsandbytes").lacks_packages, (std::vector<std::string>{"torch"}));
  root_.write(std::string(kPackages) + "torch/__init__.py", "");
  EXPECT_TRUE(consumer_of(capture(), "bitsandbytes").lacks_packages.empty());
}

// The record of a wheel of libraries is the version of what it lists, where the bytes do not tell.
// gpu4pyscf: what its import imports of another package has to load too.
TEST_F(ConsumerImports, ImportModulesOfOtherPackages) {
  link_time("libcusolver.so.11", "int solve(void) { return 1; }");
  library("cupy/solver.cpython-311-x86_64-linux-gnu.so", "int solve(void); int PyInit_solver(void) { return solve(); }",
          "-l:libcusolver.so.11");
  library("chem/libchem.so", "const char* driver(void) { return \"libcuda.so.1\"; }");
  root_.write(std::string(kPackages) + "chem/__init__.py", "from cupy import solver\n");
  package("cupy-cuda12x", "13.6.0", {"cupy/solver.cpython-311-x86_64-linux-gnu.so"});
  package("chem", "1.0", {"chem/libchem.so", "chem/__init__.py"});
  Stack stack = capture();
  const ConsumedLibrary& module = row_of(consumer_of(stack, "chem"), "solver.cpython-311-x86_64-linux-gnu.so");
  EXPECT_TRUE(module.at_start);
  EXPECT_EQ(module.lacks, std::vector<std::string>{"libcusolver.so.11"});
  root_.write(std::string(kPackages) + "chem/__init__.py", "import cupy\nfrom cupy import other\n");
  stack = capture();
  for (const ConsumedLibrary& library : consumer_of(stack, "chem").libraries) EXPECT_FALSE(library.at_start);
}

// pylibwholegraph: its one module does not load, and the import ends well without it.
TEST_F(ConsumerImports, AModuleThatNoFileOfTheImportNamesIsNotItsImport) {
  link_time("libgone.so.1", "int gone(void) { return 1; }");
  const std::string module = "graph/binding/_memory.abi3.so";
  library(module, "int gone(void); const char* PyInit__memory(void) { return gone() ? \"libcuda.so.1\" : 0; }",
          "-l:libgone.so.1");
  package("graph", "26.10", {"graph/__init__.py", module});
  root_.write(std::string(kPackages) + "graph/__init__.py", "try:\n  import other\nexcept ImportError:\n  pass\n");
  EXPECT_EQ(row_of(consumer_of(capture(), "graph"), "_memory.abi3.so").kind, DependencyKind::opened);
  root_.write(std::string(kPackages) + "graph/__init__.py", "try:\n  from .binding import _memory\nfinally:\n  pass\n");
  EXPECT_EQ(row_of(consumer_of(capture(), "graph"), "_memory.abi3.so").kind, DependencyKind::needed);
}

// gbgpu-cuda12x puts modules into a folder without an __init__.py, which gbgpu tries; QuantumRingsLib is one module.
TEST_F(ConsumerImports, AFolderWithoutPythonRunsNothing) {
  link_time("libgone.so.1", "int gone(void) { return 1; }");
  const std::string name = "_waves.cpython-311-x86_64-linux-gnu.so";
  const std::string source =
      "int gone(void); const char* PyInit__waves(void) { return gone() ? \"libcuda.so.1\" : 0; }";
  for (const std::string& path : {"backend/" + name, name}) {
    library(path, source, "-l:libgone.so.1");
    package("waves-cuda12x", "1.0", {path});
    const Stack stack = capture();
    const ConsumedLibrary& module = row_of(consumer_of(stack, "waves-cuda12x"), name);
    EXPECT_EQ(module.kind, path == name ? DependencyKind::needed : DependencyKind::opened) << path;
    EXPECT_EQ(module.at_start, path == name) << path;
  }
}

// cudaq_qec needs libcudart of a wheel, and opens nothing itself: cudaq, which it asks for and imports first, does.
TEST_F(ConsumerImports, FindWhatAnImportedPackageOpensBefore) {
  link_time("libcudart.so.12", "int runtime(void) { return 1; }");
  library("nvidia/cuda_runtime/lib/libcudart.so.12", "int runtime(void) { return 1; }");
  package("nvidia-cuda-runtime-cu12", "12.9.79", {"nvidia/cuda_runtime/lib/libcudart.so.12"});
  library("cudaq/libcudaq.so",
          "const char* driver(void) { return \"libcuda.so.1\"; } int _Zmanager(void) { return 1; }");
  root_.write(std::string(kPackages) + "cudaq/__init__.py",
              "import ctypes\nfor path in ['nvidia/cuda_runtime/lib/libcudart.so.12']:\n    ctypes.CDLL(path)\n");
  package("cuda-quantum-cu12", "0.16", {"cudaq/__init__.py", "cudaq/libcudaq.so"});
  const std::string module = "cudaq_qec/_qec.cpython-311-x86_64-linux-gnu.so";
  // What it needs beside wants a function of a library that cudaq has opened for all.
  link_time("libqec.so", "int qec(void) { return 1; }");
  library("cudaq_qec/libqec.so", "int _Zmanager(void); int qec(void) { return _Zmanager(); }");
  library(module, "int runtime(void); int qec(void); int PyInit__qec(void) { return runtime() + qec(); }",
          "-l:libcudart.so.12 -l:libqec.so -Wl,-rpath,'$ORIGIN'");
  package("cudaq-qec-cu12", "0.8.1", {"cudaq_qec/__init__.py", "cudaq_qec/libqec.so", module});
  root_.write(std::string(kPackages) + "cudaq_qec_cu12-0.8.1.dist-info/METADATA",
              "Metadata-Version: 2.1\nName: cudaq-qec-cu12\nVersion: 0.8.1\nRequires-Dist: cuda-quantum-cu12\n");
  for (const bool imports : {true, false}) {
    root_.write(std::string(kPackages) + "cudaq_qec/__init__.py",
                std::string(imports ? "import cudaq\n" : "") + "from ._qec import *\n");
    const Stack stack = capture();
    const Consumer& consumer = consumer_of(stack, "cudaq-qec-cu12");
    EXPECT_EQ(row_of(consumer, "libcudart.so.12").path.empty(), !imports);
    EXPECT_TRUE(!imports || row_of(consumer, "libqec.so").unresolved_count == 0);
  }
}

// exllamav2 from its source wheel: what it has no module for it compiles when it is imported.
TEST_F(ConsumerImports, AModuleThatTheImportCompilesTakesAToolkit) {
  package("exllamav2", "0.3.2", {"exllamav2/__init__.py", "exllamav2/ext.py"});
  root_.write(std::string(kPackages) + "exllamav2/__init__.py", "from exllamav2.ext import ext_c\n");
  root_.write(std::string(kPackages) + "exllamav2/ext.py",
              "from torch.utils.cpp_extension import load\nname = \"exllamav2_ext\"\nbuild = False\n"
              "try:\n    import exllamav2_ext\nexcept ModuleNotFoundError:\n    build = True\n"
              "if build:\n    exllamav2_ext = load \\\n    (\n        name = name)\next_c = exllamav2_ext\n");
  const Stack stack = capture();
  EXPECT_TRUE(row_of(consumer_of(stack, "exllamav2"), "exllamav2_ext").at_start);
  EXPECT_TRUE(consumer_of(capture({{"CUDA_HOME", "/opt/cuda"}}), "exllamav2").libraries.empty());
  root_.write("usr/local/cuda/bin/nvcc", "");
  EXPECT_TRUE(consumer_of(capture(), "exllamav2").libraries.empty());
  std::filesystem::remove_all(root_.path() + "/usr/local/cuda");
  EXPECT_FALSE(consumer_of(capture(), "exllamav2").libraries.empty());
  root_.write("env/bin/nvcc", "");  // conda's
  EXPECT_TRUE(consumer_of(capture(), "exllamav2").libraries.empty());
}

// cuda.core without cuda-bindings: the namespace is there, the part of it is not.
TEST_F(ConsumerImports, NeedThePartsOfANamespaceThatTheyImport) {
  const std::string module = "cuda/core/_device.cpython-311-x86_64-linux-gnu.so";
  library(module, "int PyInit__device(void) { return 1; }");
  root_.write(std::string(kPackages) + "cuda/core/__init__.py",
              "def _load():\n    from cuda import bindings\n\n_load()\n");
  package("cuda-core", "1.2.2", {"cuda/core/__init__.py", module});
  EXPECT_EQ(consumer_of(capture(), "cuda-core").lacks_packages, std::vector<std::string>{"cuda.bindings"});
  root_.write(std::string(kPackages) + "cuda/bindings/__init__.py", "");
  EXPECT_TRUE(consumer_of(capture(), "cuda-core").lacks_packages.empty());
}

// onnxruntime over onnxruntime-gpu: its core names the provider for CUDA, which the other left in the same folder, and
// is built without it. The other way round the core that is there opens it.
TEST_F(ConsumerImports, LeaveWhatTheyWroteOverAlone) {
  const std::string core = "onnxruntime/capi/core.cpython-311-x86_64-linux-gnu.so";
  const std::string provider = "onnxruntime/capi/libonnxruntime_providers_cuda.so";
  root_.write(std::string(kPackages) + "onnxruntime/__init__.py", "from .capi import core\n");
  library(core, "const char* PyInit_core(void) { return \"libonnxruntime_providers_cuda.so\"; }",
          "-Wl,-rpath,'$ORIGIN'");
  library(provider, "const char* cuda(void) { return \"libcuda.so.1\"; }");
  const auto size = std::filesystem::file_size(root_.path() + "/" + kPackages + core);
  for (const bool gpu_is_last : {true, false}) {
    for (const bool gpu : {true, false}) {
      const std::string name = gpu ? "onnxruntime-gpu" : "onnxruntime";
      package(name, "1.23", {});
      root_.write(std::string(kPackages) + (gpu ? "onnxruntime_gpu" : "onnxruntime") + "-1.23.dist-info/RECORD",
                  core + ",," + std::to_string(gpu == gpu_is_last ? size : size + 1) + "\n" +
                      (gpu ? provider + ",,\n" : std::string()));
    }
    const Stack stack = capture();
    const Consumer& last = consumer_of(stack, gpu_is_last ? "onnxruntime-gpu" : "onnxruntime");
    const bool takes = std::any_of(last.libraries.begin(), last.libraries.end(), [&](const ConsumedLibrary& row) {
      return row.name == "libonnxruntime_providers_cuda.so";
    });
    EXPECT_EQ(takes, gpu_is_last);
  }
}

// libtorch_nvshmem.so opens alone, and gets from libtorch_cpu.so what it has no NEEDED entry for: where that one lacks
// a library, it is that which is told.
TEST_F(ConsumerImports, WhatAFailedPartWouldDefineIsNotMissed) {
  link_time("libgone.so.1", "int gone(void) { return 1; }");
  const std::string module = "torch/_C.abi3.so", part = "torch/libpart.so";
  root_.write(std::string(kPackages) + "torch/__init__.py", "from . import _C\n");
  library(part, "int _Z5torchv(void); const char* _Z4partv(void) { return _Z5torchv() ? \"libcuda.so.1\" : 0; }");
  for (const bool is_gone : {true, false}) {
    library(module, "int gone(void); int _Z5torchv(void) { return gone(); } int PyInit__C(void) { return 1; }",
            "-l:libgone.so.1");
    if (!is_gone) library(module, "int PyInit__C(void) { return 1; }");
    package("torch", "2.0", {"torch/__init__.py", module, part});
    EXPECT_EQ(row_of(consumer_of(capture(), "torch"), "libpart.so").unresolved_count, is_gone ? 0 : 1);
  }
}

// What the import wants and is there for another Python, for another machine, or emptied, is not there.
TEST_F(ConsumerImports, MissWhatIsThereAndCannotBeLoaded) {
  const std::string of_311 = "boost/_b.cpython-311-x86_64-linux-gnu.so",
                    of_312 = "boost/_b.cpython-312-x86_64-linux-gnu.so";
  root_.write(std::string(kPackages) + "boost/__init__.py", "from . import _b\n");
  const auto wanted = [&](const std::string& file, const std::string& size) {
    package("catboost", "1.2", {});  // which has a row
    root_.write(std::string(kPackages) + "catboost-1.2.dist-info/RECORD",
                "boost/__init__.py,,\n" + file + ",," + size + "\n");
    const Stack stack = capture();
    for (const ConsumedLibrary& row : consumer_of(stack, "catboost").libraries) {
      if (row.name == file.substr(6) && row.path.empty() && row.at_start) return row.why;
    }
    return std::string();
  };
  const std::string source = "const char* PyInit__b(void) { return \"libcuda.so.1\"; }";
  library(of_311, source);
  EXPECT_EQ(wanted(of_311, ""), "");
  library(of_312, source);
  std::filesystem::remove(root_.path() + "/" + kPackages + of_311);
  EXPECT_EQ(wanted(of_312, ""), "not found; what is there is for another Python");
  std::filesystem::remove(root_.path() + "/" + kPackages + of_312);
  library(of_311, source);
  std::string bytes = test::read_file(root_.path() + "/" + kPackages + of_311);
  bytes[18] = static_cast<char>(0xb7);  // e_machine: EM_AARCH64
  bytes[19] = 0;
  root_.write(kPackages + of_311, bytes);
  EXPECT_EQ(wanted(of_311, ""), "not found; what is there is for another kind of processor");
  root_.write(kPackages + of_311, "");
  library("boost/libother.so", "const char* other(void) { return \"libcuda.so.1\"; }");
  EXPECT_EQ(wanted(of_311, "4000\nboost/libother.so,,"), "not found; what is there is no library");
}

// A package that has no library left is told where its import opens one that it lists; of a compiler no more is told.
TEST_F(ConsumerImports, MissTheLastLibraryOfAPackage) {
  const auto lost = [&](const std::string& name, const std::string& record) {
    package(name, "3.1.0", {});
    root_.write(std::string(kPackages) + name + "-3.1.0.dist-info/RECORD", record);
    const Stack stack = capture();
    std::string texts;
    for (const Consumer& consumer : stack.consumers) {
      if (consumer.package != name) continue;
      texts += "told";
      for (const ConsumedLibrary& row : consumer.libraries) {
        if (row.at_start && row.path.empty()) texts += ": " + row.name + " " + row.why;
      }
    }
    return texts;
  };
  root_.write(std::string(kPackages) + "triton/__init__.py", "from ._C.libtriton import ir\n");
  EXPECT_EQ(lost("triton", "triton/__init__.py,,\n"), "");
  EXPECT_EQ(lost("triton", "triton/__init__.py,,\ntriton/_C/libother.so,,\n"), "");
  EXPECT_EQ(lost("triton", "triton/__init__.py,,\ntriton/_C/libtriton.so,,\n"), "told: libtriton.so not found");
  const std::string own = "lightgbm/lib/lib_lightgbm.so", record = "lightgbm/__init__.py,,\n" + own + ",,4000\n";
  root_.write(std::string(kPackages) + "lightgbm/__init__.py", "from .basic import Booster\n");
  root_.write(std::string(kPackages) + "lightgbm/libpath.py", "def found():\n    return ['lib/lib_lightgbm.so']\n");
  root_.write(std::string(kPackages) + "lightgbm/basic.py", "");
  root_.write(kPackages + own,
              "\x7f"
              "ELF");
  EXPECT_EQ(lost("lightgbm", record), "told") << "nothing opens it";
  root_.write(std::string(kPackages) + "lightgbm/basic.py",
              "import ctypes\nfrom .libpath import found\n_LIB = ctypes.cdll.LoadLibrary(found()[0])\n");
  EXPECT_EQ(lost("lightgbm", record), "told: lib_lightgbm.so not found; what is there is no library");
  std::filesystem::remove(root_.path() + "/" + kPackages + own);
  EXPECT_EQ(lost("lightgbm", record), "told: lib_lightgbm.so not found");
  library(own, "int boost(void) { return 1; }");
  EXPECT_EQ(lost("lightgbm", "lightgbm/__init__.py,,\n" + own + ",,\n").find("not found"), std::string::npos);
}

}  // namespace
}  // namespace varve
