#include <gtest/gtest.h>

#include "rules/software/rule_testing.h"

namespace varve {
namespace {

using testing::has;
using testing::loaded;
using testing::Scene;

Fact cpu_build() { return missing_fact(Missing::absent, "local version +cpu", "a build without CUDA by its version"); }

TEST(FrameworkRules, CpuBuildWhereAGpuIs) {
  Scene scene;
  scene.package("torch", "2.2.0+cpu", "framework").cuda = cpu_build();
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());  // an environment alone
  scene.gpu("NVIDIA GeForce RTX 3090", "8.6");
  auto found = scene.judge("VRV-FRAMEWORK-CPU-BUILD");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].severity);  // the row's: warning
  EXPECT_TRUE(has(found[0].evidence, "torch 2.2.0+cpu in /venv is a build without CUDA")) << found[0].evidence;
  EXPECT_TRUE(has(found[0].evidence, "NVIDIA GeForce RTX 3090"));
  scene.package("cupy-cuda12x", "14", "framework", "12.x");  // then the other is left on the CPU on purpose, perhaps
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-CPU-BUILD").at(0).severity, Severity::note);
}

TEST(FrameworkRules, NotStatedIsNoCpuBuild) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9").package("torchdata", "0.7", "framework");
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
}

TEST(FrameworkRules, CondaPackagesThatSelectTheCpu) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9");
  scene.package("cpuonly", "2.0", "library").installer = "conda";
  Package& mutex = scene.package("pytorch-mutex", "1.0", "library");
  mutex.installer = "conda";
  mutex.cuda = missing_fact(Missing::absent, "conda-meta: build cpu", "a build without CUDA by its name");
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-CPU-BUILD").size(), 2u);
}

TEST(FrameworkRules, FrameworkWithoutItsPlugin) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9");
  scene.package("jax", "0.10.2", "framework").cuda = missing_fact(Missing::not_applicable, "data/packages.json");
  ASSERT_EQ(scene.judge("VRV-FRAMEWORK-CPU-BUILD").size(), 1u);
  scene.package("jax-cuda12-plugin", "0.10.2", "extension", "12");
  scene.environment().packages[0].requirements = {{"jax-cuda12-plugin", "<=0.10.2,>=0.10.2", "0.10.2"}};
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-PIN").empty());
  scene.environment().packages[1].version = scene.environment().packages[0].requirements[0].installed = "0.9.0";
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-PIN").size(), 1u);
}

TEST(FrameworkRules, AnOldJaxlibCarriesItsCudaItself) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9");
  scene.package("jax", "0.4.1", "framework").cuda = missing_fact(Missing::not_applicable, "data/packages.json");
  scene.package("jaxlib", "0.4.1+cuda11.cudnn86", "framework", "11");
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
  scene.environment().packages[1].cuda = missing_fact(Missing::absent, "version, name, pins", "nothing states it");
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-CPU-BUILD").size(), 1u) << "told once, of jax";
}

TEST(FrameworkRules, ACpuBuildIsWhatItCanLoad) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9").package("ctranslate2", "4.8.5", "framework");
  const std::string own = "/venv/ctranslate2/libctranslate2.so.4";
  scene.binary(own, "libctranslate2.so.4", "", "ctranslate2");
  Consumer& consumer = scene.consumer("ctranslate2", "4.8.5", "framework");
  consumer.libraries = {loaded("libctranslate2.so.4", own, "of the package")};
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty()) << "nobody looked for names that it opens";
  scene.stack.consumers[0].symbols_checked = true;
  const auto found = scene.judge("VRV-FRAMEWORK-CPU-BUILD");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "neither need nor open a library of CUDA")) << found[0].evidence;
  scene.stack.consumers[0].libraries.push_back({.name = "libcublas.so.12",
                                                .path = {},
                                                .why = "not found",
                                                .asked_by = own,
                                                .kind = DependencyKind::opened,
                                                .unresolved = {}});
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
}

