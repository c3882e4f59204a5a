#include <gtest/gtest.h>

#include "rules/situation/library_facts.h"
#include "rules/software/rule_testing.h"
#include "rules/software/software_rules.h"

namespace varve {
namespace {

using testing::has;
using testing::loaded;
using testing::Scene;

// torch for CUDA 12.1 with cuDNN 8.9.2 in its environment, and cuDNN 8.5 for CUDA 11 in a folder of LD_LIBRARY_PATH.
Scene foreign_cudnn() {
  Scene scene;
  scene.name("cublas", "libcublas.so.11", "11").name("cublas", "libcublas.so.12", "12");
  scene.name("cudnn", "libcudnn.so.8", "").name("cudnn", "libcudnn_cnn_infer.so.8", "");
  scene.package("torch", "2.1.2", "framework", "12.1");
  scene.package("nvidia-cudnn-cu12", "8.9.2.26", "runtime", "12");
  scene.setting("LD_LIBRARY_PATH", "/opt/cudnn");
  scene.binary("/venv/cudnn/libcudnn.so.8", "libcudnn.so.8", "", "nvidia-cudnn-cu12");
  scene.binary("/venv/cudnn/libcudnn_cnn_infer.so.8", "libcudnn_cnn_infer.so.8", "8.9.2", "nvidia-cudnn-cu12");
  scene.binary("/opt/cudnn/libcudnn_cnn_infer.so.8", "libcudnn_cnn_infer.so.8", "8.5.0", "", "").dependencies = {
      {"libcublas.so.11", DependencyKind::needed, "", "not found"}};
  Consumer& torch = scene.consumer("torch", "2.1.2");
  torch.libraries = {loaded("libcudnn.so.8", "/venv/cudnn/libcudnn.so.8", "RPATH $ORIGIN/../../nvidia/cudnn/lib"),
                     loaded("libcudnn_cnn_infer.so.8", "/opt/cudnn/libcudnn_cnn_infer.so.8", "LD_LIBRARY_PATH",
                            "/venv/cudnn/libcudnn.so.8", DependencyKind::opened)};
  return scene;
}

TEST(LibraryRules, ForeignLibraryBeforeTheEnvironmentsOwn) {
  const auto found = foreign_cudnn().judge("VRV-LIBRARY-SHADOWED");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_TRUE(has(found[0].evidence, "/opt/cudnn/libcudnn_cnn_infer.so.8 (8.5.0), older than its own"))
      << found[0].evidence;
  EXPECT_TRUE(has(found[0].evidence, "(8.9.2)"));
  EXPECT_TRUE(has(found[0].fix, "/opt/cudnn"));
}

TEST(LibraryRules, SameReleaseBeforeTheEnvironmentsOwnIsNoFault) {
  Scene scene = foreign_cudnn();
  scene.stack.binaries[2].version = known_fact(std::string("8.9.2"), "test");
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-SHADOWED").empty());
}

TEST(LibraryRules, OtherCudaBehindTheSameSoname) {
  const auto found = foreign_cudnn().judge("VRV-LIBRARY-OTHER-CUDA");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "torch 2.1.2 in /venv is built for CUDA 12")) << found[0].evidence;
  EXPECT_TRUE(has(found[0].evidence, "which is for CUDA 11"));
}

// nixl-cu12 beside torch for CUDA 13: what torch's own files ask for is torch's.
TEST(LibraryRules, WhatAnotherPackageAsksForIsNotOfTheConsumersCuda) {
  Scene scene;
  scene.package("torch", "2.15.0", "framework", "13");
  scene.package("nixl-cu12", "1.5.1", "extension", "12");
  scene.package("nvidia-cudnn-cu13", "9.26.0", "runtime", "13");
  scene.binary("/venv/torch/libtorch_cuda.so", "libtorch_cuda.so", "", "torch");
  scene.binary("/venv/nixl/_b.so", "_b.so", "", "nixl-cu12");
  scene.binary("/venv/cudnn/libcudnn.so.9", "libcudnn.so.9", "9.26.0", "nvidia-cudnn-cu13");
  scene.name("cudnn", "libcudnn.so.9", "");
  scene.consumer("nixl-cu12", "1.5.1").libraries = {
      loaded("_b.so", "/venv/nixl/_b.so", "test"),
      loaded("libcudnn.so.9", "/venv/cudnn/libcudnn.so.9", "RPATH", "/venv/torch/libtorch_cuda.so")};
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-OTHER-CUDA").empty());
  for (Binary& binary : scene.stack.binaries) {
    if (binary.package == "nixl-cu12") binary.dependencies = {{"libcudnn.so.9", DependencyKind::needed, "", "RPATH"}};
  }
  EXPECT_EQ(scene.judge("VRV-LIBRARY-OTHER-CUDA").size(), 1u);
}

