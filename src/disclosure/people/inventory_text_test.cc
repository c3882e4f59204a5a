// Lists that people write of what their machine has, and what is like them and is of no machine.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_listed(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

std::string listed(const std::string& text, const std::string& id) {
  const Stack stack = stack_listed(text);
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}

std::string package_listed(const std::string& text, const std::string& name) {
  for (const Environment& environment : stack_listed(text).environments) {
    for (const Package& package : environment.packages) {
      if (package.name == name) return package.version;
    }
  }
  return "";
}

std::string python_listed(const std::string& text) {
  const Stack stack = stack_listed(text);
  if (stack.environments.empty()) return "";
  const Fact& python = stack.environments.front().python;
  return python.is_known() ? value_text(*python.value) : "";
}
}  // namespace

TEST(InventoryText, PiecesBehindWordsOfOnesOwn) {
  const std::string environment = "My environment is Tesla M40 x 4, Ubuntu 16.04, CUDA 9.1, CUDNN v7.1, NCCL 2.1.15.\n";
  EXPECT_EQ(listed(environment, "gpu.count"), "4");
  EXPECT_EQ(listed(environment, "os.name"), "Ubuntu 16.04");
  EXPECT_EQ(package_listed(environment, "cudnn"), "7.1");
  EXPECT_EQ(package_listed(environment, "nccl"), "2.1.15");
  const std::string work = "I work on Ubuntu14.04, Python2.7, CUDA8.0 and CUDNN.\nThe version of Pytorch is 0.4.0.\n";
  EXPECT_EQ(listed(work, "os.name"), "Ubuntu 14.04");
  EXPECT_EQ(package_listed(work, "torch"), "0.4.0");
  EXPECT_EQ(python_listed(work), "2.7");
  EXPECT_EQ(listed("Software env: Ubuntu 16.04, Python 3.5, CUDA 8.0, CUDNN 5.1.\n", "os.name"), "Ubuntu 16.04");
}

TEST(InventoryText, WithoutSuchWordsAGpuOrADriverStandsAmongThem) {
  const std::string bare =
      "Keras 2.2.2, Tensorflow 1.9.0, python 3.5.5, Ubuntu Mate 18.04 and Nvidia drivers 390.48 (same problems with "
      "Ubuntu Mate 16.04.4 and Nvidia drivers 390.130).\n";
  EXPECT_EQ(listed(bare, "driver.kernel_mode.version"), "390.48");
  EXPECT_EQ(listed(bare, "os.name"), "Ubuntu 18.04");
  EXPECT_EQ(package_listed(bare, "tensorflow"), "1.9.0");
  EXPECT_EQ(listed("It has Ubuntu 16.04, Python 3.5, CUDA 8.0, cuDNN 5.1\n", "os.name"), "");
}

TEST(InventoryText, WhatSomethingWantsOrRunsOnIsNone) {
  for (const char* text : {"Requirements: Ubuntu 18.04, Python 3.8, CUDA 11.1 and cuDNN 8.0.\n",
                           "It supports Ubuntu 18.04, Python 3.8, CUDA 11.1 and cuDNN 8.0.\n",
                           "Tested on RTX 3090, Ubuntu 18.04, Python 3.8, CUDA 11.1.\n",
                           "My environment should be Ubuntu 18.04, Python 3.8 and CUDA 11.1, right?\n",
                           "I use Ubuntu 18.04, Ubuntu 20.04 and Python 3.8, CUDA 11.1.\n",
                           "> My environment is Ubuntu 18.04, Python 3.8, CUDA 11.1.\n"}) {
    EXPECT_EQ(listed(text, "os.name"), "") << text;
  }
  EXPECT_EQ(package_listed("Using TensorFlow 2.4.0, CUDA 11.0 and cuDNN 8.0 or newer\n", "cudnn"), "");
}

// Builds of PyTorch bring theirs.
TEST(InventoryText, CudnnOfTheSystemIsNothingToTorch) {
  const std::string text = "I am using Ubuntu 16.04, PyTorch 1.2.0, CUDA 10.0 and cuDNN 7.4.2.\n";
  EXPECT_EQ(package_listed(text, "torch"), "1.2.0");
  EXPECT_EQ(package_listed(text, "cudnn"), "");
}

TEST(InventoryText, HowManyStandsBehindTheProduct) {
  EXPECT_EQ(listed("- GPU: GeForce GTX 1080 * 2\n", "gpu.models"), "GeForce GTX 1080, GeForce GTX 1080");
  EXPECT_EQ(listed("GPUs: RTX8000 x 2\n", "gpu.count"), "2");
  EXPECT_EQ(listed("- T4 GPU x4\n", "gpu.count"), "4");
  EXPECT_EQ(listed("Machine Configuration:\n\nDouble GeForce GTX 1080ti\n", "gpu.count"), "2");
  EXPECT_EQ(listed("8x h200 nodes, cuda 12.3, python 3.12.9.\n", "gpu.count"), "");
}

TEST(InventoryText, GpusOfFormsAndOfChoices) {
  EXPECT_EQ(listed("- GPU models and configuration: GPU 0: GeForce RTX 2080 Ti\n", "gpu.models"),
            "GeForce RTX 2080 Ti");
  EXPECT_EQ(listed("**GPU Hardware Options**:\n- H100/H200/H20/H800/A100\n", "gpu.models"), "");
  const Stack stack = stack_listed("- GPU: RTX 5090\n- `torch==2.5.1`\n- PyTorch index: `cu121`\n");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(value_text(*stack.environments[0].packages[0].cuda.value), "12.1");
}

