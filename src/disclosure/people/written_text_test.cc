// What people write themselves, and what is only there where a driver does not run.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
const Knowledge& knowledge_of_written() {
  static const Knowledge knowledge = *load_knowledge();
  return knowledge;
}

struct WrittenStack {
  Disclosure disclosure;
  Stack stack;
};
WrittenStack read_written(const std::string& text) {
  WrittenStack read{.disclosure = read_disclosure_text(text), .stack = {}};
  read.stack = stack_of_text(read.disclosure, "t", knowledge_of_written());
  return read;
}

std::string told(const WrittenStack& read, const std::string& id) {
  const Fact& fact = read.stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}

std::string version_told(const WrittenStack& read, const std::string& name) {
  for (const Environment& environment : read.stack.environments) {
    for (const Package& package : environment.packages) {
      if (package.name == name) return package.version;
    }
  }
  return "";
}
}  // namespace

TEST(WrittenText, TakesItemsThatCanMeanOneThingOnly) {
  const WrittenStack read = read_written(
      "## Environment\n"
      "- **OS**: Ubuntu 24.04.3 LTS\n"
      "- GPU: 2x NVIDIA GeForce GTX 1050 (compute capability 6.1)\n"
      "- Driver: 550.163.01\n"
      "- CUDA (via torch): 12.8\n"
      "- PyTorch: 2.8.0+cu128\n"
      "- Python: 3.11.4\n");
  EXPECT_EQ(told(read, "driver.kernel_mode.version"), "550.163.01");
  EXPECT_EQ(told(read, "os.name"), "Ubuntu 24.04.3 LTS");
  EXPECT_EQ(version_told(read, "torch"), "2.8.0+cu128");
  ASSERT_EQ(read.stack.gpus.size(), 2U);
  EXPECT_EQ(read.stack.gpus[1].model, "NVIDIA GeForce GTX 1050");
  EXPECT_EQ(told(read, "toolkit.nvcc.version"), "");  // "CUDA 12.8" may be anybody's
  EXPECT_EQ(told(read, "driver.api_level"), "12.4");  // not said, but the driver's branch has it
  EXPECT_EQ(read.stack.facts.at("driver.api_level").standing, Standing::inferred);
}

TEST(WrittenText, ReadsHeadingsTablesAndOtherColons) {
  EXPECT_EQ(told(read_written("### NVIDIA Driver Version\n\n570.124.06\n"), "driver.kernel_mode.version"),
            "570.124.06");
  EXPECT_EQ(told(read_written("| NVIDIA driver | 570.124.06 |\n"), "driver.kernel_mode.version"), "570.124.06");
  EXPECT_EQ(told(read_written("btw my nvidia driver version is 390.77.\n"), "driver.kernel_mode.version"), "390.77");
  const WrittenStack chinese = read_written("- 显卡型号: GeForce GTX 1650\n驱动版本：460.80.01\n");
  EXPECT_EQ(told(chinese, "driver.kernel_mode.version"), "460.80.01");
  ASSERT_EQ(chinese.stack.gpus.size(), 1U);
  EXPECT_EQ(version_told(read_written("torch 2.6.0\nflash-attn 2.6.3\n"), "flash-attn"), "2.6.3");
  EXPECT_EQ(version_told(read_written("torch version .................... 2.1.0+cu121\n"), "torch"), "2.1.0+cu121");
}

TEST(WrittenText, LeavesWhatIsNoStatement) {
  const WrittenStack read = read_written(
      "#\n##\n### \n"
      "CUDA Driver Version: 12.8\n"
      "GPU: yes\n"
      "Driver: latest\n"
      "NVIDIA Driver: 570\n"
      "PyTorch: 2.x (installed via pip)\n"
      "the driver: 550 is what I had\n"
      "GPU: 80\n"
      "- torch: >=2.0\n"
      "INFO 05-26 07:50:26 [parallel_state.py:1004] rank 0: 2.0\n");
  EXPECT_EQ(told(read, "driver.kernel_mode.version"), "");
  EXPECT_TRUE(read.stack.gpus.empty());
  EXPECT_TRUE(read.stack.environments.empty());
}

