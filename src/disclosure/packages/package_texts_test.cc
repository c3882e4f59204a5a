// What package managers print and what people ask them for, hosts and users replaced.
#include <gtest/gtest.h>

#include "base/text.h"
#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_of_packages(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

std::string version_and_cuda(const Stack& stack, const std::string& name) {
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (package.name != name) continue;
      return package.version + (package.cuda.is_known() ? ", " + value_text(*package.cuda.value) : "");
    }
  }
  return "";
}

std::string stated(const Stack& stack, const std::string& id) {
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}
}  // namespace

// Without a version it says nothing against one that another line names.
TEST(AskedPackages, OneWithoutAVersionAndOneWithIt) {
  const std::string bare = "$ pip3 install torch torchvision --index-url https://download.pytorch.org/whl/cu118\n";
  const Stack stack = stack_of_packages(bare + "python 3.12, torch version '2.7.1+cu118'\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.7.1+cu118, 11.8");
  const std::string two = "$ pip install torch==2.1.0\n$ pip install torch==2.2.0\n$ pip install torch==2.1.0\n";
  EXPECT_EQ(version_and_cuda(stack_of_packages(two), "torch"), "(version not stated)");
}

TEST(AskedPackages, WhatSomebodySaysThatHeInstalled) {
  const Stack stack = stack_of_packages(
      "When I install the torch, there is a relative nvidia-cudnn-cu12==8.9.2.26 installed for my env.\n"
      "I installed onnxruntime-gpu==1.19.2 yesterday.\n");
  EXPECT_EQ(version_and_cuda(stack, "nvidia-cudnn-cu12"), "8.9.2.26, 12");
  EXPECT_EQ(version_and_cuda(stack, "onnxruntime-gpu"), "1.19.2");
  for (const char* text : {"You have to install vllm==0.8.5.\n", "Can I install vllm==0.8.5 here?\n",
                           "I installed the wrong one, install vllm==0.8.5 instead\n"}) {
    EXPECT_EQ(version_and_cuda(stack_of_packages(text), "vllm"), "") << text;
  }
}

TEST(OnnxruntimeForm, ReleaseAndToolkit) {
  const auto form = [](const std::string& version, const std::string& provider, const std::string& library) {
    return stack_of_packages("### ONNX Runtime Version or Commit ID\n\n" + version +
                             "\n\n### ONNX Runtime API\n\nPython\n\n### Execution Provider\n\n" + provider +
                             "\n\n### Execution Provider Library Version\n\n" + library + "\n");
  };
  const Stack stack = form("onnxruntime 1.16.2", "CUDA", "CUDA12.1");
  EXPECT_EQ(version_and_cuda(stack, "onnxruntime-gpu"), "1.16.2");
  EXPECT_EQ(stated(stack, "toolkit.nvcc.version"), "12.1");
  EXPECT_EQ(stated(form("v1.18.0", "TensorRT, CUDA", "CUDA 11.8, cuDNN 8.9.2"), "toolkit.nvcc.version"), "11.8");
  EXPECT_EQ(version_and_cuda(form("1.19.2 or 1.17.1", "CUDA", "CUDA 12.1"), "onnxruntime-gpu"), "");
  const Stack other = form("1.19.2", "Default CPU", "_No response_");
  EXPECT_EQ(version_and_cuda(other, "onnxruntime-gpu"), "");
  EXPECT_EQ(stated(other, "toolkit.nvcc.version"), "");
}