// nixl's plug-in for cuFile beside torch for CUDA 13: without the libcudart.so.12 that it needs too it does not come to
// load cuFile, and with it a library that asks for nothing of its CUDA by name is no more than untested.
TEST(LibraryRules, AnotherCudaBehindAPlugInThatDoesNotLoad) {
  Scene scene;
  scene.package("nixl-cu12", "1.5.1", "extension", "12");
  scene.package("nvidia-cufile", "1.17.1", "runtime", "13");
  scene.name("cufile", "libcufile.so.0", "").name("cublas", "libcublas.so.13", "13");
  scene.binary("/venv/nixl/libplugin_GDS.so", "libplugin_GDS.so", "", "nixl-cu12").dependencies = {
      {"libcufile.so.0", DependencyKind::needed, "", "RPATH"}};
  scene.binary("/venv/cu13/libcufile.so.0", "libcufile.so.0", "1.17.1", "nvidia-cufile");
  Consumer& nixl = scene.consumer("nixl-cu12", "1.5.1", "extension");
  nixl.libraries = {loaded("libplugin_GDS.so", "/venv/nixl/libplugin_GDS.so", "of the package"),
                    loaded("libcufile.so.0", "/venv/cu13/libcufile.so.0", "already loaded", "/venv/torch/libtorch.so")};
  const auto found = scene.judge("VRV-LIBRARY-OTHER-CUDA");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  scene.stack.binaries.back().dependencies = {{"libcublas.so.13", DependencyKind::opened, "", "not found"}};
  EXPECT_FALSE(scene.judge("VRV-LIBRARY-OTHER-CUDA").at(0).severity) << "the row's: an error";
  scene.stack.consumers.back().libraries[0].lacks = {"libcudart.so.12"};
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-OTHER-CUDA").empty());
}

// Two CUDAs in one process, each asked for by its own name.
TEST(LibraryRules, AFamilyOfTwoCudasIsNoMix) {
  Scene scene;
  scene.package("nvidia-cublas", "13.4.1.3", "runtime", "13");
  scene.package("nvidia-cublas-cu12", "12.9.3.13", "runtime", "12");
  scene.binary("/venv/13/libcublas.so.13", "libcublas.so.13", "13.4.1", "nvidia-cublas");
  scene.binary("/venv/12/libcublas.so.12", "libcublas.so.12", "12.9.3", "nvidia-cublas-cu12");
  scene.binary("/venv/12/libcublasLt.so.12", "libcublasLt.so.12", "12.9.3", "nvidia-cublas-cu12");
  scene.name("cublas", "libcublas.so.12", "12").name("cublas", "libcublas.so.13", "13");
  scene.name("cublasLt", "libcublasLt.so.12", "12");
  Consumer& consumer = scene.consumer("torch", "2.15.0");
  for (const Binary& binary : scene.stack.binaries) {
    consumer.libraries.push_back(loaded(binary.soname, binary.path, "test"));
  }
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-FAMILY-MIX").empty());
  scene.stack.binaries.back().version = known_fact(std::string("12.1.0"), "test");
  EXPECT_EQ(scene.judge("VRV-LIBRARY-FAMILY-MIX").size(), 1u);
}

TEST(LibraryRules, AFamilyOfTwoReleases) {
  const auto found = foreign_cudnn().judge("VRV-LIBRARY-FAMILY-MIX");
  ASSERT_EQ(found.size(), 1u);  // the shim has the version of its wheel
  EXPECT_TRUE(has(found[0].evidence, "libcudnn.so.8 /venv/cudnn/libcudnn.so.8 (8.9.2.26)")) << found[0].evidence;
  EXPECT_FALSE(found[0].severity == Severity::error);
}

