// Lists of packages that somebody wrote down.
#include <gtest/gtest.h>

#include <array>

#include "rules/software/rule_testing.h"

namespace varve {
namespace {

using testing::has;
using testing::Scene;

// Packages of a list, by "name version cuda"; of a list nobody looked at the interpreter.
Scene listed(const std::vector<std::array<std::string, 4>>& packages) {
  Scene scene;
  for (const auto& [name, version, role, cuda] : packages) scene.package(name, version, role, cuda, "text");
  scene.environment("text").python = missing_fact(Missing::not_asked, "text", "the text does not say");
  return scene;
}

TEST(ListedPackages, APluginOfAnotherReleaseThanJaxlib) {
  Scene scene = listed({{"jax", "0.4.34", "framework", ""},
                        {"jaxlib", "0.4.34", "framework", ""},
                        {"jax-cuda12-plugin", "0.4.36", "extension", "12"}});
  const auto found = scene.judge("VRV-FRAMEWORK-PIN");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "jax-cuda12-plugin 0.4.36 in text has to be of the release of jaxlib"));
  scene.stack.environments[0].packages[2].version = "0.4.34";
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-PIN").empty());
  // What is installed says itself what it asks for.
  scene.stack.environments[0].packages[2].version = "0.4.36";
  scene.environment("text").python = known_fact(std::string("3.11"), "test");
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-PIN").empty());
}

// What CTranslate2 opens by a name that holds the major version, and what torch or a wheel brings.
TEST(ListedPackages, CudnnOfAnotherMajorThanAPackageOpens) {
  static const Knowledge knowledge = *load_knowledge();
  const auto found = [&](const std::string& own, const std::string& torch, const std::string& wheel) {
    Scene scene = listed({{"ctranslate2", own, "framework", ""}, {"torch", torch, "framework", "12.1"}});
    if (!wheel.empty()) scene.package("nvidia-cudnn-cu12", wheel, "runtime", "12", "text");
    scene.knowledge = knowledge;
    return scene.judge("VRV-LIBRARY-PIN");
  };
  ASSERT_EQ(found("4.5.0", "2.3.1", "").size(), 1u);
  EXPECT_TRUE(has(found("4.5.0", "2.3.1", "")[0].evidence, "ctranslate2 4.5.0 opens cuDNN 9, and torch 2.3.1 brings"));
  EXPECT_EQ(found("4.4.0", "2.4.0", "").size(), 1u);
  EXPECT_TRUE(found("4.4.0", "2.3.1", "").empty());
  EXPECT_TRUE(found("4.5.0", "2.4.0", "9.1.0.70").empty());
  EXPECT_EQ(found("4.4.0", "2.4.0", "9.1.0.70").size(), 1u);
  EXPECT_TRUE(found("4.6.3", "2.3.1", "").empty());  // it opens none
}

// By the table of builds, where no torch stands beside it whose cuDNN the wheel may be.
TEST(ListedPackages, CudnnOfAnotherMajorThanABuildOpens) {
  static const Knowledge knowledge = *load_knowledge();
  const auto count = [&](std::vector<std::array<std::string, 4>> packages) {
    Scene scene = listed(packages);
    scene.knowledge = knowledge;
    return scene.judge("VRV-LIBRARY-PIN").size();
  };
  const std::array<std::string, 4> cudnn = {"nvidia-cudnn-cu12", "9.5.0.50", "runtime", "12"};
  EXPECT_EQ(count({{"tensorflow", "2.16.1", "framework", ""}, cudnn}), 1u);
  EXPECT_EQ(count({{"tensorflow", "2.18.0", "framework", ""}, cudnn}), 0u);
  EXPECT_EQ(count({{"onnxruntime-gpu", "1.19.2", "framework", ""}, {"nvidia-cudnn-cu12", "8.9.2.26", "runtime", "12"}}),
            1u);
  EXPECT_EQ(count({{"jaxlib", "0.4.23+cuda12.cudnn89", "framework", "12"}, cudnn}), 1u);
  EXPECT_EQ(count({{"tensorflow", "2.16.1", "framework", ""}, cudnn, {"torch", "2.5.1", "framework", "12.4"}}), 0u);
}