TEST(AskedPackages, NamesWithAndWithoutVersions) {
  const Stack stack = stack_of_packages(
      "user@host:~/proj# uv add onnxruntime-gpu onnxruntime\n"
      "$ pip install torch===1.3.0 torchvision===0.4.1 -f https://download.pytorch.org/whl/torch_stable.html\n"
      "RUN python3 -m pip install --index-url https://x/simple 'vllm>=0.8' xformers==0.0.* && echo numpy==1.0.0\n");
  EXPECT_EQ(version_and_cuda(stack, "onnxruntime"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "onnxruntime-gpu"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "1.3.0, 10.1");
  EXPECT_EQ(version_and_cuda(stack, "vllm"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "xformers"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "numpy"), "");
}

TEST(AskedPackages, TheIndexTellsTheCudaOfTorch) {
  const Stack stack = stack_of_packages(
      "!pip install torch==2.4.1 torchvision==0.19.1 --index-url https://download.pytorch.org/whl/cu118\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.4.1, 11.8");
  const Stack pytorch = stack_of_packages("conda install pytorch=1.9.0 torchvision cudatoolkit=11.3 -c pytorch\n");
  EXPECT_EQ(version_and_cuda(pytorch, "torch"), "1.9.0");
}

TEST(AskedPackages, WheelsByTheirFileNames) {
  const Stack stack = stack_of_packages(
      "$ pip install flash_attn-2.8.2+cu128torch2.8-cp312-cp312-linux_x86_64.whl\n"
      "$ pip install https://x/whl/cu126/torch-2.6.0%2Bcu126-cp312-cp312-win_amd64.whl\n");
  EXPECT_EQ(version_and_cuda(stack, "flash_attn"), "2.8.2+cu128torch2.8, 12.8");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.6.0+cu126, 12.6");
}

TEST(AskedPackages, AVersionAsPythonPrintsItInASentence) {
  EXPECT_EQ(version_and_cuda(stack_of_packages("python 3.12, torch version '2.7.1+cu118'\n"), "torch"),
            "2.7.1+cu118, 11.8");
  EXPECT_EQ(version_and_cuda(stack_of_packages("it is fixed in torch version 2.8 they say\n"), "torch"), "");
  EXPECT_EQ(version_and_cuda(stack_of_packages("you should try torch version '2.8.0'\n"), "torch"), "");
}

// A form's "TensorFlow version" is the module's; which distribution of it is there a list says.
TEST(ListedPackagesOfTexts, AModuleThatAFormNamesIsThatOfTheList) {
  const Stack stack = stack_of_packages(
      "- TensorFlow version: 2.3.0\n\nPackage Version\n------- -------\ntensorflow-gpu 2.3.0\nnumpy 1.18.5\n");
  EXPECT_EQ(version_and_cuda(stack, "tensorflow-gpu"), "2.3.0, 10.1");
  EXPECT_EQ(version_and_cuda(stack, "tensorflow"), "");
  EXPECT_EQ(version_and_cuda(stack_of_packages("- TensorFlow version: 2.3.0\n"), "tensorflow"), "2.3.0, 10.1");
}

// Asked for is less than listed; two versions that were asked for tell none; advice in a sentence tells nothing.
TEST(AskedPackages, YieldToWhatIsListed) {
  const Stack stack = stack_of_packages(
      "torch 2.8.0+cu128\n"
      "$ pip install --index-url https://download.pytorch.org/whl/cu121 torch==2.4.1 flash-attn==2.5.8\n"
      "$ pip install flash-attn==2.6.3 --no-build-isolation\n"
      "You should pip install xformers==0.0.28 first\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.8.0+cu128, 12.8");
  EXPECT_EQ(version_and_cuda(stack, "flash-attn"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "xformers"), "");
}

TEST(AskedPackages, WhatWasNotToBeHad) {
  const Stack stack = stack_of_packages(
      "$ pip install torch==1.7.1+cu110 flash-attn\n"
      "ERROR: Could not find a version that satisfies the requirement torch==1.7.1+cu110 (from versions: 2.0.0)\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "");
  EXPECT_EQ(version_and_cuda(stack, "flash-attn"), "(version not stated)");
}

TEST(AskedPackages, InASentence) {
  const Stack stack = stack_of_packages(
      "I had installed both `onnxruntime` and onnxruntime-gpu.\n"
      "# is_available() returns False on GTX 1650 with torch==2.0.0+cpu\n"
      "vllm 0.8.0 requires xformers==0.0.29, but you have none\n");
  EXPECT_EQ(version_and_cuda(stack, "onnxruntime"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "onnxruntime-gpu"), "(version not stated)");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.0.0+cpu");
  EXPECT_EQ(version_and_cuda(stack, "xformers"), "");
}

TEST(PipOutput, WhatItSaysLaterCounts) {
  const Stack stack = stack_of_packages(
      "Requirement already satisfied: torch>=1.10 in /x/site-packages (from timm) (2.1.0+cu118)\n"
      "Requirement already satisfied: numpy in /x/site-packages (1.26.4)\n"
      "  Attempting uninstall: torch\n"
      "      Successfully uninstalled torch-2.1.0+cu118\n"
      "Successfully installed flash-attn-2.7.4.post1 nvidia-cuda-runtime-cu12-12.4.127 torch-2.6.0\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.6.0, 12.4");
  EXPECT_EQ(version_and_cuda(stack, "flash-attn"), "2.7.4.post1");
  EXPECT_EQ(version_and_cuda(stack, "numpy"), "1.26.4");
}

TEST(CondaList, RowsThatWerePickedOut) {
  const Stack stack =
      stack_of_packages("pytorch                   1.4.0               py3.7_cpu_0  [cpuonly]  pytorch\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "1.4.0");
  ASSERT_EQ(stack.environments.size(), 1U);
  EXPECT_EQ(stack.environments[0].packages[0].cuda.missing, Missing::absent);
}

TEST(PixiList, OfCondaAndOfPip) {
  const Stack stack = stack_of_packages(
      "Name           Version   Build                 Size       Kind   Source\n"
      "cuda-cudart    12.6.77   h5888daf_0            22.3 KiB   conda  https://conda.anaconda.org/conda-forge/\n"
      "pytorch        2.5.1     cuda126_py312hf_301   35.1 MiB   conda  https://conda.anaconda.org/conda-forge/\n"
      "flash-attn     2.7.4                           178.1 MiB  pypi   flash_attn-2.7.4-cp312-cp312-linux.whl\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.5.1, 12.6");
  EXPECT_EQ(version_and_cuda(stack, "flash-attn"), "2.7.4");
}

TEST(PackageTree, OfUvAndPipdeptree) {
  const Stack uv = stack_of_packages(
      "proj v0.1.0\n├── torch v2.7.0\n│   ├── nvidia-cublas-cu12 v12.6.4.1\n"
      "│   ├── nvidia-cuda-runtime-cu12 v12.6.77\n│   └── triton v3.3.0 (extra: x)\n└── numpy v2.2.6\n");
  EXPECT_EQ(version_and_cuda(uv, "torch"), "2.7.0, 12.6");
  EXPECT_EQ(version_and_cuda(uv, "numpy"), "2.2.6");
  EXPECT_EQ(version_and_cuda(uv, "triton"), "");
  const Stack tree = stack_of_packages(
      "├── torch [required: >=2.0, installed: 2.6.0]\n│   └── triton [required: ==3.2.0, installed: 3.2.0]\n");
  EXPECT_EQ(version_and_cuda(tree, "torch"), "2.6.0, 12.4");
  EXPECT_EQ(version_and_cuda(tree, "triton").substr(0, 5), "3.2.0");
}

TEST(PackageTree, OfPoetry) {
  const Stack stack = stack_of_packages(
      "numpy                1.26.4    Fundamental package for array computing in Python\n"
      "torch                2.3.0     Tensors and Dynamic neural networks in Python with strong GPU acceleration\n"
      "torch                2.4.0     2.5.0   2.6.0\n");
  EXPECT_EQ(version_and_cuda(stack, "torch"), "2.3.0, 12.1");
  EXPECT_EQ(version_and_cuda(stack, "numpy"), "");
}

// Of two libcudas in the cache the first is loaded; that of cuda-compat is not of the kernel driver's release.
TEST(Ldconfig, ALibcudaOfCompat) {
  const Stack stack = stack_of_packages(
      "| NVIDIA-SMI 535.183.01             Driver Version: 535.183.01   CUDA Version: 12.2     |\n"
      "$ ldconfig -p | grep libcuda\n"
      "\tlibcuda.so.1 (libc6) => /lib/i386-linux-gnu/libcuda.so.1\n"
      "\tlibcuda.so.1 (libc6,x86-64) => /usr/local/cuda-12.4/compat/libcuda.so.1\n"
      "\tlibcuda.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libcuda.so.1\n");
  EXPECT_EQ(stated(stack, "driver.user_mode.path"), "/usr/local/cuda-12.4/compat/libcuda.so.1");
  EXPECT_EQ(stated(stack, "driver.user_mode.role"), "compat");
  EXPECT_EQ(stated(stack, "driver.user_mode.version"), "");
}

// journalctl, syslog, kubectl and older compose put something before each line.
TEST(TextLines, WhatStandsBeforeALine) {
  for (const std::string before : {"Jun 17 15:04:37 host python3[2029]: ", "Jun  7 15:04:37 host python3[2029]: ",
                                   "2025-06-17T15:04:37.123456+02:00 host python3[2029]: ", "[pod/worker-0/main] ",
                                   "vllm_1  | ", "2025-11-12T03:11:01.218123456Z stdout F "}) {
    const Stack stack = stack_of_packages(before + "PyTorch version: 2.6.0+cu124\r\n" + before +
                                          "Nvidia driver version: 535.183.01\r\n");
    EXPECT_EQ(version_and_cuda(stack, "torch"), "2.6.0+cu124, 12.4") << before;
    EXPECT_EQ(stated(stack, "driver.kernel_mode.version"), "535.183.01") << before;
  }
  const Stack kernel = stack_of_packages(
      "Jun 17 15:04:37 host kernel: NVRM: Xid (PCI:0000:06:00): 79, pid=1, GPU has fallen off the bus.\n");
  EXPECT_EQ(stated(kernel, "kernel.log.nvidia"), "Xid 79");
}

TEST(ListedPackagesOfTexts, TheCudaOfPaddleStandsInItsPostRelease) {
  const Stack stack = stack_of_packages("paddlepaddle-gpu==2.3.2.post112\nnumpy==1.21.0\npillow==9.0.0\n");
  EXPECT_EQ(version_and_cuda(stack, "paddlepaddle-gpu"), "2.3.2.post112, 11.2");
  const Stack asked =
      stack_of_packages("$ python -m pip install paddlepaddle-gpu==3.0.0 -i https://x/packages/stable/cu118/\n");
  EXPECT_EQ(version_and_cuda(asked, "paddlepaddle-gpu"), "3.0.0, 11.8");
}

TEST(CondaList, PlansInColumns) {
  const Stack mamba = stack_of_packages(
      "  Package                          Version  Build                           Channel           Size\n"
      "────────────────────────────────────────────────\n"
      "  Install:\n"
      "  + pytorch                          1.9.0  py3.8_cpu_0                     pytorch          706MB\n"
      "  - cudatoolkit                     10.2.89  hfd86e86_1                     pkgs/main       Cached\n");
  EXPECT_EQ(version_and_cuda(mamba, "torch"), "1.9.0");
  EXPECT_EQ(version_and_cuda(mamba, "cudatoolkit"), "");
  const Stack conda = stack_of_packages(
      "The following packages will be downloaded:\n\n"
      "    package                    |            build\n"
      "    ---------------------------|-----------------\n"
      "    pytorch-1.9.0              |py3.8_cuda11.1_cudnn8.0.5_0        1.27 GB  pytorch\n");
  EXPECT_EQ(version_and_cuda(conda, "torch"), "1.9.0, 11.1");
  const Stack spaced = stack_of_packages(
      "    package                    |            build\n"
      "    pytorch-1.9.0              |      py3.8_cpu_0        705.0 MB  pytorch\n");
  EXPECT_EQ(version_and_cuda(spaced, "torch"), "1.9.0");
}

TEST(DpkgText, WhatAptDidAndOtherNamesOfTheDriver) {
  const std::string kernel = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  460.56  Tue Feb 23 23:31:10 UTC 2021\n";
  const Stack upgraded =
      stack_of_packages(kernel +
                        "Upgrade: libc6:amd64 (2.31-0ubuntu9.2, 2.31-0ubuntu9.3), libnvidia-common-460:amd64 "
                        "(460.56-0ubuntu0.20.04.1, 460.73.01-0ubuntu0.20.04.1)\n");
  EXPECT_EQ(stated(upgraded, "driver.user_mode.version"), "460.73.01");
  const Stack debian =
      stack_of_packages(kernel + "ii  nvidia-smi     525.85.12-1  amd64        NVIDIA System Management Interface\n");
  EXPECT_EQ(stated(debian, "driver.user_mode.version"), "525.85.12");
  const Stack set_up = stack_of_packages(kernel + "Setting up libcuda1:amd64 (470.82.01-1) ...\n");
  EXPECT_EQ(stated(set_up, "driver.user_mode.version"), "470.82.01");
}

// That it is a Jetson may stand in a sentence.
TEST(AskedPackages, OfTheIndexOnAJetson) {
  const Stack stack = stack_of_packages(
      "Orin Nano of jetson, JetPack 6.1\n$ pip install torch\n"
      ">>> torch.cuda.is_available()\nFalse\n");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_NE(stack.environments[0].packages[0].cuda.detail.find("no other for this processor"), std::string::npos);
}

// A wheel by its file name tells the oldest glibc that it runs with.
TEST(AskedPackages, TheTagOfAWheel) {
  const Stack stack = stack_of_packages(
      "- OS: Ubuntu 22.04 LTS (glibc 2.35)\n"
      "$ pip install \"https://x.org/vllm-0.30.0-cp38-abi3-manylinux_2_39_x86_64.whl\"\n");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(stack.environments[0].packages[0].built_for, "glibc 2.39");
  EXPECT_EQ(stated(stack, "os.libc"), "glibc 2.35");
}

// What conda saw of the machine: __cuda is what libcuda offers.
TEST(CondaInfo, VirtualPackages) {
  const Stack stack = stack_of_packages(
      "       virtual packages : __cuda=10.2=0\n                          __linux=4.9.253=0\n"
      "                          __glibc=2.27=0\n                          __unix=0=0\n"
      "                          __archspec=1=aarch64\n");
  EXPECT_EQ(stated(stack, "driver.api_level"), "10.2");
  EXPECT_EQ(stated(stack, "os.libc"), "glibc 2.27");
  EXPECT_EQ(stated(stack, "os.architecture"), "aarch64");
}

// The package index has Paddle 2 for CUDA 10.2 alone, and llama-cpp-python as its source.
TEST(AskedPackages, WhatThePackageIndexHas) {
  EXPECT_EQ(version_and_cuda(stack_of_packages("$ pip install paddlepaddle-gpu==2.4.2\n"), "paddlepaddle-gpu"),
            "2.4.2, 10.2");
  EXPECT_EQ(version_and_cuda(stack_of_packages("paddlepaddle-gpu==2.5.1.post117\n"), "paddlepaddle-gpu"),
            "2.5.1.post117, 11.7");
  const auto detail = [](const std::string& text) {
    const Stack stack = stack_of_packages(text);
    return stack.environments.empty() ? "" : stack.environments[0].packages[0].cuda.detail;
  };
  EXPECT_NE(detail("$ pip install llama-cpp-python\n").find("a build without CUDA"), std::string::npos);
  EXPECT_EQ(detail("$ CMAKE_ARGS=\"-DGGML_CUDA=on\" pip install llama-cpp-python\n").find("without CUDA"),
            std::string::npos);
  EXPECT_EQ(detail("$ pip install llama-cpp-python --extra-index-url https://x.org/whl/cu121\n").find("without CUDA"),
            std::string::npos);
}

// What was asked for has wheels for some versions of Python; which one is there one line at least tells, and no other
// contradicts it.
TEST(AskedPackages, WheelsForAnotherPython) {
  const auto missing = [](const std::string& text) {
    const Stack stack = stack_of_packages(text);
    return stack.environments.empty() ? "" : join(stack.environments[0].without_wheel, "; ");
  };
  const std::string asked = "$ pip install torch==2.4.0\n", none = "torch 2.4.0 (Python >=3.8,<3.13)";
  EXPECT_EQ(missing("Python 3.13.1\n" + asked), none);
  EXPECT_EQ(missing("Python 3.13.0 (main, Oct  7 2024, 00:00:00) [GCC 13.2.0] on linux\n" + asked), none);
  EXPECT_EQ(missing(asked + "  File \"/opt/lib/python3.13/site-packages/x.py\", line 3, in f\n"), none);
  EXPECT_EQ(missing("I am using Python 3.13.\n" + asked), none);
  EXPECT_EQ(missing("Python: 3.13.1\n" + asked), none);
  EXPECT_EQ(missing("Python 3.13.1\n" + asked + "ERROR: No matching distribution found for torch==2.4.0\n"), none);
  EXPECT_EQ(missing("Python 3.13.1\nERROR: Could not find a version that satisfies the requirement torch==2.4.0 (from "
                    "versions: 2.5.0, 2.5.1)\n"),
            none);
  EXPECT_EQ(
      missing(
          "- TensorFlow version: 2.6.2\n- Python version: 3.10.0\nERROR: Could not find a version that satisfies the "
          "requirement tensorflow==2.6.2 (from versions: none)\n"),
      "tensorflow 2.6.2 (Python >=3.6,<3.10)")
      << "what is written in a form is what was wanted";
  EXPECT_EQ(missing("Python 3.12.4\n" + asked), "");
  EXPECT_EQ(missing(asked), "");
  EXPECT_EQ(missing("Python 3.13.1\nPython 3.11.2\n" + asked), "") << "which of them is not known";
  EXPECT_EQ(missing("Python 3.13.1 is not supported yet\n" + asked), "") << "a sentence";
  EXPECT_EQ(missing("Python 3.13.1\n" + asked + "$ pip list\nPackage Version\n------- -------\ntorch   2.4.0\n"), "")
      << "it is there";
}

}  // namespace varve
