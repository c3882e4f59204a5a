// Each reader on short quotations of what its tool prints, whole and cut, hosts and users replaced.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
const Knowledge& knowledge_of_texts() {
  static const Knowledge knowledge = *load_knowledge();
  return knowledge;
}

Stack stack_from(const std::string& text) {
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge_of_texts());
}

std::string fact_in(const Stack& stack, const std::string& id) {
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}

// "version, cuda" of a package of the first environment that has it.
std::string package_in(const Stack& stack, const std::string& name) {
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (package.name != name) continue;
      return package.version + (package.cuda.is_known() ? ", " + value_text(*package.cuda.value) : "");
    }
  }
  return "";
}
}  // namespace

TEST(TextReaders, ThePlanOfCondaInstall) {
  const Stack stack = stack_from(
      "The following NEW packages will be INSTALLED:\n\n"
      "  cpuonly            pytorch/noarch::cpuonly-2.0-0\n"
      "  pytorch            pytorch/win-64::pytorch-1.10.0-py3.6_cpu_0\n"
      "  not a package      std::vector::size\n");
  ASSERT_EQ(stack.environments.size(), 1u);
  ASSERT_EQ(stack.environments[0].packages.size(), 2u);
  EXPECT_EQ(package_in(stack, "torch"), "1.10.0");
  EXPECT_EQ(stack.environments[0].packages[1].cuda.missing, Missing::absent);
}

// What collect_env cannot collect of torch's CUDA is not there: torch was imported, its version stands above.
TEST(TextReaders, CollectEnvOfABuildForTheCpu) {
  const Stack stack = stack_from(
      "PyTorch version: 1.12.1\n"
      "CUDA used to build PyTorch: Could not collect\n"
      "ROCM used to build PyTorch: N/A\n"
      "Is CUDA available: False\n"
      "GPU models and configuration: GPU 0: NVIDIA GeForce RTX 3060 Laptop GPU\n"
      "Nvidia driver version: 512.78\n");
  ASSERT_EQ(stack.environments.size(), 1u);
  const Fact& cuda = stack.environments[0].packages.at(0).cuda;
  EXPECT_EQ(cuda.missing, Missing::absent);
  EXPECT_EQ(cuda.detail, "a build without CUDA; a program asked for the GPU in line 4");
}

TEST(TextReaders, CollectEnvWithOneGpuOnTheLineOfTheHeading) {
  const Stack stack = stack_from(
      "Collecting environment information...\n"
      "PyTorch version: 2.4.0+cu121\n"
      "CUDA used to build PyTorch: 12.1\n"
      "ROCM used to build PyTorch: N/A\n\n"
      "OS: Ubuntu 22.04.2 LTS (x86_64)\n"
      "GCC version: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0\n"
      "Libc version: glibc-2.35\n"
      "Python version: 3.12.3 | packaged by Anaconda, Inc. | (main, May  6 2024, 19:46:43) [GCC 11.2.0] (64-bit "
      "runtime)\n"
      "Python platform: Linux-5.15.153.1-microsoft-standard-WSL2-x86_64-with-glibc2.35\n"
      "CUDA runtime version: 12.4.131\n"
      "GPU models and configuration: GPU 0: NVIDIA GeForce RTX 4070 Laptop GPU\n"
      "Nvidia driver version: 551.88\n"
      "[pip3] torch==2.4.0\n"
      "[pip3] triton==3.0.0\n");
  EXPECT_EQ(fact_in(stack, "driver.kernel_mode.version"), "551.88");
  EXPECT_EQ(fact_in(stack, "gpu.models"), "NVIDIA GeForce RTX 4070 Laptop GPU");
  EXPECT_EQ(fact_in(stack, "toolkit.nvcc.version"), "12.4");
  EXPECT_EQ(fact_in(stack, "os.name"), "Ubuntu 22.04.2 LTS");
  EXPECT_EQ(fact_in(stack, "os.kernel.release"), "5.15.153.1-microsoft-standard-WSL2");
  EXPECT_EQ(fact_in(stack, "os.libc"), "glibc 2.35");
  EXPECT_EQ(fact_in(stack, "driver.user_mode.role"), "wsl");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(value_text(*stack.environments[0].python.value), "3.12.3");
  EXPECT_EQ(package_in(stack, "torch"), "2.4.0+cu121, 12.1");
  EXPECT_EQ(stack.facts.at("driver.kernel_mode.version").standing, Standing::declared);
  EXPECT_EQ(stack.facts.at("driver.kernel_mode.version").source, "line 13 (collect_env)");
}