TEST(InventoryText, L2AndM4AreSeldomGpus) {
  EXPECT_EQ(listed("We minimize the L2 norm of the gradient on the GPU.\n", "gpu.models"), "");
  EXPECT_EQ(listed("Mac mini M4\n", "gpu.models"), "");
  EXPECT_EQ(listed("It runs on an NVIDIA L2 GPU here.\n", "gpu.models"), "L2");
}

TEST(InventoryText, AProductAloneInAFenceOrALine) {
  EXPECT_EQ(listed("```\nRTX 3080 12gb\n```\n", "gpu.models"), "RTX 3080");
  EXPECT_EQ(listed("rtx3090\npython 3.8\n", "gpu.models"), "rtx3090");
  EXPECT_EQ(listed("```\nRTX 3080\nRTX 4090\n```\n", "gpu.models"), "");
}

TEST(InventoryText, WhoAsksForAWheelSaysNothingOfAMachine) {
  EXPECT_EQ(listed("Please publish a wheel for CUDA 12.8 and RTX 5090.\n", "gpu.models"), "");
}

TEST(InventoryText, ReleasesThatWereTriedOneAfterTheOther) {
  EXPECT_EQ(package_listed("torch: 1.7.1 1.8.0\nnccl: 2.7.8 2.8.4 2.9.9\nGPU: A100\n", "nccl"), "");
  EXPECT_EQ(package_listed("torch: 1.7.1 1.8.0\nGPU: A100\n", "torch"), "");
}

TEST(InventoryText, ValuesOfForms) {
  EXPECT_EQ(package_listed("- TensorFlow version:  b'v1.13.0-rc2-5-g6612da8951' 1.13.1\n", "tensorflow"), "1.13.1");
  EXPECT_EQ(package_listed("- TensorFlow version:  \n1.13.1\n", "tensorflow"), "1.13.1");
  EXPECT_EQ(package_listed("| tensorflow-base/tensorflow-gpu | 1.13.1 |\n", "tensorflow-gpu"), "1.13.1");
  EXPECT_EQ(package_listed("bnb version 0.39.0\n", "bitsandbytes"), "0.39.0");
  EXPECT_EQ(python_listed("* Python Version Used: 3.7.5\n"), "3.7.5");
  EXPECT_EQ(python_listed("- Python version: 2.7\n"), "2.7");
  EXPECT_EQ(listed("- OS: Ubuntu 22.04.5 LTS (kernel 6.8.0-64-generic)\n", "os.kernel.release"), "6.8.0-64-generic");
  EXPECT_EQ(listed("OS: ArchLinux\n", "os.name"), "ArchLinux");
  EXPECT_EQ(listed("- OS: Fedora 29, Windows 10 1809\n", "os.name"), "");
  EXPECT_EQ(listed("Distribution: Ubuntu\nDistribution version: 20.04 or newer\n", "os.name"), "");
  EXPECT_EQ(listed("Nvidia Display Driver 26.21.14.3086 (GTX 1060 3GB)\n", "driver.kernel_mode.version"), "430.86");
}

TEST(InventoryText, WhereSomebodyRanSomething) {
  EXPECT_EQ(listed("I am running OPT-6.7B [https://example.org/opt] on an A100 GPU with 80GB.\n", "gpu.models"),
            "A100");
  EXPECT_EQ(listed("When I deployed a 7B model on the L40, using a regex request, it took an hour.\n", "gpu.models"),
            "L40");
  EXPECT_EQ(listed("I tried to deploy the model on eight T4 GPUs, but it is slow.\n", "gpu.count"), "8");
  for (const char* text :
       {"I want to deploy a model on 8 A100 GPUs.\n", "I tested it on an A100 and on an H100.\n",
        "I ran it on another machine with an A100.\n", "I am running it on a V100, it works on the A100.\n"}) {
    EXPECT_EQ(listed(text, "gpu.models"), "") << text;
  }
}

TEST(InventoryText, TitlesWithTheirTags) {
  EXPECT_EQ(listed("# [Bug] T4 not work\n", "gpu.models"), "T4");
  EXPECT_EQ(package_listed("# [Bug]: Llama-3.3-70B can't work on vllm 0.6.4.post1\n", "vllm"), "0.6.4.post1");
  EXPECT_EQ(listed("# [Running on windows 10] cuda runtime error (30)\n", "os.name"), "Windows 10");
  EXPECT_EQ(listed("# [Feature]: Does it work on RTX 5090\n", "gpu.models"), "");
}

TEST(InventoryText, LinesOfNothingElse) {
  EXPECT_EQ(listed("ubuntu 16.04, python 3.5.2, tensorflow 1.1.0\n", "os.name"), "Ubuntu 16.04");
  EXPECT_EQ(listed("OS ubuntu 16.04\n", "os.name"), "Ubuntu 16.04");
  EXPECT_EQ(package_listed("vllm=0.6.1\n", "vllm"), "0.6.1");
  EXPECT_EQ(package_listed("vllm = 0.7.2 or 0.7.3\n", "vllm"), "");
  EXPECT_EQ(listed("- Ubuntu 16.04, Python 3.6, PyTorch 1.0.0\n", "os.name"), "");
}

TEST(InventoryText, WhatProgramsPrint) {
  EXPECT_EQ(listed("-- The CUDA compiler identification is NVIDIA 12.2.140\n", "toolkit.nvcc.version"), "12.2");
  EXPECT_EQ(listed("WARNING [cuda.py:435] Detected different devices in the system: NVIDIA GeForce RTX 5090, NVIDIA "
                   "GeForce RTX 3090. Please make sure to set it\n",
                   "gpu.count"),
            "2");
  EXPECT_EQ(package_listed("CMAKE_ARGS=\"-DGGML_CUDA=on\" FORCE_CMAKE=1 pip install llama-cpp-python==0.3.4\n",
                           "llama-cpp-python"),
            "0.3.4");
}

}  // namespace varve