TEST(FrameworkRules, AModuleThatWaitsForAnotherPackageIsANote) {
  Scene scene;
  scene.package("cuda-core", "1.2.2", "extension", "13");
  const std::string module = "/venv/cuda/core/_bridge.cpython-311-x86_64-linux-gnu.so";
  scene.binary(module, "", "", "cuda-core");
  Consumer& core = scene.consumer("cuda-core", "1.2.2", "extension");
  core.symbols_checked = true;
  core.libraries = {loaded("_bridge", module, "imported from the package")};
  core.libraries[0].unresolved = {{"aoti_torch_dtype_float32", ""}};
  core.libraries[0].unresolved_count = 1;
  const auto found = scene.judge("VRV-FRAMEWORK-EXTENSION-SYMBOLS");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);
  scene.stack.consumers[0].libraries[0].unresolved = {{"PyThreadState_GetUnchecked", ""}};  // of another Python
  EXPECT_FALSE(scene.judge("VRV-FRAMEWORK-EXTENSION-SYMBOLS").at(0).severity);
}

// xformers is built on the stable part of PyTorch's interface since 0.0.34.
TEST(FrameworkRules, ExtensionThatTakesLaterReleases) {
  const auto faults = [](const std::string& torch, const std::string& own) {
    Scene scene;
    scene.package("torch", torch, "framework", "13.0");
    scene.package("xformers", own, "extension").built_for = "torch 2.10.0+cu130";
    return scene.judge("VRV-FRAMEWORK-EXTENSION-RELEASE").size();
  };
  EXPECT_EQ(faults("2.11.0+cu130", "0.0.35"), 0U);
  EXPECT_EQ(faults("2.9.1+cu130", "0.0.35"), 1U);
  EXPECT_EQ(faults("2.11.0+cu130", "0.0.33"), 1U);
}

TEST(FrameworkRules, ExtensionForAnotherRelease) {
  Scene scene;
  scene.package("torch", "2.3.1+cu121", "framework", "12.1");
  Package& xformers = scene.package("xformers", "0.0.27.post2", "extension");
  xformers.built_for = "torch 2.4.0+cu121";
  xformers.built_for_source = "xformers/cpp_lib.json: version.torch";
  xformers.requirements = {{"torch", "==2.4.0", "2.3.1+cu121"}};
  ASSERT_EQ(scene.judge("VRV-FRAMEWORK-EXTENSION-RELEASE").size(), 1u);
  const auto pins = scene.judge("VRV-FRAMEWORK-PIN");
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_EQ(pins[0].evidence, "xformers 0.0.27.post2 in /venv asks for torch==2.4.0 (there: 2.3.1+cu121)");
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-PIN").empty());
  scene.environment().packages[0].version = "2.4.1+cu121";
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-EXTENSION-RELEASE").empty());
}

TEST(FrameworkRules, ExtensionWithSymbolsOfAnotherFramework) {
  Scene scene;
  scene.package("torch", "2.5.0", "framework", "12.4");
  scene.package("flash-attn", "2.6.3", "extension", "12").requirements = {{"torch", "", "2.5.0"}};
  const std::string module = "/venv/flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so";
  scene.binary(module, "", "", "flash-attn");
  Consumer& attention = scene.consumer("flash-attn", "2.6.3", "extension");
  attention.symbols_checked = true;
  attention.libraries = {loaded("flash_attn_2_cuda", module, "imported from the package")};
  attention.libraries[0].unresolved = {{"_ZN3c105ErrorC2ENS_14SourceLocationESs", ""}};
  attention.libraries[0].unresolved_count = 3;
  const auto found = scene.judge("VRV-FRAMEWORK-EXTENSION-SYMBOLS");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "it asks for torch, and 2.5.0 is there")) << found[0].evidence;
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-UNRESOLVED").empty());
}

