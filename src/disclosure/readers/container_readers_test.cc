// What engines and Kubernetes say of a container: short quotations, names replaced.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack container_of(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

std::string said(const Stack& stack, const char* id) {
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}

std::string inspected(const std::string& members) {
  return "[\n    {\n        \"HostConfig\": {\n" + members + "        }\n    }\n]\n";
}
}  // namespace

TEST(InspectText, DeviceRequests) {
  const Stack asked = container_of(
      inspected("            \"Privileged\": false,\n            \"Runtime\": \"runc\",\n"
                "            \"DeviceRequests\": [\n                {\n                    \"Driver\": \"\",\n"
                "                    \"Count\": -1,\n                    \"DeviceIDs\": null,\n"
                "                    \"Capabilities\": [\n                        [\n"
                "                            \"gpu\"\n                        ]\n                    ],\n"));
  EXPECT_EQ(said(asked, "container.gpu_request"), "all");
  const Stack cdi = container_of(
      inspected("            \"DeviceRequests\": [\n                {\n                    \"Driver\": \"cdi\",\n"
                "                    \"Count\": 0,\n                    \"DeviceIDs\": [\n"
                "                        \"nvidia.com/gpu=all\"\n"));
  EXPECT_EQ(said(cdi, "container.gpu_request"), "by name");
}

// {{json .}}: all of it on one line.
TEST(InspectText, OnOneLine) {
  const Stack none = container_of(
      "[{\"Id\":\"0f\",\"Image\":\"sha256:00\",\"HostConfig\":{\"Privileged\":false,\"Runtime\":\"runc\","
      "\"Devices\":[],\"DeviceRequests\":null},\"Config\":{\"Env\":[\"CUDA_VISIBLE_DEVICES=0\",\"X={\\\"a\\\":1}\"],"
      "\"Image\":\"vllm/vllm-openai:v0.6.3\"}}]\n");
  EXPECT_EQ(said(none, "container.gpu_request"), "no GPU");
  EXPECT_EQ(said(none, "container.kind"), "docker");
  EXPECT_EQ(said(none, "settings.CUDA_VISIBLE_DEVICES"), "0");
  const Stack asked = container_of(
      "{\"HostConfig\":{\"Runtime\":\"runc\",\"DeviceRequests\":[{\"Driver\":\"\",\"Count\":-1,\"DeviceIDs\":null,"
      "\"Capabilities\":[[\"gpu\"]],\"Options\":{}}]}}\n");
  EXPECT_EQ(said(asked, "container.gpu_request"), "all");
}

// None was asked for only where nothing else may have given one.
TEST(InspectText, NoDeviceRequest) {
  const std::string none = "            \"DeviceRequests\": null,\n";
  const std::string runc = "            \"Runtime\": \"runc\",\n";
  EXPECT_EQ(said(container_of(inspected(runc + none)), "container.gpu_request"), "no GPU");
  EXPECT_EQ(said(container_of(inspected(none)), "container.gpu_request"), "");
  EXPECT_EQ(said(container_of(inspected("            \"Runtime\": \"nvidia\",\n" + none)), "container.gpu_request"),
            "");
  EXPECT_EQ(said(container_of(inspected("            \"Privileged\": true,\n" + runc + none)), "container.gpu_request"),
            "");
  const std::string node =
      "            \"Devices\": [\n                {\n                    \"PathOnHost\": \"/dev/nvidia0\",\n";
  EXPECT_EQ(said(container_of(inspected(runc + node + none)), "container.gpu_request"), "");
}