// cuTENSOR 2.8.1 says 2.8.0 of itself; its other part tells nothing and has the version of the wheel.
TEST(LibraryRules, AWheelIsNoMixForWhatItsLibrarySays) {
  Scene scene;
  scene.package("cutensor-cu12", "2.8.1", "runtime", "12");
  scene.binary("/venv/cutensor/libcutensor.so.2", "libcutensor.so.2", "2.8.0", "cutensor-cu12");
  scene.binary("/venv/cutensor/libcutensorMg.so.2", "libcutensorMg.so.2", "2.8.1", "cutensor-cu12");
  scene.stack.binaries.back().version.source = "the wheel cutensor-cu12, which lists it";
  scene.consumer("cupy-cuda12x", "14.2.0").libraries = {
      loaded("libcutensor.so.2", "/venv/cutensor/libcutensor.so.2", "held by the environment"),
      loaded("libcutensorMg.so.2", "/venv/cutensor/libcutensorMg.so.2", "held by the environment")};
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-FAMILY-MIX").empty());
  scene.stack.binaries.back().version.source = "constant of a getter";
  EXPECT_EQ(scene.judge("VRV-LIBRARY-FAMILY-MIX").size(), 1u);
}

TEST(LibraryRules, CublasOfAnotherMajorThanCublasLtIsAnError) {
  Scene scene;
  scene.binary("/a/libcublas.so.12.4.5.8", "libcublas.so.12", "12.4.5.8", "", "");
  scene.binary("/b/libcublasLt.so.13", "libcublasLt.so.13", "13.0.0", "", "");
  scene.consumer("x", "1", "binary", "").libraries = {loaded("libcublas.so.12", "/a/libcublas.so.12.4.5.8", "RUNPATH"),
                                                      loaded("libcublasLt.so.13", "/b/libcublasLt.so.13", "RUNPATH")};
  const auto found = scene.judge("VRV-LIBRARY-FAMILY-MIX");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::error);
}

TEST(LibraryRules, TwoCudaMajorsSideBySideAreLegal) {
  Scene scene;
  scene.name("cublas", "libcublas.so.12", "12")
      .name("cublas", "libcublas.so.13", "13")
      .name("cusparse", "libcusparse.so.12", "");
  scene.package("torch", "2.15.0", "framework", "13.2");
  scene.package("cupy-cuda12x", "14.2.0", "framework", "12.x");
  scene.package("nvidia-cusparse", "12.7", "runtime", "13");
  scene.package("nvidia-cublas-cu12", "12.9.1", "runtime", "12");
  scene.binary("/venv/cu13/libcublas.so.13", "libcublas.so.13", "13.4.1", "nvidia-cublas");
  scene.binary("/venv/cu13/libcusparse.so.12", "libcusparse.so.12", "12.7.10", "nvidia-cusparse");
  scene.binary("/venv/cublas/libcublas.so.12", "libcublas.so.12", "12.9.1", "nvidia-cublas-cu12");
  scene.consumer("torch", "2.15.0").libraries = {
      loaded("libcublas.so.13", "/venv/cu13/libcublas.so.13", "RUNPATH"),
      loaded("libcusparse.so.12", "/venv/cu13/libcusparse.so.12", "RUNPATH")};
  scene.consumer("cupy-cuda12x", "14.2.0").libraries = {
      loaded("libcublas.so.12", "/venv/cublas/libcublas.so.12", "held by the environment")};
  for (const auto& rules :
       {symbol_rules(), library_mix_rules(), other_cuda_rules(), missing_library_rules(), package_mix_rules()}) {
    for (const Rule& rule : rules) EXPECT_TRUE(scene.judge(rule.id).empty()) << rule.id;
  }
}

TEST(LibraryRules, OneSonameTwoReleasesInOneEnvironment) {
  Scene scene;
  scene.name("cudnn", "libcudnn.so.9", "");
  scene.binary("/venv/cudnn/libcudnn.so.9", "libcudnn.so.9", "9.1.0");
  scene.binary("/usr/lib/libcudnn.so.9.20.0", "libcudnn.so.9", "9.20.0", "", "");
  scene.consumer("torch", "2.5.1").libraries = {loaded("libcudnn.so.9", "/venv/cudnn/libcudnn.so.9", "RPATH")};
  scene.consumer("ctranslate2", "4.5.0").libraries = {
      loaded("libcudnn.so.9", "/usr/lib/libcudnn.so.9.20.0", "ld.so.cache")};
  const auto found = scene.judge("VRV-LIBRARY-SEVERAL-FILES");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "ctranslate2 4.5.0 from /usr/lib/libcudnn.so.9.20.0 (9.20.0)"))
      << found[0].evidence;
}