TEST(FrameworkRules, AFrameworkBuiltOnAnotherIsJudgedLikeAnExtension) {
  Scene scene;
  scene.package("torch", "2.7.0", "framework", "12.8");
  scene.package("vllm", "0.8.5", "framework", "12").requirements = {{"torch", "==2.6.0", "2.7.0"}};
  scene.binary("/venv/vllm/_C.abi3.so", "", "", "vllm");
  scene.binary("/venv/torch/lib/libtorch.so", "libtorch.so", "", "torch");
  Consumer& vllm = scene.consumer("vllm", "0.8.5");
  vllm.symbols_checked = true;
  vllm.libraries = {loaded("_C.abi3.so", "/venv/vllm/_C.abi3.so", "of the package"),
                    loaded("libtorch.so", "/venv/torch/lib/libtorch.so", "held by the environment")};
  vllm.libraries[0].unresolved = {{"_ZN5torch3jit17parseSchemaOrNameERKSs", ""}};
  vllm.libraries[0].unresolved_count = 1;
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-EXTENSION-SYMBOLS").size(), 1u);
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-UNRESOLVED").empty());
}

TEST(FrameworkRules, LibrariesOfAnotherCudaThanTheOneThatIsThere) {
  Scene scene;
  scene.name("cublasLt", "libcublasLt.so.12", "12").name("cublasLt", "libcublasLt.so.13", "13");
  scene.package("onnxruntime-gpu", "1.27.0", "framework", "13.0");
  const std::string provider = "/venv/onnxruntime/capi/libonnxruntime_providers_cuda.so";
  scene.binary(provider, "", "", "onnxruntime-gpu");
  scene.binary("/usr/local/cuda-12.4/lib64/libcublasLt.so.12", "libcublasLt.so.12", "12.4.5", "", "");
  scene.consumer("onnxruntime-gpu", "1.27.0").libraries = {
      loaded("libonnxruntime_providers_cuda.so", provider, "of the package", "", DependencyKind::opened),
      loaded("libcublasLt.so.13", "", "not found", provider)};
  auto found = scene.judge("VRV-FRAMEWORK-CUDA-MISSING");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);  // no GPU: nothing is lost
  scene.gpu("NVIDIA L4", "8.9");
  found = scene.judge("VRV-FRAMEWORK-CUDA-MISSING");
  EXPECT_EQ(found.at(0).severity, Severity::warning);  // the import does not fail
  EXPECT_TRUE(has(found[0].evidence, "there is /usr/local/cuda-12.4/lib64/libcublasLt.so.12")) << found[0].evidence;
  EXPECT_TRUE(has(found[0].consequence, "CPU"));
}

TEST(FrameworkRules, OneOfSeveralVariantsIsNotMissing) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9").name("cublas", "libcublas.so.11", "11");
  scene.package("bitsandbytes", "0.50.2", "extension").cuda =
      known_fact(std::vector<std::string>{"11.8", "12.4", "13.0"}, "names");
  scene.binary("/venv/bitsandbytes/libbitsandbytes_cuda118.so", "", "", "bitsandbytes");
  scene.consumer("bitsandbytes", "0.50.2", "extension").libraries = {
      loaded("libbitsandbytes_cuda118.so", "/venv/bitsandbytes/libbitsandbytes_cuda118.so", "of the package"),
      loaded("libcublas.so.11", "", "not found", "/venv/bitsandbytes/libbitsandbytes_cuda118.so")};
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CUDA-MISSING").empty());
}

TEST(FrameworkRules, NoneOfTheLibrariesThatItOpens) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9").name("cublas", "libcublas.so.12", "12").name("cudart", "libcudart.so.12", "12");
  scene.package("other", "2.20.0", "framework", "12.5.1");
  Consumer& other = scene.consumer("other", "2.20.0");
  other.libraries = {loaded("libcublas.so.12", "", "not found", "/venv/t.so", DependencyKind::opened),
                     loaded("libcudart.so.12", "", "not found", "/venv/t.so", DependencyKind::opened)};
  const std::vector<Found> found = scene.judge("VRV-FRAMEWORK-CUDA-MISSING");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].consequence, "The import does not fail for that")) << found[0].consequence;
  other.libraries[0].path = "/usr/lib/libcublas.so.12";
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CUDA-MISSING").empty());
}