TEST(TextReaders, CollectEnvWithSeveralGpusAndWithNone) {
  const Stack several = stack_from(
      "GPU models and configuration : \nGPU 0: NVIDIA H20\nGPU 1: NVIDIA H20\n\nNvidia driver version        : "
      "535.161.08\n");
  EXPECT_EQ(fact_in(several, "gpu.models"), "NVIDIA H20, NVIDIA H20");
  EXPECT_EQ(fact_in(several, "driver.kernel_mode.version"), "535.161.08");
  const Stack none = stack_from(
      "PyTorch version: 2.1.0+cpu\nCUDA used to build PyTorch: None\nCUDA runtime version: No CUDA\n"
      "GPU models and configuration: No CUDA\nNvidia driver version: No CUDA\n");
  EXPECT_EQ(fact_in(none, "gpu.models"), "");
  EXPECT_EQ(none.facts.at("gpu.count").missing, Missing::not_asked);  // nothing was found, which is not "none"
  ASSERT_EQ(none.environments.size(), 1u);
  EXPECT_EQ(none.environments[0].packages[0].cuda.missing, Missing::absent);
}

TEST(TextReaders, ListsThatContradictEachOtherAreTwoEnvironments) {
  const Stack stack = stack_from(
      "PyTorch version: 1.3.0\nCUDA used to build PyTorch: 10.1.243\n"
      "[pip3] numpy==1.15.1\n[pip3] torch==1.2.0\n"
      "[conda] pytorch                   1.3.0           py3.7_cuda10.1.243_cudnn7.6.3_0    pytorch\n");
  ASSERT_EQ(stack.environments.size(), 2u);
  EXPECT_EQ(package_in(stack, "torch"), "1.3.0, 10.1.243");
  EXPECT_EQ(stack.environments[1].path, "text, from line 3");
}

TEST(TextReaders, SglangsReportMeansADriverByItsCudaDriverVersion) {
  const Stack stack = stack_from(
      "Python: 3.12.12 (main, Oct 10 2025, 08:52:57) [GCC 11.4.0]\nCUDA available: True\n"
      "GPU 0,1,2,3: NVIDIA GB300\nGPU 0,1,2,3 Compute Capability: 10.3\nCUDA_HOME: /usr/local/cuda\n"
      "NVCC: Cuda compilation tools, release 13.0, V13.0.88\nCUDA Driver Version: 580.82.07\nPyTorch: 2.9.1+cu130\n"
      "sgl_kernel: 0.3.18.post2\nvllm: Module Not Found\nNVIDIA Topology: \n");
  EXPECT_EQ(fact_in(stack, "driver.kernel_mode.version"), "580.82.07");
  EXPECT_EQ(fact_in(stack, "gpu.count"), "4");
  EXPECT_EQ(fact_in(stack, "gpu.compute_capabilities"), "10.3, 10.3, 10.3, 10.3");
  EXPECT_EQ(fact_in(stack, "toolkit.nvcc.version"), "13.0");
  EXPECT_EQ(package_in(stack, "torch"), "2.9.1+cu130, 13.0");
  EXPECT_EQ(package_in(stack, "vllm"), "");
}

TEST(TextReaders, CupysReportMeansAnApiLevelByItsCudaDriverVersion) {
  const Stack stack = stack_from(
      "OS                           : Linux-6.14.0-37-generic-x86_64-with-glibc2.35\n"
      "Python Version               : 3.10.12\nCuPy Version                 : 14.0.0\n"
      "CUDA Build Version           : 12090\nCUDA Driver Version          : 13000\n"
      "CUDA Runtime Version         : 12090 (linked to CuPy) / 12000 (locally installed)\n"
      "Device 0 Name                : NVIDIA A100\nDevice 0 Compute Capability  : 80\n");
  EXPECT_EQ(fact_in(stack, "driver.api_level"), "13.0");
  EXPECT_EQ(fact_in(stack, "driver.kernel_mode.version"), "");
  EXPECT_EQ(fact_in(stack, "gpu.compute_capabilities"), "8.0");
  EXPECT_EQ(package_in(stack, "cupy"), "14.0.0, 12.9");
}

