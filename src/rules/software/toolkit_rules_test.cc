#include <gtest/gtest.h>

#include "rules/software/rule_testing.h"
#include "rules/software/software_rules.h"

namespace varve {
namespace {

using testing::has;
using testing::loaded;
using testing::Scene;

void add_toolkit(Scene& scene, const std::string& path, const std::string& version, std::vector<std::string> named_by,
                 const std::string& nvcc = "") {
  scene.stack.toolkits.push_back({.path = path,
                                  .version = known_fact(version, path + "/version.json"),
                                  .nvcc = known_fact(nvcc.empty() ? version : nvcc, "test"),
                                  .installer = missing_fact(Missing::absent, "test"),
                                  .named_by = std::move(named_by),
                                  .components = {}});
}

void expect_silence(const Scene& scene) {
  for (const auto& rules : {toolkit_claim_rules(), toolkit_build_rules()}) {
    for (const Rule& rule : rules) EXPECT_TRUE(scene.judge(rule.id).empty()) << rule.id;
  }
}

TEST(ToolkitRules, AToolkitThatNothingNeedsIsFine) {
  Scene scene;
  scene.package("torch", "2.1.2", "framework", "12.1");
  expect_silence(scene);
  add_toolkit(scene, "/usr/local/cuda-11.8", "11.8", {"/usr/local/cuda", "PATH"});
  expect_silence(scene);
}

TEST(ToolkitRules, HeadersOfOneCompilerOfAnother) {
  Scene scene;
  add_toolkit(scene, "/usr/local/cuda-9.0", "9.0", {"CUDA_HOME"});
  add_toolkit(scene, "/usr/local/cuda-8.0", "8.0", {"PATH"});
  auto found = scene.judge("VRV-TOOLKIT-CLAIMS");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_EQ(
      found[0].evidence,
      "CUDA_HOME leads to /usr/local/cuda-9.0 (9.0), PATH to /usr/local/cuda-8.0 (8.0): headers of one are compiled by "
      "the nvcc of the other");
  scene.stack.toolkits[1].version = known_fact(std::string("9.0.176"), "test");  // another place, the same release
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-CLAIMS").empty());
}

TEST(ToolkitRules, FallbacksThatAreNotTakenAreANote) {
  Scene scene;
  add_toolkit(scene, "/usr/local/cuda-12.1", "12.1", {"/usr/local/cuda"});
  add_toolkit(scene, "/usr/local/cuda-12.4", "12.4", {"PATH"});
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-CLAIMS").at(0).severity, Severity::note);
}

TEST(ToolkitRules, VariableThatLeadsNowhere) {
  Scene scene;
  scene.setting("CUDA_HOME", "/usr/local/cuda-12.4");
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-NOT-THERE").empty());  // nobody looked for toolkits
  scene.stack.facts["toolkit.installed"] = missing_fact(Missing::absent, "test");
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-NOT-THERE").size(), 1u);
}

TEST(ToolkitRules, ToolkitUnlikeTheFrameworkOnlyWhereItIsNeeded) {
  Scene scene;
  scene.package("torch", "2.1.0", "framework", "11.8");
  add_toolkit(scene, "/usr/local/cuda-12.3", "12.3", {"CUDA_PATH"});
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-FRAMEWORK").empty());
  scene.setting("CUDA_PATH", "/usr/local/cuda-12.3");
  auto found = scene.judge("VRV-TOOLKIT-FRAMEWORK");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].severity);
  EXPECT_TRUE(has(found[0].evidence, "torch 2.1.0 in /venv was built with CUDA 11.8")) << found[0].evidence;
  EXPECT_TRUE(has(found[0].evidence, "CUDA_PATH is set"));
  scene.environment().packages[0].cuda = known_fact(std::string("12.1"), "test");
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-FRAMEWORK").at(0).severity, Severity::note);  // a minor version apart
  scene.environment().packages[0].cuda = known_fact(std::string("12.3"), "test");
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-FRAMEWORK").empty());
}

TEST(ToolkitRules, PackagesThatCompileNeedTheToolkit) {
  Scene scene;
  scene.package("torch", "2.1.0", "framework", "11.8");
  scene.package("ninja", "1.11", "library");
  add_toolkit(scene, "/usr/local/cuda-12.3", "12.3", {"PATH"});
  EXPECT_TRUE(has(scene.judge("VRV-TOOLKIT-FRAMEWORK").at(0).evidence, "ninja compiles with it"));
}

TEST(ToolkitRules, HeadersUnlikeTheCompilerInOneToolkit) {
  Scene scene;
  add_toolkit(scene, "/usr/local/cuda", "12.4", {}, "12.1.105");
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-HEADERS").size(), 1u);
}

TEST(ToolkitRules, HostCompilerAndGpu) {
  Scene scene;
  for (const auto& [cuda, gcc] : {std::pair{"12.1", 12}, std::pair{"13.0", 15}}) {
    CudaRelease release;
    release.cuda = cuda;
    release.newest_gcc = gcc;
    scene.knowledge.cuda_releases.push_back(release);
  }
  GpuArchitecture blackwell;
  blackwell.capability = {12, 0};
  blackwell.first_cuda = "12.8";
  scene.knowledge.gpu_architectures = {blackwell};
  add_toolkit(scene, "/usr/local/cuda-12.1", "12.1", {"PATH"});
  scene.gpu("NVIDIA GeForce RTX 5090", "12.0").fact("os.gcc", std::string("13"));
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-HOST-COMPILER").at(0).severity, Severity::note);
  EXPECT_TRUE(has(scene.judge("VRV-TOOLKIT-GPU").at(0).evidence, "the first that does is 12.8"));
  scene.setting("TORCH_CUDA_ARCH_LIST", "12.0");
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-HOST-COMPILER").at(0).severity, Severity::warning);
  scene.setting("NVCC_CCBIN", "/usr/bin/gcc-12");
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-HOST-COMPILER").empty());
  scene.stack.toolkits[0].version = known_fact(std::string("13.0"), "test");
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-GPU").empty());
}

TEST(ToolkitRules, ToolkitNewerThanTheDriver) {
  Scene scene;
  add_toolkit(scene, "/usr/local/cuda-13.0", "13.0", {"PATH"});
  scene.fact("driver.api_level", std::string("12.4"));
  EXPECT_EQ(scene.judge("VRV-TOOLKIT-DRIVER").size(), 1u);
  scene.fact("driver.api_level", std::string("13.0"));
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-DRIVER").empty());
}

TEST(ToolkitRules, BinaryCompiledWithAnotherCudaThanItsLibraries) {
  Scene scene;
  scene.name("cusparse", "libcusparse.so.12", "");
  scene.binary("/app/solve", "", "", "", "").built_by = {"CUDA 12.4 V12.4.131", "GCC: (GNU) 12.2.0"};
  scene.binary("/cuda-13/libcusparse.so.12", "libcusparse.so.12", "12.6.3", "", "").runtime =
      known_fact(std::string("13.0"), "test");
  scene.consumer("/app/solve", "", "binary", "").libraries = {
      loaded("solve", "/app/solve", "asked for"),
      loaded("libcusparse.so.12", "/cuda-13/libcusparse.so.12", "LD_LIBRARY_PATH", "/app/solve")};
  const auto found = scene.judge("VRV-TOOLKIT-BINARY");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "/app/solve was compiled with CUDA 12.4")) << found[0].evidence;
  scene.stack.binaries[1].runtime = known_fact(std::string("12.8"), "test");
  EXPECT_TRUE(scene.judge("VRV-TOOLKIT-BINARY").empty());
}

}  // namespace
}  // namespace varve