TEST(DeviceQueryText, TellsGpusAndTheApiLevel) {
  const WrittenStack read = read_written(
      "Device 0: \"NVIDIA GeForce RTX 3090\"\n"
      "  CUDA Driver Version / Runtime Version          12.4 / 11.8\n"
      "  CUDA Capability Major/Minor version number:    8.6\n");
  EXPECT_EQ(told(read, "driver.api_level"), "12.4");
  EXPECT_EQ(told(read, "gpu.compute_capabilities"), "8.6");
}

TEST(WrittenText, GpusWithTheirNumbers) {
  const WrittenStack read =
      read_written("GPU 0: NVIDIA H100 80GB HBM3\nGPU 1: NVIDIA H100 80GB HBM3\nGPU 2: nothing known\n");
  EXPECT_EQ(read.stack.gpus.size(), 2U);
  EXPECT_EQ(told(read, "gpu.models"), "NVIDIA H100 80GB HBM3, NVIDIA H100 80GB HBM3");
}

// Nothing is driven by NVIDIA's module: lspci, dkms and Secure Boot tell why.
TEST(LspciText, TellsWhoHoldsTheGpu) {
  const WrittenStack read = read_written(
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
      "01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GA102 [GeForce RTX 3090] [10de:2204] (rev a1)\n"
      "\tSubsystem: eVga.com. Corp. Device [3842:3987]\n"
      "\tKernel driver in use: nouveau\n"
      "01:00.1 Audio device [0403]: NVIDIA Corporation GA102 High Definition Audio Controller [10de:1aef] (rev a1)\n"
      "\tKernel driver in use: snd_hda_intel\n"
      "nvidia/550.90.07, 6.8.0-41-generic, x86_64: installed\n"
      "nvidia/560.35.03: added\n"
      "SecureBoot enabled\n");
  ASSERT_EQ(read.stack.gpus.size(), 1U);
  const Gpu& gpu = read.stack.gpus.front();
  EXPECT_EQ(gpu.address, "0000:01:00.0");
  EXPECT_EQ(gpu.device, "2204");
  EXPECT_EQ(gpu.bound_driver, "nouveau");
  EXPECT_EQ(gpu.model, "GeForce RTX 3090");
  EXPECT_FALSE(gpu.listed);
  EXPECT_EQ(told(read, "os.secure_boot"), "on");
  EXPECT_EQ(told(read, "driver.kernel_mode.installed"), "550.90.07");
  EXPECT_EQ(told(read, "driver.kernel_mode.kernels"), "6.8.0-41-generic");
  EXPECT_EQ(read.stack.facts.at("driver.kernel_mode.version").missing, Missing::absent);
}

// A table of nvidia-smi that is cut shows no GPU: that the driver lacks the card of lspci is not known.
TEST(LspciText, DoesNotTakeACutTableForADriverWithoutGpus) {
  const WrittenStack read = read_written(
      "00:07.0 VGA compatible controller: NVIDIA Corporation Device 2684 (rev a1)\n"
      "| NVIDIA-SMI 535.183.01             Driver Version: 535.183.01   CUDA Version: 12.2     |\n");
  ASSERT_EQ(read.stack.gpus.size(), 1U);
  EXPECT_TRUE(read.stack.gpus.front().listed);
  EXPECT_TRUE(read.stack.gpus.front().capability.has_value());  // by its number on the bus
}

TEST(ModuleText, ReadsModinfo) {
  const WrittenStack read = read_written(
      "filename:       /lib/modules/6.17.10-300.fc43.x86_64/extra/nvidia/nvidia.ko.xz\n"
      "version:        580.105.08\n"
      "license:        Dual MIT/GPL\n"
      "signer:         akmods\n");
  EXPECT_EQ(told(read, "driver.kernel_mode.installed"), "580.105.08");
  EXPECT_EQ(read.stack.facts.at("driver.kernel_mode.installed").detail, "open module");
  EXPECT_EQ(told(read, "driver.kernel_mode.kernels"), "6.17.10-300.fc43.x86_64");
  EXPECT_EQ(told(read, "driver.kernel_mode.signature"), "signed");
}