TEST(TextReaders, JaxsReportNamesItsDevicesAndNoHost) {
  const Stack stack = stack_from(
      "jax:    0.4.35\njaxlib: 0.4.34\nnumpy:  2.1.2\npython: 3.12.7 | packaged by conda-forge\n"
      "device info: NVIDIA H100 80GB HBM3-2, 2 local devices\"\n"
      "platform: uname_result(system='Linux', node='secret-host', release='6.8.0-1017-aws', version='#18', "
      "machine='x86_64')\n");
  EXPECT_EQ(fact_in(stack, "gpu.models"), "NVIDIA H100 80GB HBM3, NVIDIA H100 80GB HBM3");
  EXPECT_EQ(fact_in(stack, "os.kernel.release"), "6.8.0-1017-aws");
  EXPECT_EQ(package_in(stack, "jaxlib"), "0.4.34");
  for (const auto& [id, fact] : stack.facts) EXPECT_EQ(fact_text(fact).find("secret-host"), std::string::npos) << id;
}

TEST(TextReaders, TensorflowsBuildInOneLineAndInSeveral) {
  EXPECT_EQ(package_in(stack_from("tf.version.VERSION = 2.13.0\n{'cuda_version': '11.8', 'is_cuda_build': True}\n"),
                       "tensorflow"),
            "2.13.0, 11.8");
  EXPECT_EQ(package_in(stack_from("             ('cuda_version', '11.2'),\n             ('is_cuda_build', True),\n"),
                       "tensorflow"),
            "(version not stated), 11.2");
}

TEST(TextReaders, PipAndUvAndCondaLists) {
  const Stack listed = stack_from("Package    Version\n---------- -------\ntorch      2.8.0\nsome-other 1.0\n");
  EXPECT_EQ(package_in(listed, "some-other"), "1.0");
  EXPECT_EQ(package_in(stack_from("torch                    2.8.0\nunknown-thing            1.0\n"), "unknown-thing"),
            "");
  EXPECT_EQ(package_in(stack_from("numpy==2.2.3\nonnxruntime==1.20.1\ntorch==2.1.2+cu118\n"), "torch"),
            "2.1.2+cu118, 11.8");
  EXPECT_EQ(package_in(stack_from("torch==2.1.2\n"), "torch"), "2.1.2, 12.1");  // asked for, as far as one can tell
  EXPECT_EQ(package_in(stack_from("Installed 10 packages in 34ms\n + torch==2.7.0+cu128\n"), "torch"),
            "2.7.0+cu128, 12.8");
  EXPECT_EQ(package_in(stack_from("# packages in environment at /home/somebody/envs/x:\n#\n"
                                  "pytorch      2.1.0     py3.11_cuda12.1_cudnn8.9.2_0    pytorch\n"),
                       "torch"),
            "2.1.0, 12.1");
  EXPECT_EQ(package_in(stack_from("Name: flashinfer-python\nVersion: 0.2.3+cu121torch2.5\n"), "flashinfer-python"),
            "0.2.3+cu121torch2.5, 12.1");
}

TEST(TextReaders, ABareVersionTakesTheRuntimeListedBesideIt) {
  EXPECT_EQ(package_in(stack_from("[pip3] nvidia-cuda-runtime-cu12==12.8.90\n[pip3] torch==2.8.0\n"), "torch"),
            "2.8.0, 12.8");
  EXPECT_EQ(package_in(stack_from("[pip3] nvidia-cuda-runtime-cu12==12.8.90\n[pip3] nvidia-cuda-runtime==13.0.1\n"
                                  "[pip3] torch==2.8.0\n"),
                       "torch"),
            "2.8.0");  // which of the two nobody knows
}

TEST(TextReaders, LddTellsWhatIsNotFoundAndKeepsNoPathOfAUser) {
  const Stack stack = stack_from(
      "$ ldd /home/somebody/env/libonnxruntime_providers_cuda.so\n"
      "\tlibcublasLt.so.12 => not found\n"
      "\tlibcudart.so.12 => /home/somebody/lib/libcudart.so.12 (0x00007f)\n"
      "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n");
  ASSERT_EQ(stack.consumers.size(), 1u);
  EXPECT_EQ(stack.consumers[0].name, "libonnxruntime_providers_cuda.so");
  ASSERT_EQ(stack.consumers[0].libraries.size(), 3u);
  EXPECT_EQ(stack.consumers[0].libraries[0].path, "");
  EXPECT_EQ(stack.consumers[0].libraries[1].path, "…/libcudart.so.12");
  EXPECT_EQ(stack.consumers[0].libraries[2].path, "/lib/x86_64-linux-gnu/libc.so.6");
}