TEST(KubernetesText, ANodeWithItsLabels) {
  const Stack stack = container_of(
      "Labels:             beta.kubernetes.io/arch=amd64\n"
      "                    nvidia.com/cuda.driver.major=535\n"
      "                    nvidia.com/cuda.driver.minor=104\n"
      "                    nvidia.com/cuda.driver.rev=05\n"
      "                    nvidia.com/cuda.runtime.major=12\n"
      "                    nvidia.com/cuda.runtime.minor=2\n"
      "                    nvidia.com/gpu.compute.major=8\n"
      "                    nvidia.com/gpu.compute.minor=0\n"
      "                    nvidia.com/gpu.count=2\n"
      "                    nvidia.com/gpu.memory=40960\n"
      "                    nvidia.com/gpu.product=NVIDIA-A100-SXM4-40GB-SHARED\n"
      "Capacity:\n"
      "  cpu:                64\n"
      "  memory:             528115424Ki\n"
      "  nvidia.com/gpu:     2\n"
      "  pods:               110\n"
      "System Info:\n"
      "  Machine ID:                 00000000000000000000000000000000\n"
      "  Kernel Version:             5.15.0-1041-azure\n"
      "  OS Image:                   Ubuntu 22.04.3 LTS\n"
      "  Architecture:               amd64\n");
  EXPECT_EQ(said(stack, "driver.kernel_mode.version"), "535.104.05");
  EXPECT_EQ(said(stack, "driver.api_level"), "12.2");
  EXPECT_EQ(said(stack, "gpu.compute_capabilities"), "8.0");
  EXPECT_EQ(said(stack, "gpu.count"), "2");
  EXPECT_EQ(said(stack, "gpu.memory"), "40960 MiB");
  EXPECT_EQ(said(stack, "os.kernel.release"), "5.15.0-1041-azure");
  EXPECT_EQ(said(stack, "os.name"), "Ubuntu 22.04.3 LTS");
  EXPECT_EQ(said(stack, "os.architecture"), "x86_64");
  EXPECT_EQ(said(stack, "container.node_gpus"), "2");
}

// A capacity without GPUs offers none; of several nodes the one that offers most counts; a cut block says nothing.
TEST(KubernetesText, WhatNodesOffer) {
  const std::string none =
      "Capacity:\n  cpu:                12\n  memory:             16325228Ki\n  pods:               110\n";
  const std::string four = "Capacity:\n  cpu:                12\n  nvidia.com/gpu:     4\n  pods:               110\n";
  EXPECT_EQ(said(container_of(none), "container.node_gpus"), "0");
  EXPECT_EQ(said(container_of(none + four + none), "container.node_gpus"), "4");
  EXPECT_EQ(said(container_of("Capacity:\n  cpu:                12\n  memory:             16325228Ki\n"),
                 "container.node_gpus"),
            "");
}

TEST(KubernetesText, APod) {
  const Stack stack = container_of(
      "Containers:\n"
      "  cuda:\n"
      "    Container ID:   containerd://0000\n"
      "    Limits:\n"
      "      cpu:             4\n"
      "      nvidia.com/gpu:  1\n"
      "    Environment:\n"
      "      NCCL_DEBUG:  INFO\n"
      "      NAME_OF_OURS:  secret\n"
      "    Mounts:\n"
      "      /var/run from x (ro)\n");
  EXPECT_EQ(said(stack, "container.kind"), "kubernetes");
  EXPECT_EQ(said(stack, "container.gpu_request"), "1");
  EXPECT_EQ(said(stack, "settings.NCCL_DEBUG"), "INFO");
  EXPECT_FALSE(stack.facts.contains("settings.NAME_OF_OURS"));
}

// What starters, engines and forms put around the lines of a report.
TEST(LinePrefixes, OfProcessesContainersAndMarkdown) {
  const std::string report = "PyTorch version: 2.6.0+cu124\nNvidia driver version: 550.90.07\n";
  const auto driver = [&](const std::string& before, const std::string& behind) {
    std::string text;
    for (std::size_t at = 0; at < report.size();) {
      const std::size_t end = report.find('\n', at);
      text += before + report.substr(at, end - at) + behind + "\n";
      at = end + 1;
    }
    return said(container_of(text), "driver.kernel_mode.version");
  };
  for (const char* before : {"(RayWorkerWrapper pid=248, ip=10.1.0.68) ", "(EngineCore_DP0 pid=271) ",
                             "[rank0]: ", "[default6]:[rank6]: ", "vllm-1  | ", "> > "}) {
    EXPECT_EQ(driver(before, ""), "550.90.07") << before;
  }
  EXPECT_EQ(driver("", "<br>"), "550.90.07");
  EXPECT_EQ(driver("", "\r"), "550.90.07");
  EXPECT_EQ(said(container_of("| NVIDIA\\-SMI 550.90.07    Driver Version: 550.90.07    CUDA Version: 12.4 |\n"),
                 "driver.kernel_mode.version"),
            "550.90.07");
  EXPECT_EQ(said(container_of("Nvidia driver version:\u00a0550.90.07\n"), "driver.kernel_mode.version"), "550.90.07");
}