TEST(OtherMakersText, SaysThatAnotherStackIsThere) {
  EXPECT_EQ(read_written("ROCk module is loaded\n").disclosure.declared.others, std::vector<std::string>{"ROCm"});
  EXPECT_EQ(read_written("[opencl:gpu][opencl:1] Intel(R) OpenCL Graphics, Intel(R) Arc(TM) A770 Graphics\n")
                .disclosure.declared.others,
            std::vector<std::string>{"Intel XPU"});
  EXPECT_EQ(read_written("torch==2.5.1+rocm6.2\nnumpy==1.26.4\nscipy==1.14.0\n").disclosure.declared.others,
            std::vector<std::string>{"ROCm 6.2"});
}

TEST(SystemPackagesText, ReadsRpm) {
  const WrittenStack read = read_written("nvidia-driver-cuda-libs-570.124.06-1.el9.x86_64\nbash-5.1.8-9.el9.x86_64\n");
  EXPECT_EQ(told(read, "os.gpu_packages"), "rpm nvidia-driver-cuda-libs 570.124.06-1.el9");
}

// Docker, Kubernetes and compose put something before every line.
TEST(EngineLines, AreReadWithoutWhatTheEnginePutBefore) {
  for (const char* start :
       {"2024-11-15T19:56:13.362448649Z ", "2024-11-15T19:56:13.362448649+08:00 stdout F ", "vllm-1  | ", "\x1b[32m"}) {
    EXPECT_EQ(
        told(read_written(std::string(start) + "Nvidia driver version: 570.124.06\n"), "driver.kernel_mode.version"),
        "570.124.06")
        << start;
  }
  const WrittenStack logged =
      read_written("{\"log\":\"\\u001b[32mNvidia driver version: 570.124.06\\u001b[0m\\n\",\"stream\":\"stdout\"}\n");
  EXPECT_EQ(told(logged, "driver.kernel_mode.version"), "570.124.06");
}

TEST(WrittenText, OfOtherLanguages) {
  const WrittenStack read = read_written(
      "Hallo, bei mir geht es nicht.\n- Grafikkarte: NVIDIA RTX 4090\n- Treiberversion: 470.223.02\n"
      "- PyTorch-Version: 2.6.0+cu124\n- Betriebssystem: Ubuntu 22.04\n");
  ASSERT_EQ(read.stack.gpus.size(), 1u);
  EXPECT_EQ(told(read, "driver.kernel_mode.version"), "470.223.02");
  EXPECT_EQ(version_told(read, "torch"), "2.6.0+cu124");
  EXPECT_EQ(told(read, "os.name"), "Ubuntu 22.04");
}

TEST(WrittenText, GpusThatBeginASentence) {
  EXPECT_EQ(read_written("2x RTX 4090, all_reduce hangs with NCCL 2.20\n").stack.gpus.size(), 2u);
  EXPECT_EQ(read_written("4x A100\n").stack.gpus.size(), 4u);
  EXPECT_TRUE(read_written("RTX 4090, as others have\n").stack.gpus.empty());
  EXPECT_TRUE(read_written("2x faster on an A100, they say\n").stack.gpus.empty());
}

TEST(WrittenText, AFormThatSaysThatItIsWsl) {
  const WrittenStack read =
      read_written("### WSL Version\n\n- [X] WSL 2\n- [ ] WSL 1\n\n### Kernel Version\n\n5.4.72\n");
  EXPECT_EQ(told(read, "machine.hypervisor"), "Hyper-V (WSL)");
  EXPECT_EQ(told(read, "os.kernel.release"), "5.4.72");
  EXPECT_EQ(told(read_written("### WSL Version\n\n- [ ] WSL 2\n- [X] WSL 1\n"), "machine.hypervisor"), "");
}