// What brings CUDA by extras alone takes a toolkit's where no wheel of CUDA is listed.
TEST(ListedPackages, AToolkitOfAnotherCudaWhereAProgramSawNoGpu) {
  static const Knowledge knowledge = *load_knowledge();
  Scene scene = listed({{"tensorflow", "2.15.0", "framework", ""}});
  scene.knowledge = knowledge;
  scene.fact("toolkit.nvcc.version", std::string("11.8"));
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-PIN").empty());
  scene.fact("asks.gpu", std::string("a GPU, and got none"));
  EXPECT_EQ(scene.judge("VRV-LIBRARY-PIN").size(), 1u);
  scene.package("nvidia-cublas-cu12", "12.2.5.6", "runtime", "12", "text");
  EXPECT_TRUE(scene.judge("VRV-LIBRARY-PIN").empty());
}

TEST(ListedPackages, AToolkitThatIsKnownByItsFolderAlone) {
  static const Knowledge knowledge = *load_knowledge();
  const auto count = [&](const char* folder) {
    Scene scene = listed({{"tensorflow", "2.10.0", "framework", ""}});
    scene.knowledge = knowledge;
    scene.fact("toolkit.active", std::string(folder));
    return scene.judge("VRV-LIBRARY-PIN").size();
  };
  EXPECT_EQ(count("/usr/local/cuda-12.2"), 1u);  // it is for CUDA 11.2
  EXPECT_EQ(count("/usr/local/cuda-11.8"), 0u);
  EXPECT_EQ(count("/usr/local/cuda-12"), 0u) << "a link, of which no release is told";
  EXPECT_EQ(count("/usr/local/cuda"), 0u);
  EXPECT_EQ(count("/opt/cuda-samples"), 0u);
}

TEST(ListedPackages, AWheelForANewerGlibc) {
  const auto found = [](const std::string& libc) {
    Scene scene = listed({{"vllm", "0.30.0", "framework", ""}});
    scene.stack.environments[0].packages[0].built_for = "glibc 2.39";
    scene.stack.facts["os.libc"] = known_fact(libc, "test");
    return scene.judge("VRV-FRAMEWORK-PIN");
  };
  ASSERT_EQ(found("glibc 2.35").size(), 1u);
  EXPECT_TRUE(has(found("glibc 2.35")[0].evidence, "is a wheel for glibc 2.39 or newer"));
  EXPECT_TRUE(found("glibc 2.39").empty());
  EXPECT_TRUE(found("musl 1.2.5").empty());
}

TEST(ListedPackages, WithoutAWheelForThisPython) {
  Scene scene = listed({{"torch", "2.4.0", "framework", ""}});
  scene.stack.environments[0].python = known_fact("3.13.1", "line 1", Standing::declared);
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-NO-WHEEL").empty());
  scene.stack.environments[0].without_wheel = {"torch 2.4.0 (Python >=3.8,<3.13)"};
  const auto found = scene.judge("VRV-FRAMEWORK-NO-WHEEL");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "Python is 3.13.1, and what was asked for has wheels for others: torch 2.4.0"))
      << found[0].evidence;
}

// A toolkit may be there that the text does not name: a note, not more.
TEST(ListedPackages, AnOnnxRuntimeOfAnotherMajorThanTorch) {
  static const Knowledge knowledge = *load_knowledge();
  const auto found = [&](const std::string& runtime, const std::string& cuda) {
    Scene scene = listed({{"onnxruntime-gpu", runtime, "framework", ""}, {"torch", "2.1.0", "framework", cuda}});
    scene.knowledge = knowledge;
    return scene.judge("VRV-LIBRARY-PIN");
  };
  ASSERT_EQ(found("1.16.3", "12.1").size(), 1u);
  EXPECT_EQ(found("1.16.3", "12.1")[0].severity, Severity::note);
  EXPECT_TRUE(
      has(found("1.16.3", "12.1")[0].evidence, "opens the libraries of CUDA 11.8, and torch 2.1.0 brings those"));
  EXPECT_TRUE(found("1.16.3", "11.8").empty());
  EXPECT_TRUE(found("1.17.1", "12.1").empty()) << "there are builds of that release for both";
}