// A container's own name has no number behind it, as the first column of a table has none.
TEST(LinePrefixes, OfAContainerThatHasAName) {
  EXPECT_EQ(
      said(container_of("vllm  | start\nvllm  | Nvidia driver version: 550.90.07\n"), "driver.kernel_mode.version"),
      "550.90.07");
  const Stack table = container_of("torch | 2.6.0\nvllm  | 0.8.3\n");
  EXPECT_TRUE(table.environments.empty());
}

// cat -n, grep -n and editors put numbers before lines; only those that follow each other are such numbers.
TEST(LinePrefixes, OfNumberedLines) {
  const std::vector<std::string> report = {
      "$ nvidia-smi", "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4 |",
      "|   0  NVIDIA L4          Off | 00000000:01:00.0 Off |                  0 |", ""};
  for (const char* behind : {"\t", ": ", " | ", "| ", "  "}) {
    std::string text;
    std::int64_t number = 41;
    for (const std::string& line : report) text += "    " + std::to_string(number++) + behind + line + "\n";
    const Stack stack = container_of(text);
    EXPECT_EQ(said(stack, "driver.api_level"), "12.4") << behind;
    ASSERT_EQ(stack.gpus.size(), 1U) << behind;
    EXPECT_EQ(stack.gpus.front().model, "NVIDIA L4") << behind;
  }
  EXPECT_EQ(said(container_of("1\tNvidia driver version: 550.90.07\n"), "driver.kernel_mode.version"), "550.90.07");
  const Stack counted = container_of("17: Nvidia driver version: 550.90.07\n9: other\n");
  EXPECT_EQ(said(counted, "driver.kernel_mode.version"), "") << "numbers that do not follow each other say something";
}

// What a diff takes away is of before.
TEST(LinePrefixes, OfTheHunksOfADiff) {
  const Stack stack = container_of(
      "--- a/env.txt\n+++ b/env.txt\n@@ -1,3 +1,3 @@ pip freeze\n-torch==2.4.0+cu121\n+torch==2.6.0+cu124\n"
      " numpy==1.26.4\n triton==3.2.0\nNvidia driver version: 550.90.07\n");
  ASSERT_EQ(stack.environments.size(), 1U);
  std::string torch;
  for (const Package& package : stack.environments.front().packages) {
    if (package.name == "torch") torch = package.version;
  }
  EXPECT_EQ(torch, "2.6.0+cu124");
  EXPECT_EQ(said(stack, "driver.kernel_mode.version"), "550.90.07") << "behind the hunk";
}

TEST(TwoMachines, WithTwoDriversAndTwoGpusNeitherCounts) {
  const Stack stack = container_of(
      "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |\n"
      "|   0  NVIDIA L4           Off | 00000000:01:00.0 Off |                    0 |\n"
      "\n| NVIDIA-SMI 470.82.01    Driver Version: 470.82.01    CUDA Version: 11.4     |\n"
      "|   0  Tesla T4            Off | 00000000:02:00.0 Off |                    0 |\n");
  EXPECT_TRUE(stack.gpus.empty());
  EXPECT_EQ(said(stack, "gpu.count"), "");
}