TEST(PythonPrompt, AnswersStandBehindOrBelowTheQuestion) {
  const WrittenStack read = read_written(
      ">>> import torch, jaxlib\n>>> torch.__version__\n'2.3.0+cpu'\n>>> print(torch.version.cuda)\nNone\n"
      "print(jaxlib.__version__)\n0.4.34\ntf.__version__: 2.16.1\n>>> numpy.__version__\n'1.26.4'\n");
  EXPECT_EQ(version_told(read, "torch"), "2.3.0+cpu");
  EXPECT_EQ(version_told(read, "jaxlib"), "0.4.34");
  EXPECT_EQ(version_told(read, "tensorflow"), "2.16.1");
  EXPECT_EQ(version_told(read, "numpy"), "");
  ASSERT_EQ(read.stack.environments.size(), 1u);
  const Package& torch = read.stack.environments[0].packages.back();
  ASSERT_EQ(torch.name, "torch");
  EXPECT_EQ(torch.cuda.missing, Missing::absent);
  EXPECT_EQ(version_told(read_written("print(torch.__version__, torch.cuda.is_available())\n2.6.0 True\n"), "torch"),
            "2.6.0");
  // Nothing answers it.
  EXPECT_EQ(version_told(read_written(">>> torch.__version__\n>>> exit()\n"), "torch"), "");
  EXPECT_EQ(version_told(read_written("assert torch.__version__ == '2.3'\n"), "torch"), "");
}

// python -m xformers.info; an extension whose version names its framework says the same.
TEST(WrittenText, WhatAnExtensionWasBuiltFor) {
  const WrittenStack read = read_written(
      "xFormers 0.0.22.post7+cu118\n"
      "memory_efficient_attention.cutlassF:               unavailable\n"
      "pytorch.version:                                   2.0.1+cu118\n"
      "gpu.name:                                          Tesla P100-PCIE-16GB\n"
      "build.torch_version:                               2.1.0+cu118\n"
      "flash-attn 2.8.3+cu12torch2.7\n");
  ASSERT_EQ(read.stack.environments.size(), 1U);
  std::map<std::string, std::string> built;
  for (const Package& package : read.stack.environments.front().packages) built[package.name] = package.built_for;
  EXPECT_EQ(built["xformers"], "torch 2.1.0+cu118");
  EXPECT_EQ(built["flash-attn"], "torch 2.7");
  EXPECT_EQ(built["torch"], "");
  EXPECT_EQ(version_told(read, "torch"), "2.0.1+cu118");
}

TEST(WrittenText, ReleasesOfTensorflowAsPeopleWriteThem) {
  static const Knowledge knowledge = *load_knowledge();
  const auto version = [&](const std::string& written) {
    Disclosure disclosure = read_disclosure_text("### TensorFlow version\n\n" + written + "\n");
    const Stack stack = stack_of_text(disclosure, "t", knowledge);
    return stack.environments.empty() ? std::string() : stack.environments[0].packages[0].version;
  };
  EXPECT_EQ(version("tf 2.16"), "2.16");
  EXPECT_EQ(version("tf2.12.0"), "2.12.0");
  EXPECT_EQ(version("v2.11.0-rc2-15-g6290819256d 2.11.0"), "2.11.0");
  EXPECT_EQ(version("2.0.0-beta1"), "2.0.0-beta1");
}

TEST(WrittenText, AnExtensionThatNamesNoCompilerOfCuda) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(
      "detectron2             0.3 @/usr/lib/python3.9/site-packages/detectron2\n"
      "CUDA compiler          not available\n"
      "PyTorch                1.7.1+cu110 @/usr/lib/python3.9/site-packages/torch\n"
      "GPU 0                  GeForce GTX 1070 (arch=6.1)\n");
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  ASSERT_EQ(stack.environments.size(), 1u);
  const auto& packages = stack.environments[0].packages;
  const auto at =
      std::find_if(packages.begin(), packages.end(), [](const Package& p) { return p.name == "detectron2"; });
  ASSERT_NE(at, packages.end());
  EXPECT_TRUE(at->cuda.detail.starts_with("a build without CUDA")) << at->cuda.detail;
}

TEST(WrittenText, TheFormOfPytorchsTracker) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(
      " - PyTorch Version (e.g., 1.0): 1.3\n - OS (e.g., Linux): Ubuntu 18.04\n"
      " - GPU models and configuration: Tesla K40m\n");
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  ASSERT_EQ(stack.gpus.size(), 1u);
  EXPECT_EQ(to_string(*stack.gpus[0].capability), "3.5");
}