TEST(FrameworkRules, ExtensionOfAnotherCudaThanItsFramework) {
  Scene scene;
  scene.package("torch", "2.10.0+cu129", "framework", "12.9");
  scene.package("vllm", "0.20.2", "framework", "13.0").requirements = {{"torch", "==2.10.0", "2.10.0+cu129"}};
  scene.package("cupy-cuda13x", "14", "framework", "13.x");  // needs no torch: legal
  const auto found = scene.judge("VRV-FRAMEWORK-CUDA-VARIANT");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "vllm 0.20.2 in /venv is built for CUDA 13")) << found[0].evidence;
}

// cukks brings its own runtime and links nothing of torch: two CUDAs in one process do not mind each other.
TEST(FrameworkRules, ExtensionThatStandsAlone) {
  Scene scene;
  scene.package("torch", "2.15.0", "framework", "13.2");
  scene.package("cukks-cu128", "0.2.2", "extension", "12").requirements = {{"torch", ">=2.1", ""}};
  scene.binary("/venv/cukks.libs/libcudart-c3a75b33.so.12.8.90", "libcudart-c3a75b33.so.12.8.90", "", "cukks-cu128");
  scene.binary("/venv/ckks/backend.so", "", "", "cukks-cu128").dependencies = {
      {"libcudart-c3a75b33.so.12.8.90", DependencyKind::needed, "", "RPATH"}};
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CUDA-VARIANT").empty());
  scene.stack.binaries.back().dependencies.push_back({"libc10.so", DependencyKind::needed, "", "not found"});
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-CUDA-VARIANT").size(), 1u);
}

TEST(FrameworkRules, TwoDistributionsOfOneFramework) {
  Scene scene;
  scene.package("onnxruntime", "1.20.0", "framework");
  scene.package("onnxruntime-gpu", "1.20.0", "framework", "12.4");
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-TWICE").empty());
  scene.environment().file_faults = {{FileFaultKind::overwritten,
                                      "/venv/onnxruntime/capi/onnxruntime_pybind11_state.so",
                                      {"onnxruntime 1.20.0", "onnxruntime-gpu 1.20.0"},
                                      "onnxruntime 1.20.0"}};
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-TWICE").size(), 1u);
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-OVERWRITTEN").empty());
}

// A list tells which packages there are, and nothing of their files.
TEST(FrameworkRules, TwoDistributionsOfOneFrameworkInAList) {
  Scene scene;
  scene.package("onnxruntime", "1.23.2", "framework");
  scene.package("onnxruntime-gpu", "1.23.2", "framework");
  scene.package("torch", "2.8.0", "framework", "12.8");
  scene.environment().python = missing_fact(Missing::not_asked, "text");
  const auto found = scene.judge("VRV-FRAMEWORK-TWICE");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(
      found[0].evidence,
      "onnxruntime 1.23.2 and onnxruntime-gpu 1.23.2 write the folder onnxruntime in /venv; whose files are there "
      "is not told");
}

// JAX's own report names three packages: what it does not name may be there.
TEST(FrameworkRules, APartThatAListDoesNotName) {
  Scene scene;
  scene.gpu("NVIDIA L4", "8.9");
  scene.package("jax", "0.5.2", "framework");
  scene.environment().python = missing_fact(Missing::not_asked, "text");
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
  scene.package("pip", "25.0", "library");
  EXPECT_EQ(scene.judge("VRV-FRAMEWORK-CPU-BUILD").size(), 1u);
}

TEST(FrameworkRules, OneFrameworkByTwoInstallers) {
  Scene scene;
  scene.package("torch", "2.3.0", "framework", "12.1");
  scene.package("pytorch", "2.1.2", "framework", "11.8").installer = "conda";
  const auto found = scene.judge("VRV-FRAMEWORK-TWICE");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].evidence, "/venv holds torch 2.3.0 by pip and pytorch 2.1.2 by conda");
}

}  // namespace
}  // namespace varve