TEST(ListedPackages, AnOlderNcclThanTorchIsBuiltWith) {
  static const Knowledge knowledge = *load_knowledge();
  const auto found = [&](const std::string& nccl) {
    Scene scene = listed({{"torch", "2.4.0", "framework", "12.1"}});
    scene.package("nvidia-nccl-cu12", nccl, "runtime", "12", "text");
    scene.knowledge = knowledge;
    return scene.judge("VRV-LIBRARY-PIN").size();
  };
  EXPECT_EQ(found("2.18.3"), 1u);
  EXPECT_EQ(found("2.20.5"), 0u);
  EXPECT_EQ(found("2.26.2"), 0u);
}

TEST(ListedPackages, OnnxRuntimeBesideAToolkitOfAnotherMajor) {
  static const Knowledge knowledge = *load_knowledge();
  const auto found = [&](const std::string& version, const std::string& toolkit, const std::string& torch) {
    Scene scene = listed({{"onnxruntime-gpu", version, "framework", ""}});
    if (!torch.empty()) scene.package("torch", "2.1.0", "framework", torch, "text");
    scene.fact("toolkit.nvcc.version", toolkit);
    scene.knowledge = knowledge;
    return scene.judge("VRV-LIBRARY-PIN").size();
  };
  EXPECT_EQ(found("1.16.1", "12.1", ""), 1u);
  EXPECT_EQ(found("1.16.1", "11.8", ""), 0u);
  EXPECT_EQ(found("1.17.0", "12.1", ""), 0u) << "there is a build of it for each";
  EXPECT_EQ(found("1.16.1", "12.1", "11.8"), 0u) << "torch brings what it opens";
}

TEST(ListedPackages, TorchvisionOfAnotherCudaThanTorch) {
  const auto found = [](const std::string& cuda) {
    return listed({{"torch", "2.1.0", "framework", "12.1"}, {"torchvision", "0.16.0", "extension", cuda}})
        .judge("VRV-FRAMEWORK-CUDA-VARIANT")
        .size();
  };
  EXPECT_EQ(found("11.8"), 1u);
  EXPECT_EQ(found("12.4"), 0u);
}

TEST(ListedPackages, JaxlibIsNeverNewerThanJax) {
  EXPECT_EQ(listed({{"jax", "0.4.13", "framework", ""}, {"jaxlib", "0.4.14", "framework", ""}})
                .judge("VRV-FRAMEWORK-PIN")
                .size(),
            1u);
  EXPECT_TRUE(listed({{"jax", "0.4.14", "framework", ""}, {"jaxlib", "0.4.13", "framework", ""}})
                  .judge("VRV-FRAMEWORK-PIN")
                  .empty());
}

TEST(ListedPackages, JaxRefusesAnOlderJaxlibThanItsMinimum) {
  const auto found = [](const std::string& jax, const std::string& jaxlib) {
    return listed({{"jax", jax, "framework", ""}, {"jaxlib", jaxlib, "framework", ""}}).judge("VRV-FRAMEWORK-PIN");
  };
  const auto old = found("0.4.30", "0.4.20+cuda12.cudnn89");
  ASSERT_EQ(old.size(), 1u);
  EXPECT_TRUE(has(old[0].evidence, "jax 0.4.30 in text refuses a jaxlib older than 0.4.27 (there: 0.4.20)"));
  EXPECT_TRUE(found("0.4.30", "0.4.27").empty());
  EXPECT_TRUE(found("0.4.20", "0.4.14").empty());
  EXPECT_EQ(found("0.7.3", "0.7.1").size(), 1u) << "a release that the row does not name has the bound before it";
  EXPECT_TRUE(found("0.2.10", "0.1.60").empty()) << "before the first release of the row";
}