TEST(LibraryRules, UnresolvedSymbolNamesWhoShouldDefineIt) {
  Scene scene;
  scene.package("torch", "2.7.0", "framework", "12.6");
  scene.binary("/venv/torch/lib/libtorch_cuda.so", "libtorch_cuda.so", "", "torch");
  scene.binary("/venv/nccl/libnccl.so.2", "libnccl.so.2", "2.14.3", "nvidia-nccl-cu12");
  Consumer& torch = scene.consumer("torch", "2.7.0");
  torch.symbols_checked = true;
  torch.libraries = {loaded("libtorch_cuda.so", "/venv/torch/lib/libtorch_cuda.so", "RPATH"),
                     loaded("libnccl.so.2", "/venv/nccl/libnccl.so.2", "RPATH")};
  torch.libraries[0].unresolved = {{"ncclMemFree", ""}};
  torch.libraries[0].unresolved_count = 1;
  const auto found = scene.judge("VRV-LIBRARY-UNRESOLVED");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "1 undefined symbol that nothing it would load defines: ncclMemFree"))
      << found[0].evidence;
  EXPECT_TRUE(
      has(found[0].evidence, "libnccl.so.2 should define it, and would be /venv/nccl/libnccl.so.2 (2.14.3, RPATH)"));
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-EXTENSION-SYMBOLS").empty());
  torch.symbols_checked = false;  // then nobody looked
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-UNRESOLVED").empty());
}

TEST(LibraryRules, VersionOfTheSymbolNamesTheLibrary) {
  Scene scene;
  scene.binary("/v/libcudnn_graph.so.9", "libcudnn_graph.so.9", "9.26.0");
  Consumer& torch = scene.consumer("torch", "2.15.0");
  torch.symbols_checked = true;
  torch.libraries = {loaded("libcudnn_cnn.so.9", "/v/libcudnn_cnn.so.9", "RUNPATH"),
                     loaded("libcudnn_graph.so.9", "/v/libcudnn_graph.so.9", "RUNPATH")};
  torch.libraries[0].unresolved = {{"_ZN5cudnn3fooEv", "libcudnn_graph.so.9"}};
  torch.libraries[0].unresolved_count = 12;
  const auto found = scene.judge("VRV-LIBRARY-UNRESOLVED");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "12 undefined symbols")) << found[0].evidence;
  EXPECT_TRUE(
      has(found[0].evidence, "cudnn::foo() (version libcudnn_graph.so.9), …; libcudnn_graph.so.9 should define it"));
}

TEST(LibraryRules, LinkerOlderThanTheLibraryThatAsks) {
  Scene scene;
  Binary& cusparse = scene.binary("/venv/libcusparse.so.12", "libcusparse.so.12", "12.5.10");
  cusparse.runtime = known_fact(std::string("12.9"), "test");
  cusparse.dependencies = {
      {"libnvJitLink.so.12", DependencyKind::needed, "/cuda-12.1/lib64/libnvJitLink.so.12", "LD_LIBRARY_PATH"}};
  scene.binary("/cuda-12.1/lib64/libnvJitLink.so.12", "libnvJitLink.so.12", "12.1.105", "", "");
  Consumer& jax = scene.consumer("jax-cuda12-plugin", "0.6.1", "extension");
  jax.libraries = {loaded("libcusparse.so.12", "/venv/libcusparse.so.12", "held by the environment"),
                   loaded("libnvJitLink.so.12", "/cuda-12.1/lib64/libnvJitLink.so.12", "LD_LIBRARY_PATH",
                          "/venv/libcusparse.so.12")};
  const auto found = scene.judge("VRV-LIBRARY-LINKER-OLDER");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "(12.5.10) is of CUDA 12.9")) << found[0].evidence;
  scene.stack.binaries[1].version = known_fact(std::string("12.9.86"), "test");
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-LINKER-OLDER").empty());
}