TEST(WrittenText, PiecesOfALineThatTellAMachine) {
  const WrittenStack read = read_written("vLLM 0.7.3, 8x H100, driver 535.161.08\n");
  EXPECT_EQ(told(read, "driver.kernel_mode.version"), "535.161.08");
  EXPECT_EQ(read.stack.gpus.size(), 8u);
  EXPECT_EQ(version_told(read, "vllm"), "0.7.3");
  for (const char* text : {"It needs driver 535.161.08, or an H100\n", "works with driver 535.161.08, here\n",
                           "tested on H100, driver 535.161.08\n"}) {
    EXPECT_EQ(told(read_written(text), "driver.kernel_mode.version"), "") << text;
  }
}

TEST(WrittenText, AGpuAloneOnItsLine) {
  EXPECT_EQ(read_written("Windows 11\nNVIDIA GeForce RTX 3080\nNVIDIA Driver 591.74\n").stack.gpus.size(), 1u);
  EXPECT_TRUE(read_written("NVIDIA GeForce RTX 3080 is what I want\n").stack.gpus.empty());
}

TEST(WrittenText, ProgramsThatPeopleNameByTheirRelease) {
  for (const char* text : {"- **Ollama version:** 0.30.0\n", "### Ollama version\n\n0.30.0\n", "ollama 0.30.0\n"}) {
    EXPECT_EQ(told(read_written(text), "os.gpu_packages"), "program ollama 0.30.0") << text;
  }
}

TEST(WrittenText, ToolkitBesideItsCudnnByName) {
  EXPECT_EQ(told(read_written("### CUDA/cuDNN version\n\nCUDA Version: 12.4, cuDNN Version: 9.0.0\n"),
                 "toolkit.nvcc.version"),
            "12.4");
  EXPECT_EQ(told(read_written("### CUDA/cuDNN version\n\n12.4\n"), "toolkit.nvcc.version"), "");
}

TEST(WrittenText, AVersionWithItsLetter) {
  EXPECT_EQ(version_told(read_written("- **TensorFlow Version**: v2.12.0\n"), "tensorflow"), "2.12.0");
  EXPECT_EQ(version_told(read_written("Torch version 1.10.1+cu111 is there, it says\n"), "torch"), "1.10.1+cu111");
}

TEST(WrittenText, ArrowsEqualsSignsAndFormsInBrackets) {
  const WrittenStack read = read_written(
      "- Operating System / Platform => Ubuntu 20.04\n- NVidia Driver => 450.57\n- GPU: Geforce 2080 Ti\n"
      "- python == 3.7.0\n- pytorch == 1.9.1\n");
  EXPECT_EQ(told(read, "os.name"), "Ubuntu 20.04");
  EXPECT_EQ(told(read, "driver.kernel_mode.version"), "450.57");
  ASSERT_EQ(read.stack.gpus.size(), 1u);
  EXPECT_EQ(version_told(read, "torch"), "1.9.1");
  const WrittenStack form = read_written(
      "- **OS Platform and Distribution (e.g., Linux Ubuntu 16.04)**: Linux Ubuntu 18.04\n"
      "- **TensorFlow version (use command below)**: ('v1.2.0-rc2-21-g12f033d', '1.2.0')\n"
      "- CUDA/cuDNN version: 10.2.89\n- GPU model and memory: GTX 970M, 3GB\n");
  EXPECT_EQ(told(form, "os.name"), "Linux Ubuntu 18.04");
  EXPECT_EQ(version_told(form, "tensorflow"), "1.2.0");
  EXPECT_EQ(told(form, "toolkit.nvcc.version"), "10.2");
  ASSERT_EQ(form.stack.gpus.size(), 1u);
  EXPECT_EQ(to_string(*form.stack.gpus[0].capability), "5.2");
}