TEST(ListedPackages, ReleasesThatArePinnedOneByOne) {
  const auto pins = [](const std::string& name, const std::string& version, const std::string& torch) {
    return listed({{"torch", torch, "framework", ""}, {name, version, "extension", ""}}).judge("VRV-FRAMEWORK-PIN");
  };
  const auto found = pins("xformers", "0.0.26.post1", "2.1.2+cu121");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "xformers 0.0.26.post1 in text goes with torch 2.3.0 (there: 2.1.2)"));
  EXPECT_TRUE(pins("xformers", "0.0.23.post1", "2.1.2+cu121").empty());  // 0.0.23 goes with 2.1.1
  EXPECT_TRUE(pins("xformers", "0.0.26.post1", "2.3.0a0+git1").empty());
  EXPECT_TRUE(pins("xformers", "0.0.99", "2.1.2").empty());  // not in the table
  EXPECT_EQ(pins("torchaudio", "2.5.1+cu124", "2.6.0+cu124").size(), 1u);
  EXPECT_TRUE(pins("torchaudio", "2.5.1", "2.5.1").empty());
  EXPECT_EQ(pins("triton", "3.0.0", "2.5.1").size(), 1u);
  EXPECT_TRUE(pins("triton", "3.1.0", "2.5.1+cu124").empty());
  EXPECT_EQ(pins("vllm", "0.20.1", "2.10.0").size(), 1u);
  EXPECT_TRUE(pins("vllm", "0.10.2", "2.8.0+cu128").empty());
  EXPECT_EQ(pins("torchcodec", "0.9.1", "2.8.0").size(), 1u);
  EXPECT_TRUE(pins("torchcodec", "0.7.0", "2.8.0").empty());
  EXPECT_EQ(pins("fbgemm-gpu", "1.2.0", "2.8.0").size(), 1u);
  EXPECT_EQ(pins("torchtext", "0.18.0", "2.4.0").size(), 1u);
  EXPECT_TRUE(pins("torchtext", "0.10.1", "1.9.1").empty());
  EXPECT_TRUE(pins("torchaudio", "2.11.0", "2.13.0").empty());  // it takes any newer torch
}

TEST(ListedPackages, TorchvisionGoesWithOneMinorReleaseOfTorch) {
  const auto pins = [](const std::string& torch, const std::string& vision) {
    return listed({{"torch", torch, "framework", ""}, {"torchvision", vision, "extension", ""}})
        .judge("VRV-FRAMEWORK-PIN")
        .size();
  };
  EXPECT_EQ(pins("2.6.0+cu124", "0.20.1"), 1u);
  EXPECT_EQ(pins("2.6.0+cu124", "0.21.0+cu124"), 0u);
  EXPECT_EQ(pins("2.6.0a0+df5bbc09", "0.20.0a0"), 0u);  // an image of NVIDIA's: not of the package index
  EXPECT_EQ(pins("1.13.1", "0.10.0"), 1u);              // in step before 2.0 too
  EXPECT_EQ(pins("1.2.0", "0.10.0"), 0u);               // counted otherwise then
}

TEST(ListedPackages, WheelsOfAnotherMajorVersionThanTheFrameworkOpens) {
  const auto faults = [](const std::vector<std::array<std::string, 4>>& packages) {
    Scene scene = listed(packages);
    scene.knowledge.framework_builds.push_back(
        {.framework = "torch", .version = "2.1", .cuda = "12.1", .cudnn = "8.9.2.26", .targets = {}, .source = "test"});
    return scene.judge("VRV-LIBRARY-PIN").size();
  };
  const std::array<std::string, 4> torch = {"torch", "2.1.2", "framework", "12.1"};
  EXPECT_EQ(faults({torch, {"nvidia-cudnn-cu12", "9.1.0.70", "runtime", "12"}}), 1u);
  EXPECT_EQ(faults({torch, {"nvidia-cudnn-cu12", "8.9.7.29", "runtime", "12"}}), 0u);
  EXPECT_EQ(faults({torch, {"nvidia-nccl-cu11", "2.18.1", "runtime", "11"}}), 1u);
  EXPECT_EQ(faults({torch, {"nvidia-nccl-cu12", "2.18.1", "runtime", "12"}}), 0u);
}

TEST(ListedPackages, TwoWheelsThatWriteOneLibrary) {
  Scene scene = listed({{"nvidia-cudnn-cu11", "8.9.4.25", "runtime", "11"},
                        {"nvidia-cudnn-cu12", "9.1.0.70", "runtime", "12"},
                        {"nvidia-cublas-cu11", "11.11.3.6", "runtime", "11"},
                        {"nvidia-cublas-cu12", "12.4.5.8", "runtime", "12"}});
  const auto found = scene.judge("VRV-LIBRARY-OVERWRITTEN");  // cuBLAS has its major version in the name
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(has(found[0].evidence, "nvidia-cudnn-cu11 8.9.4.25 and nvidia-cudnn-cu12 9.1.0.70")) << found[0].evidence;
}