TEST(LibraryRules, MissingLibrary) {
  Scene scene;
  scene.name("cudnn", "libcudnn.so.9", "");
  Consumer& x = scene.consumer("torch", "2.5.0");
  x.libraries = {
      loaded("_C.cpython-311-x86_64-linux-gnu.so", "/venv/torch/_C.cpython-311-x86_64-linux-gnu.so", "imported"),
      loaded("libcudnn.so.9", "", "not found", "/venv/torch/_C.cpython-311-x86_64-linux-gnu.so"),
      loaded("libmpi.so.40", "", "not found", "/venv/torch/_C.cpython-311-x86_64-linux-gnu.so"),
      loaded("libcuda.so.1", "", "not found", "/venv/torch/_C.cpython-311-x86_64-linux-gnu.so")};
  const auto found = scene.judge("VRV-LIBRARY-NOT-FOUND");
  ASSERT_EQ(found.size(), 1u);      // neither what is no CUDA library nor what the driver brings
  EXPECT_FALSE(found[0].severity);  // the row's: an error, the import fails
  EXPECT_TRUE(has(found[0].evidence, "needs libcudnn.so.9")) << found[0].evidence;
}

TEST(LibraryRules, PartOfALibraryThatIsNotThere) {
  Scene scene;
  scene.gpu("NVIDIA A10", "8.6");
  scene.package("ctranslate2", "4.5.0", "framework");
  scene.binary("/venv/ctranslate2.libs/libcudnn-74a4c495.so.9.1.0", "libcudnn-74a4c495.so.9.1.0", "9.1.0",
               "ctranslate2");
  Consumer& reads = scene.consumer("ctranslate2", "4.5.0");
  const std::string shim = "/venv/ctranslate2.libs/libcudnn-74a4c495.so.9.1.0";
  reads.libraries = {loaded("libcudnn-74a4c495.so.9.1.0", shim, "RPATH"),
                     loaded("libcudnn_ops.so.9", "", "not found", shim, DependencyKind::opened),
                     loaded("libother.so", "", "not found", shim, DependencyKind::opened)};
  const auto found = scene.judge("VRV-LIBRARY-PART-NOT-FOUND");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::error);
  EXPECT_TRUE(has(found[0].evidence, "opens libcudnn_ops.so.9 by name")) << found[0].evidence;
  // Beside the shim under another number: it makes up the number itself.
  scene.binary("/venv/ctranslate2.libs/libcudnn_ops.so.9.1.0", "libcudnn_ops.so.9", "9.1.0");
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-PART-NOT-FOUND").empty());
}

// A file that was taken away is an error on any machine; a part that nobody brought is one on a GPU alone.
TEST(LibraryRules, PartThatWasTakenAway) {
  for (const bool taken : {true, false}) {
    Scene scene;
    scene.package("torchvision", "0.24.0", "framework");
    const std::string shim = "/venv/torchvision.libs/libcudnn-74a4c495.so.9.1.0";
    scene.binary(shim, "libcudnn-74a4c495.so.9.1.0", "9.1.0", "torchvision");
    scene.consumer("torchvision", "0.24.0").libraries = {
        loaded("libcudnn-74a4c495.so.9.1.0", shim, "RPATH"),
        loaded("libcudnn_ops.so.9", "", "not found", shim, DependencyKind::opened)};
    if (taken) {
      scene.environment().file_faults.push_back({.kind = FileFaultKind::missing,
                                                 .path = "/venv/torchvision.libs/libcudnn_ops.so.9",
                                                 .packages = {"torchvision 0.24.0"},
                                                 .owner = {}});
    }
    const auto found = scene.judge("VRV-LIBRARY-PART-NOT-FOUND");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].severity, taken ? Severity::error : Severity::note);
  }
}

TEST(LibraryRules, PinsThatAreNotInstalled) {
  Scene scene;
  scene.package("torch", "2.5.0", "framework", "12.4").requirements = {
      {"nvidia-cudnn-cu12", "==9.1.0.70", ""}, {"nvidia-nccl-cu12", "==2.21.5", "2.21.5"}, {"triton", "==3.1.0", ""}};
  const auto found = scene.judge("VRV-LIBRARY-PIN-ABSENT");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].evidence, "torch 2.5.0 in /venv asks for nvidia-cudnn-cu12==9.1.0.70, and it is not installed");
  scene.environment().packages[0].requirements[0].installed = "9.1.0.70";
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-PIN-ABSENT").empty());
}