TEST(TwoMachines, ADriverThatOneToolShowsTwiceIsNotTaken) {
  const std::string banner = "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |\n";
  const std::string other = "| NVIDIA-SMI 470.223.02   Driver Version: 470.223.02   CUDA Version: 11.4     |\n";
  EXPECT_EQ(said(container_of(banner + other), "driver.kernel_mode.version"), "");
  EXPECT_EQ(said(container_of(banner + other), "driver.api_level"), "");
  EXPECT_EQ(said(container_of(banner + banner), "driver.kernel_mode.version"), "550.54.15");
  EXPECT_EQ(said(container_of(banner + "- NVIDIA driver: 470.223.02\n"), "driver.kernel_mode.version"), "550.54.15");
}

TEST(ContainerCommands, SingularityGivesTheGpuByAnOption) {
  const std::string asked = "AssertionError: CUDA is not available.\n>>> torch.cuda.is_available()\nFalse\n";
  const Stack without = container_of("$ singularity run image.sif python train.py\n" + asked);
  EXPECT_EQ(said(without, "container.gpu_request"), "no GPU");
  const Stack with = container_of("$ apptainer exec --nv image.sif python train.py\n" + asked);
  EXPECT_NE(with.facts.contains("container.gpu_request") ? said(with, "container.gpu_request") : "", "no GPU");
}

TEST(ContainerReaders, PartsOfADiffWithoutItsHead) {
  Disclosure disclosure = read_disclosure_text("```diff\n-torch==2.4.0+cu121\n+torch==2.6.0+cu124\n```\n- a\n+ b\n");
  const Stack stack = stack_of_text(disclosure, "t", *load_knowledge());
  ASSERT_EQ(stack.environments.size(), 1u);
  ASSERT_EQ(stack.environments[0].packages.size(), 1u);
  EXPECT_EQ(stack.environments[0].packages[0].version, "2.6.0+cu124");
}

// The name of an image of NVIDIA's tells which driver it asks for; of two images neither counts.
TEST(ContainerCommands, WhatACudaImageAsksFor) {
  const std::string run = "docker run --rm --gpus all nvidia/cuda:";
  const Stack one = container_of(run + "11.8.0-base-ubuntu22.04 nvidia-smi\n");
  EXPECT_EQ(said(one, "settings.NVIDIA_REQUIRE_CUDA").substr(0, 46), "cuda>=11.8 brand=tesla,driver>=470,driver<471 ");
  EXPECT_EQ(one.facts.at("settings.NVIDIA_REQUIRE_CUDA").standing, Standing::inferred);
  const Stack two = container_of(run + "11.8.0-base-ubuntu22.04 true\n" + run + "12.4.1-base-ubuntu22.04 true\n");
  EXPECT_FALSE(two.facts.contains("settings.NVIDIA_REQUIRE_CUDA"));
  EXPECT_FALSE(container_of(run + "latest true\n").facts.contains("settings.NVIDIA_REQUIRE_CUDA"));
}

// The name of an image of a framework's tells the CUDA in it, wherever it stands.
TEST(FrameworkImages, AreNamedInCommandsFilesFormsAndSentences) {
  for (const char* text :
       {"docker run --gpus all -it --rm nvcr.io/nvidia/pytorch:24.05-py3\n", "FROM nvcr.io/nvidia/pytorch:24.05-py3\n",
        "- **Image**: `nvcr.io/nvidia/pytorch:24.05-py3`\n",
        "I am using the nvcr.io/nvidia/pytorch:24.05-py3 container.\n",
        "services:\n  app:\n    image: nvcr.io/nvidia/pytorch:24.05-py3\n",
        "apptainer exec --nv docker://nvcr.io/nvidia/pytorch:24.05-py3 python x.py\n",
        "docker run -v $PWD:/workspace nvcr.io/nvidia/pytorch:24.05-py3\n"}) {
    const Stack stack = container_of(text);
    ASSERT_TRUE(stack.facts.contains("container.image.cuda")) << text;
    EXPECT_EQ(said(stack, "container.image.cuda"), "12.4") << text;
    EXPECT_EQ(said(stack, "container.image.name"), "nvcr.io/nvidia/pytorch:24.05-py3") << text;
    EXPECT_EQ(said(stack, "container.image.branches"), "470, 525, 535, 545") << text;
    EXPECT_FALSE(stack.facts.contains("settings.NVIDIA_REQUIRE_CUDA")) << "they ask the runtime for nothing";
  }
}