TEST(TextReaders, VariablesAreKeptByTheAllowListAlone) {
  const Stack stack = stack_from(
      "CUDA_VISIBLE_DEVICES=0,1\nexport NCCL_DEBUG=\"INFO\"\nAWS_SECRET_ACCESS_KEY=abcdefghijklmnop\nUSER=somebody\n"
      "HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz012345\nXLA_FLAGS=--xla_gpu_autotune_level=0 --xla_dump_to=/tmp/x\n"
      "$ NCCL_P2P_DISABLE=1 python train.py --name secret\n");
  EXPECT_EQ(fact_in(stack, "settings.CUDA_VISIBLE_DEVICES"), "0,1");
  EXPECT_EQ(fact_in(stack, "settings.NCCL_DEBUG"), "INFO");
  EXPECT_EQ(fact_in(stack, "settings.NCCL_P2P_DISABLE"), "1");
  for (const auto& [id, fact] : stack.facts) {
    EXPECT_EQ(id.find("AWS"), std::string::npos);
    EXPECT_EQ(id.find("TOKEN"), std::string::npos);
    EXPECT_EQ(id.find("USER"), std::string::npos);
    EXPECT_EQ(fact_text(fact).find("secret"), std::string::npos) << id;
  }
}

TEST(TextReaders, ContainerInspectionKeepsTheImageAndListedVariables) {
  const Stack stack = stack_from(
      "[\n    {\n        \"Name\": \"/somebodys-thing\",\n        \"HostConfig\": {\n            \"Runtime\": "
      "\"nvidia\"\n        },\n"
      "        \"Config\": {\n            \"Env\": [\n                \"NVIDIA_VISIBLE_DEVICES=all\",\n"
      "                \"PASSWORD=hunter2hunter2\"\n            ],\n            \"Image\": "
      "\"vllm/vllm-openai:v0.6.3\"\n");
  EXPECT_EQ(fact_in(stack, "settings.NVIDIA_VISIBLE_DEVICES"), "all");
  EXPECT_EQ(fact_in(stack, "container.kind"), "docker");
  EXPECT_FALSE(stack.facts.contains("settings.PASSWORD"));
}

TEST(TextReaders, KernelMessagesAreKeptByTheirKind) {
  const Stack stack = stack_from(
      "[ 1843.30] NVRM: The NVIDIA GPU 0000:b3:00.0\n"
      "               NVRM: fallen off the bus and is not responding to commands.\n"
      "[ 1843.44] NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  570.158.01  Release Build  (builder@host)\n"
      "[ 1900.01] NVRM: Xid (PCI:0000:3b:00): 31, pid=1234, name=secret-name, Ch 00000008\n"
      "[ 1900.02] NVRM: Xid (PCI:0000:3b:00): 31, pid=1234, name=secret-name, Ch 00000009\n");
  EXPECT_EQ(fact_in(stack, "driver.kernel_mode.version"), "570.158.01");
  EXPECT_EQ(fact_in(stack, "driver.kernel_mode.flavour"), "open");
  EXPECT_EQ(fact_in(stack, "kernel.log.nvidia"), "NVRM: GPU has fallen off the bus, Xid 31 (2 times)");
}

TEST(TextReaders, SystemPackagesOfAGpuStackThatAreInstalled) {
  const Stack stack = stack_from(
      "rc  libnvidia-compute-418-server:amd64 418.226.00-0ubuntu0.20.04.2 amd64  x\n"
      "ii  libnvidia-compute-470:amd64        470.103.01-0ubuntu0.20.04.1 amd64  x\n"
      "ii  bash                               5.1-6ubuntu1                amd64  x\n");
  EXPECT_EQ(fact_in(stack, "os.gpu_packages"), "dpkg libnvidia-compute-470 470.103.01-0ubuntu0.20.04.1");
}

TEST(TextReaders, LinesOfProgramsThatNameADevice) {
  const Stack ggml = stack_from("  Device 0: NVIDIA RTX A6000, compute capability 8.6, VMM: yes\n");
  EXPECT_EQ(fact_in(ggml, "gpu.models"), "NVIDIA RTX A6000");
  EXPECT_EQ(fact_in(ggml, "gpu.compute_capabilities"), "8.6");
  const Stack torch = stack_from(
      "NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.\n");
  EXPECT_EQ(fact_in(torch, "gpu.models"), "NVIDIA GeForce RTX 5090");
  EXPECT_EQ(fact_in(torch, "gpu.compute_capabilities"), "12.0");
  const Stack properties =
      stack_from("_CudaDeviceProperties(name='NVIDIA A100-SXM4-80GB', major=8, minor=0, total_memory=1)\n");
  EXPECT_EQ(fact_in(properties, "gpu.compute_capabilities"), "8.0");
  EXPECT_EQ(fact_in(stack_from("x NCCL INFO cudaDriverVersion 12040\n"), "driver.api_level"), "12.4");
}

}  // namespace varve