TEST(LibraryRules, AnImportOfWhatIsNotThere) {
  Scene scene;
  scene.package("bitsandbytes", "0.50.2", "extension", "12.8");
  scene.consumer("bitsandbytes", "0.50.2", "extension").lacks_packages = {"torch"};
  const auto found = scene.judge("VRV-FRAMEWORK-PACKAGE-MISSING");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "imports torch, which is not there")) << found[0].evidence;
}

TEST(LibraryRules, PinsNotMet) {
  Scene scene;
  scene.package("nvidia-cudnn-cu12", "8.9.2.26", "runtime", "12");
  scene.package("nvidia-nccl-cu12", "2.30.7", "runtime", "12");
  scene.package("torch", "2.5.0", "framework", "12.4").requirements = {{"nvidia-cudnn-cu12", "==9.1.0.70", "8.9.2.26"},
                                                                       {"nvidia-nccl-cu12", "==2.21.5", "2.30.7"},
                                                                       {"nvidia-x", "==1", ""}};
  auto found = scene.judge("VRV-LIBRARY-PIN");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].evidence,
            "torch 2.5.0 in /venv asks for nvidia-cudnn-cu12==9.1.0.70 (there: 8.9.2.26), nvidia-nccl-cu12==2.21.5 "
            "(there: 2.30.7)");
  EXPECT_FALSE(found[0].severity);
  // A later release of the same major version: on purpose, mostly.
  scene.environment().packages[2].requirements.erase(scene.environment().packages[2].requirements.begin());
  found = scene.judge("VRV-LIBRARY-PIN");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);
}

// A later ptxas of the same major version is a library's matter; another Triton than torch's is not.
TEST(LibraryRules, PinsOfCompilers) {
  for (const auto& [name, is_note] : {std::pair("nvidia-cuda-nvcc-cu12", true), std::pair("triton", false)}) {
    Scene scene;
    scene.package(name, "12.9.86", "compiler", "12");
    scene.package("tensorflow", "2.18.1", "framework", "12.5").requirements = {{name, "==12.5.82", "12.9.86"}};
    EXPECT_EQ(scene.judge("VRV-LIBRARY-PIN").size(), is_note ? 1u : 0u) << name;
    EXPECT_EQ(scene.judge("VRV-FRAMEWORK-PIN").size(), is_note ? 0u : 1u) << name;
  }
}

TEST(LibraryRules, WheelsThatWriteTheSameFile) {
  Scene scene;
  scene.package("nvidia-nccl-cu11", "2.14.3", "runtime", "11");
  scene.package("nvidia-nccl-cu12", "2.27.3", "runtime", "12");
  scene.environment().file_faults = {{FileFaultKind::overwritten,
                                      "/venv/nvidia/nccl/lib/libnccl.so.2",
                                      {"nvidia-nccl-cu11 2.14.3", "nvidia-nccl-cu12 2.27.3"},
                                      "nvidia-nccl-cu11 2.14.3"}};
  const auto found = scene.judge("VRV-LIBRARY-OVERWRITTEN");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].evidence,
            "nvidia-nccl-cu11 2.14.3 and nvidia-nccl-cu12 2.27.3 both write libnccl.so.2 in /venv; there is what "
            "nvidia-nccl-cu11 2.14.3 wrote");
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-TWICE").empty());
}

TEST(LibraryRules, OneReplacedFileIsAMixAllOfThemAreATrimmedImage) {
  Scene scene;
  scene.package("nvidia-cudnn-cu13", "9.13.0.50", "runtime", "13");
  scene.binary("/venv/libcudnn.so.9", "libcudnn.so.9", "", "nvidia-cudnn-cu13");
  scene.binary("/venv/libcudnn_ops.so.9", "libcudnn_ops.so.9", "9.13.0", "nvidia-cudnn-cu13");
  scene.environment().file_faults = {
      {FileFaultKind::replaced, "/venv/libcudnn.so.9", {"nvidia-cudnn-cu13 9.13.0.50"}, ""}};
  EXPECT_EQ(scene.judge("VRV-LIBRARY-REPLACED").at(0).severity, Severity::warning);
  scene.environment().file_faults.push_back(
      {FileFaultKind::replaced, "/venv/libcudnn_ops.so.9", {"nvidia-cudnn-cu13 9.13.0.50"}, ""});
  EXPECT_EQ(scene.judge("VRV-LIBRARY-REPLACED").at(0).severity, Severity::note);
}