TEST(FrameworkImages, AdviceQuestionsAndTwoOfThemTellNothing) {
  for (const char* text :
       {"You could try nvcr.io/nvidia/pytorch:24.05-py3.\n", "Does nvcr.io/nvidia/pytorch:24.05-py3 run there?\n",
        "It works in nvcr.io/nvidia/pytorch:24.05-py3\n", "Image: nvcr.io/nvidia/pytorch:latest\n",
        "FROM nvcr.io/nvidia/pytorch:24.05-py3\nFROM nvcr.io/nvidia/pytorch:25.10-py3\n"}) {
    EXPECT_FALSE(container_of(text).facts.contains("container.image.cuda")) << text;
  }
  const Stack same = container_of("FROM nvcr.io/nvidia/pytorch:25.09-py3\nNVIDIA Release 25.10 (build 1)\n");
  EXPECT_EQ(said(same, "container.image.cuda"), "13.0") << "two of one CUDA";
}

TEST(FrameworkImages, VllmsImageIsOfItsRelease) {
  const Stack plain = container_of("docker run --gpus all vllm/vllm-openai:v0.21.0 --model m\n");
  EXPECT_EQ(said(plain, "container.image.cuda"), "13.0");
  const Stack asking = container_of("docker run --gpus all vllm/vllm-openai:v0.9.0 --model m\n");
  EXPECT_FALSE(asking.facts.contains("container.image.cuda"));
  EXPECT_EQ(said(asking, "settings.NVIDIA_REQUIRE_CUDA").substr(0, 10), "cuda>=12.8");
}

TEST(Kubernetes, ANodeWithoutGpusWhoseDevicePluginEnds) {
  const Stack stack = container_of(
      "$ kubectl describe nodes | grep nvidia.com/gpu\n"
      "                    nvidia.com/gpu=true\n"
      "  nvidia.com/gpu:     0\n"
      "  nvidia.com/gpu     0              0\n"
      "$ kubectl get pods -A | grep nvidia-device-plugin\n"
      "kube-system    nvidia-device-plugin-daemonset-x4qg   0/1     CrashLoopBackOff   9295 (2m22s ago)   175d\n");
  EXPECT_EQ(said(stack, "container.node_gpus"), "0");
  EXPECT_EQ(stack.facts.at("container.node_gpus").detail, "the device plugin does not stay up (line 6)");
}

TEST(ContainerCommands, VariablesOfAComposeFileInPart) {
  const Stack stack = container_of("environment:\n  LD_LIBRARY_PATH: /usr/local/cuda/compat\n");
  EXPECT_EQ(said(stack, "settings.LD_LIBRARY_PATH"), "/usr/local/cuda/compat");
}

// Engines give 64 MiB of /dev/shm, where nothing asks for more.
TEST(ContainerCommands, SharedMemoryThatNothingAsksFor) {
  const auto memory = [](const std::string& text) {
    const Stack stack = container_of(text);
    return stack.facts.contains("container.shared_memory") ? said(stack, "container.shared_memory") : "";
  };
  const std::string image = " pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime python train.py\n";
  EXPECT_EQ(memory("$ docker run --gpus all" + image), "the engine's default, 64 MiB");
  EXPECT_EQ(memory("$ docker run --gpus all --shm-size=8g" + image), "");
  EXPECT_EQ(memory("$ docker run --gpus all \\\n  --ipc=host" + image), "");
  EXPECT_EQ(memory("$ apptainer exec --nv image.sif python train.py\n"), "") << "it has the host's";
  EXPECT_EQ(memory("services:\n  app:\n    image: pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"),
            "the engine's default, 64 MiB");
  EXPECT_EQ(memory("services:\n  app:\n    image: pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"
                   "    shm_size: 8gb\n"),
            "");
  EXPECT_EQ(memory("python train.py\n"), "");
}

}  // namespace varve