TEST(ListedPackages, AnOlderToolkitBeforeTheWheels) {
  Scene scene =
      listed({{"torch", "2.6.0", "framework", "12.4"}, {"nvidia-cuda-runtime-cu12", "12.4.127", "runtime", "12"}});
  const auto found = [&](const std::string& path) {
    return scene.setting("LD_LIBRARY_PATH", path).judge("VRV-LIBRARY-LINKER-OLDER").size();
  };
  EXPECT_EQ(found("/usr/local/cuda-12.1/lib64:/usr/lib"), 1u);
  EXPECT_EQ(found("/usr/local/cuda-12.6/lib64"), 0u);  // a newer one serves older libraries
  EXPECT_EQ(found("/usr/local/cuda-11.8/lib64"), 0u);  // its libraries have other names
  EXPECT_EQ(found("/usr/local/cuda/lib64"), 0u);       // of which release is not told
}

// TensorFlow before 2.14 brings no CUDA.
TEST(ListedPackages, AToolkitWhoseLibrariesHaveOtherNamesThanTensorFlowOpens) {
  const auto faults = [](const std::string& name, const std::string& version, const std::string& nvcc) {
    Scene scene = listed({{name, version, "framework", ""}});
    scene.knowledge = *load_knowledge();
    scene.fact("toolkit.nvcc.version", nvcc);
    return scene.judge("VRV-LIBRARY-PIN").size();
  };
  EXPECT_EQ(faults("tensorflow", "2.4.1", "11.2.67"), 1U);  // libcusolver.so.10 is of 11.0 alone
  EXPECT_EQ(faults("tensorflow", "2.4.1", "11.0"), 0U);
  EXPECT_EQ(faults("tensorflow", "2.11.0", "11.8"), 0U);
  EXPECT_EQ(faults("tensorflow-gpu", "2.0.0", "10.1"), 1U);
  EXPECT_EQ(faults("tensorflow-gpu", "2.3.0", "10.1"), 0U);
  EXPECT_EQ(faults("tensorflow", "2.12.0", "12.1"), 1U);
  EXPECT_EQ(faults("tensorflow", "2.15.0", "12.4"), 0U);  // may bring its own
  EXPECT_EQ(faults("tensorflow", "2.0.0b1", "10.1"), 0U);
  EXPECT_EQ(faults("tensorflow-gpu", "1.15.5", "11.2"), 1U);
  EXPECT_EQ(faults("tensorflow", "2.0.4", "11.2"), 0U);  // a build without CUDA, as all before 2.1
  EXPECT_EQ(faults("tensorflow-cpu", "2.12.0", "12.1"), 0U);
  EXPECT_EQ(faults("torch", "2.4.1", "11.2"), 0U);
}

TEST(ListedPackages, ABuildForTheCpuWhereOnlyTheDriverIsNamed) {
  Scene scene = listed({{"torch", "2.3.0+cpu", "framework", ""}});
  scene.stack.environments[0].packages[0].cuda = missing_fact(Missing::absent, "line 1", "a build without CUDA");
  scene.stack.facts["gpu.count"] = missing_fact(Missing::not_asked, "text");
  scene.stack.subject = "text issue.md";
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
  scene.fact("driver.kernel_mode.version", std::string("550.54.15"));
  ASSERT_EQ(scene.judge("VRV-FRAMEWORK-CPU-BUILD").size(), 1u);
  EXPECT_TRUE(has(scene.judge("VRV-FRAMEWORK-CPU-BUILD")[0].evidence, "the driver 550.54.15"));
  scene.stack.subject = "host";
  EXPECT_TRUE(scene.judge("VRV-FRAMEWORK-CPU-BUILD").empty());
}

TEST(ListedPackages, TorchvisionKeptInStepWithTorchBefore20) {
  const auto faults = [](const std::string& torch, const std::string& vision) {
    const Scene scene = listed({{"torch", torch, "framework", ""}, {"torchvision", vision, "extension", ""}});
    return scene.judge("VRV-FRAMEWORK-PIN").size();
  };
  EXPECT_EQ(faults("1.10.1+cu111", "0.10.0+cu111"), 1U);
  EXPECT_EQ(faults("1.10.1+cu111", "0.11.2+cu111"), 0U);
  EXPECT_EQ(faults("1.13.1", "0.14.1"), 0U);
  EXPECT_EQ(faults("2.0.1", "0.14.1"), 1U);
  EXPECT_EQ(faults("1.3.1", "0.4.2"), 0U);  // not in step yet
}

}  // namespace
}  // namespace varve