TEST(LibraryFacts, Specifiers) {
  const auto meets = [](const char* installed, const char* specifier) {
    return meets_specifier(installed, specifier).value();
  };
  EXPECT_TRUE(meets("2.4.0+cu121", "==2.4.0"));
  EXPECT_FALSE(meets("2.3.1+cu121", "==2.4.0"));
  EXPECT_TRUE(meets("2.4.0+cu121", "==2.4.0+cu121"));
  EXPECT_FALSE(meets("2.4.0+cu118", "==2.4.0+cu121"));
  EXPECT_TRUE(meets("13.4.1.3", "==13.4.1.3.*"));
  EXPECT_FALSE(meets("13.4.2", "==13.4.1.*"));
  EXPECT_TRUE(meets("3.9.4", "~=3.9.0"));
  EXPECT_FALSE(meets("3.10.0", "~=3.9.0"));
  EXPECT_TRUE(meets("0.10.2", "<=0.10.2,>=0.10.1"));
  EXPECT_FALSE(meets("0.9.0", "<=0.10.2,>=0.10.1"));
  EXPECT_TRUE(meets("2.9", "!=2.8.*"));
  EXPECT_TRUE(meets("11.8.0", "11.8.*"));                   // conda
  EXPECT_TRUE(meets("11.8.0", ">=11.3,<11.4|>=11.8,<12"));  // conda's "or"
  EXPECT_FALSE(meets("12.1", ">=11.3,<11.4|>=11.8,<12"));
  EXPECT_TRUE(meets("1.0", ""));
  EXPECT_FALSE(meets_specifier("1.0", "@ https://host/x.whl").has_value());
}

TEST(LibraryFacts, Names) {
  EXPECT_EQ(library_words("/x/libcudnn-74a4c495.so.9.1.0").stem, "cudnn");
  EXPECT_EQ(library_words("libcublasLt.so.12").numbers, "12");
  EXPECT_EQ(family_of("cudnn_engines_precompiled"), "cudnn");
  EXPECT_EQ(family_of("cublasLt"), family_of("cublas"));
  EXPECT_EQ(family_of("torch_cuda"), "");
  EXPECT_EQ(compare_releases(*dotted_version_from("9.26.0.51"), *dotted_version_from("9.26.0")), 0);
  EXPECT_EQ(compare_releases(*dotted_version_from("8.5.0"), *dotted_version_from("8.9.2.26")), -1);
}

// What a process keeps of files that were removed or replaced beneath it; what it made for itself is no such file.
TEST(MappedLibraryRules, TellOfFilesThatWereReplacedBeneath) {
  const auto judged = [](const std::vector<Library>& libraries) {
    Scene scene;
    scene.environment();
    scene.stack.subject = "process 7";
    scene.stack.libraries = libraries;
    return scene.judge("VRV-LIBRARY-GONE-BENEATH");
  };
  const auto mapped = [](const std::string& path, bool deleted, bool replaced) {
    return Library{.path = path, .build_id = {}, .build_id_missing = {}, .deleted = deleted, .replaced = replaced};
  };
  EXPECT_TRUE(judged({mapped("/lib/libcudart.so.12", false, false), mapped("/memfd:jit", true, false),
                      mapped("/tmp/x/kernel.so", true, false)})
                  .empty());
  const auto cuda = judged({mapped("/lib/libcudart.so.12", true, true), mapped("/venv/torch/_C.so", true, false),
                            mapped("/lib/libssl.so.3", true, true)});
  ASSERT_EQ(cuda.size(), 1u);
  EXPECT_EQ(
      cuda[0].evidence,
      "process 7 has mapped 2 files that are no longer what stands under the name: libcudart.so.12 (another file is "
      "there now), _C.so (removed)");
  EXPECT_FALSE(cuda[0].severity);
  const auto system = judged({mapped("/lib/libssl.so.3", true, true)});
  ASSERT_EQ(system.size(), 1u);
  EXPECT_EQ(system[0].severity, Severity::note);
}

}  // namespace
}  // namespace varve