TEST(WrittenText, NumbersOfCardsUnderTheirHeading) {
  for (const auto& [text, model] :
       {std::pair("**NVIDIA GPU**: 3090\n", "RTX 3090"),
        {"GPU: 5070 Ti\n", "RTX 5070 Ti"},
        {"- Compute device name: 2070S\n", "RTX 2070 SUPER"},
        {"Card: 1660 Super\n", "GTX 1660 SUPER"},
        {"Hardware : NVIDIA® GeForce RTX™ 3050, 6 GB GDDR6\n", "NVIDIA GeForce RTX 3050"}}) {
    const WrittenStack read = read_written(text);
    ASSERT_EQ(read.stack.gpus.size(), 1u) << text;
    EXPECT_EQ(read.stack.gpus[0].model, model);
  }
  // The number of others too, of no card, of a form's example.
  for (const char* text :
       {"GPU: 4000\n", "GPU: 1920\n", "GPU: 3090 hours\n", "GPU: RTX 3090 or better\n",
        "GPU:\nRTX 3090 is recommended\n", "GPU: [e.g. RTX2080Ti]\n", "GPU: 6\n", "if gpu == \"RTX 3090\":\n"}) {
    EXPECT_TRUE(read_written(text).stack.gpus.empty()) << text;
  }
}

TEST(WrittenText, ValuesBelowTheirKeyAndBehindLinks) {
  const WrittenStack read = read_written("Operating System:\n\nPython Version (if applicable):\n3.8\ntorch 1.13.1\n");
  ASSERT_EQ(read.stack.environments.size(), 1u);
  EXPECT_EQ(value_text(*read.stack.environments[0].python.value), "3.8");
  EXPECT_EQ(told(read, "os.name"), "");
  EXPECT_EQ(told(read_written("Operating System:\nPython Version (if applicable): 3.8\n"), "os.name"), "");
  EXPECT_EQ(version_told(read_written("|  Tensorflow  | [v1.15.0](https://github.com/tensorflow/tensorflow) |\n"),
                         "tensorflow"),
            "1.15.0");
  EXPECT_EQ(
      version_told(read_written("deepspeed info ................... 0.15.5+unknown, unknown, unknown\n"), "deepspeed"),
      "0.15.5");
}

// What something asks for, and what somebody else has.
TEST(WrittenText, ListsThatAreOfSomebodyElse) {
  for (const char* text : {"## Requirements\n\n- torch 2.1.0\n- GPU: RTX 3090\n", "**Prerequisites**\n* torch 2.1.0\n",
                           "i saw your Software environment is:\n\n- PyTorch 0.4.1\n- torch 0.4.1\n"}) {
    EXPECT_EQ(version_told(read_written(text), "torch"), "") << text;
    EXPECT_TRUE(read_written(text).stack.gpus.empty()) << text;
  }
  EXPECT_EQ(version_told(read_written("## Requirements\n- torch 2.1.0\n## Environment\n- torch 2.2.0\n"), "torch"),
            "2.2.0");
}

TEST(WrittenText, ALineOfManyThingsWithCommasOfChinesePrint) {
  const WrittenStack read = read_written("Win10，RTX2080，CUDA10.2，CUDNN7.65 ，anaconda\n");
  ASSERT_EQ(read.stack.gpus.size(), 1u);
  EXPECT_EQ(told(read, "os.name"), "Windows 10");
}

TEST(WrittenText, SystemsOfAListAreNobodys) {
  EXPECT_EQ(told(read_written("Works here:\n- Ubuntu 20.04\n- Ubuntu 22.04\n- Windows 11\n"), "os.name"), "");
  EXPECT_EQ(told(read_written("- Ubuntu 20.04\n- Ubuntu 20.04.6\n"), "os.name"), "Ubuntu 20.04.6");
}

TEST(WrittenText, SeveralKeysInOneLine) {
  const WrittenStack read = read_written("环境：paddlepaddle-gpu 2.6.1，显卡：RTX 5080，驱动版本：572.83\n");
  EXPECT_EQ(version_told(read, "paddlepaddle-gpu"), "2.6.1");
  ASSERT_EQ(read.stack.gpus.size(), 1U);
  EXPECT_EQ(read.stack.gpus.front().model, "RTX 5080");
  EXPECT_EQ(told(read, "driver.kernel_mode.version"), "572.83");
  EXPECT_EQ(told(read_written("OS: Ubuntu 22.04, GPU: RTX 4090, Driver: 550.54.14\n"), "driver.kernel_mode.version"),
            "550.54.14");
  // One key whose value has a comma.
  EXPECT_EQ(read_written("GPU: RTX 4090, RTX 3090\n").stack.gpus.size(), 2U);
}

}  // namespace varve
