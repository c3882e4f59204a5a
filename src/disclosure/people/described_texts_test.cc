// Kinds of what people and programs say of a machine, as short quotations of public threads, and what is like them and
// says nothing: requirements, what a release did, others' machines.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_described(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

std::string described(const std::string& text, const std::string& id) {
  const Stack stack = stack_described(text);
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}

std::string gpus_described(const std::string& text) { return described(text, "gpu.models"); }
std::string driver_described(const std::string& text) { return described(text, "driver.kernel_mode.version"); }

// "2.1.0, 11.8": the version of a package, and its CUDA where that is known.
std::string package_described(const std::string& text, const std::string& name) {
  for (const Environment& environment : stack_described(text).environments) {
    for (const Package& package : environment.packages) {
      if (package.name != name) continue;
      return package.version + (package.cuda.is_known() ? ", " + value_text(*package.cuda.value) : "");
    }
  }
  return "";
}

// Of the lines that tell it apart from lists.
std::string python_described(const std::string& text) {
  std::string versions;
  for (const auto& [version, line] : read_disclosure_text(text).declared.pythons) {
    versions += (versions.empty() ? "" : " ") + version;
  }
  return versions;
}
}  // namespace

TEST(PythonSigns, OfInterpretersPathsExtensionsAndWheels) {
  EXPECT_EQ(python_described("Python 3.10.18 | packaged by conda-forge | (main, Jun  4 2025)\n"), "3.10.18");
  EXPECT_EQ(python_described("Python 3.10.9 on Windows\n"), "3.10.9");
  EXPECT_EQ(python_described("Python 3.10 or newer is needed\n"), "");
  EXPECT_EQ(python_described("2025-11-27 - 3.13.9 (tags/v3.13.9:8183fa5, Oct 14 2025) [MSC v.1944]\n"), "3.13.9");
  EXPECT_EQ(python_described("x in /opt/e/lib/python3.11/site-packages (from timm) (2.1.0)\n"), "3.11");
  EXPECT_EQ(python_described("/usr/local/lib/python3.10/dist-packages/torch/x.py:1: UserWarning\n"), "3.10");
  EXPECT_EQ(python_described("  File \"/usr/lib/python3.8/runpy.py\", line 194, in main\n"), "3.8");
  EXPECT_EQ(python_described("apt copies /usr/lib/python3.8/runpy.py\n"), "");
  EXPECT_EQ(python_described("ImportError: /x/a.cpython-310-x86_64-linux-gnu.so: undefined symbol: y\n"), "3.10");
  EXPECT_EQ(python_described("It makes a.cpython-310-x86_64-linux-gnu.so or a.cpython-311-x86_64-linux-gnu.so.\n"), "");
  EXPECT_EQ(python_described("  Downloading numpy-1.26.1-cp311-cp311-win_amd64.whl.metadata (61 kB)\n"), "3.11");
  EXPECT_EQ(python_described("Downloading safetensors-0.4.3-cp38-abi3-manylinux_2_17_x86_64.whl (1 MB)\n"), "");
  EXPECT_EQ(python_described("| torch-2.4.0+cu121-cp310-cp310-linux_x86_64.whl | 797 MB |\n"), "");
  EXPECT_EQ(python_described("using python \"C:\\Programs\\Python\\Python311\\python.exe\"\n"), "3.11");
  EXPECT_EQ(python_described("This program is tested with 3.10.6 Python, but you have 3.11.2.\n"), "3.11.2");
  EXPECT_EQ(python_described("[Taichi] version 1.8.0, llvm 15.0.4, linux, python 3.10.18\n"), "3.10.18");
}

TEST(OwnClauses, WhatASentenceSaysAtItsStartOrItsEndHolds) {
  EXPECT_EQ(gpus_described("I have a GTX 1650 Super, which does have CUDA cores, but it says I don't have CUDA.\n"),
            "GTX 1650 Super");
  EXPECT_EQ(described("I have tried to check my config,  I am running ubuntu 22.04 on WSL2\n", "os.name"),
            "Ubuntu 22.04");
  EXPECT_EQ(gpus_described("If it would help, I am using a GTX 1080.\n"), "");
  EXPECT_EQ(gpus_described("I have a friend with an RTX 3090, and it works.\n"), "");
}

TEST(Titles, OfTwoGpusAndOfOneAtTheStart) {
  EXPECT_EQ(gpus_described("# Tesla p40 24G with quadro M6000 24G can not work together\nlogs below\n"),
            "Tesla p40, quadro M6000");
  EXPECT_EQ(gpus_described("# Cannot make it work with GT1010 and Tesla P40\n"), "GT1010, Tesla P40");
  EXPECT_EQ(gpus_described("# Issues with Nvidia Tesla P40\n"), "Tesla P40");
  EXPECT_EQ(gpus_described("# RTX 5090 slower than RTX 4090\n"), "");
  EXPECT_EQ(gpus_described("# Tesla K80 GPUs are not supported\n"), "");
}

TEST(SpokenGpus, CountedJoinedAndByTheirMemory) {
  EXPECT_EQ(gpus_described("I have a tesla p40 and a k80 gpu in my server.\n"), "tesla p40, k80");
  EXPECT_EQ(gpus_described("My rig has 3x RTX 3090 and one 4090.\n"), "RTX 3090, RTX 3090, RTX 3090, RTX 4090");
  EXPECT_EQ(gpus_described("My setup is a 3090 + 3060 on Debian 12.\n"), "RTX 3090, RTX 3060");
  EXPECT_EQ(gpus_described("using a 4060 8G on windows\n"), "RTX 4060");
  EXPECT_EQ(gpus_described("I have 3090 files and 3060 folders.\n"), "");
}

TEST(WrittenText, MoreFormsOfSystemsKernelsAndDrivers) {
  EXPECT_EQ(described("**Operating System + Version**: ubuntu 18.04 LTS\n", "os.name"), "ubuntu 18.04 LTS");
  EXPECT_EQ(described("OS: Ubuntu 20.04.3 LTS (5.4.0-91-generic)\n", "os.kernel.release"), "5.4.0-91-generic");
  EXPECT_EQ(described("- Kernel 6.18.30-1-lts\n", "os.kernel.release"), "6.18.30-1-lts");
  EXPECT_EQ(described("## Environment\n1. Ubuntu `20.04`\n", "os.name"), "Ubuntu 20.04");
  EXPECT_EQ(described("## How to install\n1. Ubuntu 20.04\n", "os.name"), "");
  EXPECT_EQ(driver_described("## How to install\n\n4. Nvidia Driver 535.129.03\n"), "");
  EXPECT_EQ(driver_described("Driver version: 31.0.15.3623\n"), "536.23");
  EXPECT_EQ(driver_described("Driver version: 31.0.101.5186\nDriver version: 21.20.16.4678\n"), "");  // Intel's
  EXPECT_EQ(gpus_described("GPU-Titan Xp\n"), "Titan Xp");
  EXPECT_EQ(gpus_described("GPU Model: GTX 2060\n"), "RTX 2060");
  EXPECT_EQ(
      driver_described("It stops (WSL2, ubuntu 20.04, RTX 2080 Super, nvidia driver 460.20) with `all devices are "
                       "busy or unavailable` here\n"),
      "460.20");
  const std::string pieces = "Environment: Ubuntu 22.04 (kernel 6.5.0-41-generic), RTX 4090 (driver 555.42.02)\n";
  EXPECT_EQ(described(pieces, "os.name") + ", " + gpus_described(pieces), "Ubuntu 22.04, RTX 4090");
  EXPECT_EQ(package_described("pytorch版本：1.13.1\n", "torch"), "1.13.1, 11.7");
}

TEST(WrittenText, NamesWithTheirReleasesRightBehindThem) {
  EXPECT_EQ(package_described("I installed it with python3.10+cuda12.1+torch2.1.0 here\n", "torch"), "2.1.0, 12.1");
  EXPECT_EQ(package_described("env: python3.8 torch1.13.1+cu116 RTX3090\n", "torch"), "1.13.1+cu116, 11.6");
  EXPECT_EQ(package_described("Environment: python3.8+, torch1.7.1+\n", "torch"), "");
  EXPECT_EQ(python_described("python3.10 train.py\n"), "");
}

// "PyTorch: 1.10.0" of the package index is for CUDA 10.2, which has no code for an RTX 3090; who wrote "CUDA: 11.3"
// beside it has another build.
TEST(WrittenText, ACudaByHandBesideATorchByHand) {
  EXPECT_EQ(package_described("- PyTorch: 1.10.0\n- GPU: RTX 3090\n", "torch"), "1.10.0, 10.2");
  EXPECT_EQ(package_described("- PyTorch: 1.10.0\n- CUDA: 11.3\n- GPU: RTX 3090\n", "torch"), "1.10.0");
  EXPECT_EQ(package_described("- PyTorch: 1.10.0\n- CUDA Version: 10.2\n", "torch"), "1.10.0, 10.2");
  EXPECT_EQ(package_described("- PyTorch: 1.10.0\n- CUDA: 11.4\n", "torch"), "1.10.0");
  EXPECT_EQ(package_described("- PyTorch: 2.5.1\n- CUDA: 12.8\n", "torch"), "2.5.1, 12.4");  // it has no such build
  EXPECT_EQ(package_described("- PyTorch: 2.5.1\n- CUDA: 11.8\n", "torch"), "2.5.1");
  EXPECT_EQ(package_described("$ pip install torch==1.10.0\ncuda 11.3\n", "torch"), "1.10.0, 10.2");
  EXPECT_EQ(package_described(
                "PyTorch: 1.10.0\n| NVIDIA-SMI 470.82.01  Driver Version: 470.82.01  CUDA Version: 11.4 |\n", "torch"),
            "1.10.0, 10.2");
}

TEST(AskedPackages, WheelsIndexesAndEnvironmentFiles) {
  const std::string wheel =
      "I use flash_attn-2.6.0+cu122torch2.4cxx11abiFALSE-cp310-cp310-linux_x86_64.whl in Ubuntu.\n";
  EXPECT_EQ(package_described(wheel, "flash_attn").substr(0, 5), "2.6.0");
  EXPECT_EQ(python_described(wheel), "3.10");
  EXPECT_EQ(package_described("Download torch-2.4.0+cu121-cp310-cp310-linux_x86_64.whl first.\n", "torch"), "");
  const std::string file = "torch==2.1.0\ntorchvision==0.16.0\nxformers==0.0.22\n";
  EXPECT_EQ(package_described("--extra-index-url https://download.pytorch.org/whl/cu118\n" + file, "torch"),
            "2.1.0, 11.8");
  EXPECT_EQ(package_described("dependencies:\n  - python=3.9\n  - pytorch=2.0.1\n", "torch"), "2.0.1");
  EXPECT_EQ(package_described("dependencies = [\n  \"torch==2.7.1\",\n]\n", "torch"), "");
  EXPECT_EQ(package_described("$ uv add torch==2.7.1\n  × No solution found when resolving dependencies:\n", "torch"),
            "");
}

TEST(WrittenText, ATitleOfSomethingUnsupportedHeadsNoList) {
  const std::string body = "Here is some info about my machine:\nUbuntu 20.04\nNvidia driver 465.19.01\n";
  EXPECT_EQ(driver_described("# PTX was compiled with an unsupported toolchain\n" + body), "465.19.01");
  EXPECT_EQ(driver_described("# Requirements conflict when vllm and torch are installed\n" + body), "465.19.01");
  EXPECT_EQ(driver_described("# Requirements\n- Nvidia driver 465.19.01\n"), "");
}

TEST(Programs, ExportsOfCondaDevicesOfTensorFlowAndProcVersion) {
  const std::string exported =
      "# $ conda create --name <env> --file <this file>\n# platform: win-64\nbzip2=1.0.8=h2466b09_7\n"
      "ctranslate2=4.3.1=pypi_0\n";
  EXPECT_EQ(package_described(exported, "ctranslate2").substr(0, 5), "4.3.1");
  EXPECT_EQ(
      gpus_described("2020-05-15 08:34:11.537835: I service.cc:176]   StreamExecutor device (0): GeForce RTX 2080 "
                     "Ti, Compute Capability 7.5\n"),
      "GeForce RTX 2080 Ti");
  EXPECT_EQ(described("Linux version 4.19.121-microsoft-standard (a@b) (gcc version 8.2.0 (GCC)) #1 SMP\n",
                      "os.kernel.release"),
            "4.19.121-microsoft-standard");
  EXPECT_EQ(gpus_described("- GPU Model: rtx3090 (x2)\n"), "rtx3090, rtx3090");
  EXPECT_EQ(described("wsl2 Ubuntu 22.04\n", "os.name"), "Ubuntu 22.04");
}

TEST(NamedInPassing, WhatReleasesAndPapersSayIsOfNoMachine) {
  EXPECT_EQ(driver_described("- Fix a crash on Tesla V100 with driver 418.87.00\n"), "");
  EXPECT_EQ(gpus_described("Tested on Ubuntu 20.04 with RTX 3090.\n"), "");
  EXPECT_EQ(gpus_described("We trained all models on 4 NVIDIA V100 GPUs.\n"), "");
  EXPECT_EQ(gpus_described("On his machine an RTX 3090 does it.\n"), "");
}

TEST(Inxi, CardsDriverAndSystem) {
  const std::string text =
      "Graphics:  Device-1: NVIDIA GP104 [GeForce GTX 1080] vendor: ASUSTeK driver: nvidia v: 430.40 bus ID: 01:00.0\n"
      "System:    Host: h Kernel: 6.5.0-15-generic x86_64 bits: 64 Desktop: Cinnamon Distro: Linux Mint 21.3 "
      "Virginia\n";
  EXPECT_EQ(gpus_described(text), "GeForce GTX 1080");
  EXPECT_EQ(driver_described(text), "430.40");
  EXPECT_EQ(described(text, "os.kernel.release"), "6.5.0-15-generic");
  EXPECT_EQ(described(text, "os.name"), "Linux Mint 21.3 Virginia");
  EXPECT_EQ(gpus_described("  Device-1: Intel UHD [Foo] driver: i915 v: kernel\n"), "");
}

TEST(LinesOfLoggers, WhatPythonsLoggingPutsBeforeThem) {
  EXPECT_EQ(gpus_described("2022-08-18 03:52:12,787 - mmdeploy - INFO - GPU 0: NVIDIA GeForce RTX 2070 SUPER\n"),
            "NVIDIA GeForce RTX 2070 SUPER");
  const std::string rich =
      "01:15:51-933284 INFO     Torch 1.12.1+cu116\n"
      "01:15:51-937161 INFO     Torch detected GPU: NVIDIA GeForce GTX 1080 Ti VRAM 11264 Arch (6, 1) Cores 28\n";
  EXPECT_EQ(package_described(rich, "torch") + "; " + gpus_described(rich),
            "1.12.1+cu116, 11.6; NVIDIA GeForce GTX 1080 Ti");
  EXPECT_EQ(described("time=2025-02-21T13:31:11.754+08:00 level=DEBUG source=gpu.go:125 msg=\"detected GPUs\" count=1 "
                      "library=/usr/lib/x86_64-linux-gnu/libcuda.so.545.23.08\n",
                      "driver.user_mode.version"),
            "545.23.08");
}

TEST(WrittenText, ALineOfPiecesThatBeginsWithAGpu) {
  const std::string text = "2x RTX 3090, driver 535.161.07, CUDA Toolkit 12.4 and cuDNN 8.9.7, vllm 0.4.2\n";
  EXPECT_EQ(described(text, "gpu.count"), "2");
  EXPECT_EQ(driver_described(text), "535.161.07");
  EXPECT_EQ(described(text, "toolkit.nvcc.version"), "12.4");
  EXPECT_EQ(package_described(text, "vllm").substr(0, 5), "0.4.2");
  EXPECT_EQ(described("RTX 3090, CUDA Toolkit 12 would do, driver 535.161.07\n", "toolkit.nvcc.version"), "");
}

TEST(SpokenText, WhatSomebodyInstalledBehindWhatTheyGot) {
  EXPECT_EQ(package_described("I got an old card for cheap and installed pytorch 2.0.1 with pip.\n", "torch"),
            "2.0.1, 11.7");
  EXPECT_EQ(package_described("The image is built and installed pytorch 2.0.1 comes with it.\n", "torch"), "");
}

TEST(AskedPackages, ACommandThatSomebodySaysTheyRun) {
  const auto asked = [](const std::string& text) { return read_disclosure_text(text).declared.asked.size(); };
  EXPECT_EQ(asked("I run `pip install tensorflow==2.15.0` and it does not go through.\n"), 1u);
  EXPECT_EQ(asked("You should run `pip install tensorflow==2.15.0` first.\n"), 0u);
}

TEST(WrittenText, TensorFlowByItsTwoLetters) {
  const auto tensorflow = [](const std::string& text) {
    const std::string version = package_described(text, "tensorflow");
    return version.substr(0, version.find(','));
  };
  EXPECT_EQ(tensorflow("I am using TF1.15 here.\n"), "1.15");
  EXPECT_EQ(tensorflow("I'm on TF 2.10 with an RTX 3090.\n"), "2.10");
  EXPECT_EQ(tensorflow("- TF 2.10.0\n"), "2.10.0");
  EXPECT_EQ(tensorflow("TF1.15\n"), "1.15");
  EXPECT_EQ(tensorflow("Environment: TF 1.15, Python 3.7, GTX 1080\n"), "1.15");
  EXPECT_EQ(tensorflow("Env: python3.7, tf1.15, cuda10.0\n"), "1.15");
  for (const char* text :
       {"I use TF32 mode on A100.\n", "TF 2.10 or newer\n", "I have TF 1.73 loss here\n", "tf 1.15\n",
        "Requirements: python3.7, tf1.15+\n", "TF: 1.15\n", "My friend uses TF 2.10 here.\n",
        "# Requirements\n- TF 1.15\n", "We will need TF 2.10.\n", "I have TF 2.x here.\n",
        "I'm on TF, 2.10 seconds later it dies.\n", "I use TF 1.15 here.\nI use TF 2.3 too.\n",
        "labels: comp:gpu, stalled, TF 1.15, type:support\n"}) {
    EXPECT_EQ(tensorflow(text), "") << text;
  }
}

TEST(WrittenText, ASystemWhoseReleaseStandsOnTheNextLine) {
  const auto system = [](const std::string& text) { return described(text, "os.name"); };
  EXPECT_EQ(system("Distribution: Ubuntu\nDistribution version: 22.04\n"), "Ubuntu 22.04");
  EXPECT_EQ(system("**Distribution:** Fedora\n**Distribution version:** 39\n"), "Fedora 39");
  EXPECT_EQ(system("- OS: Ubuntu\n- OS version: 22.04.3 LTS (Jammy Jellyfish)\n"), "Ubuntu 22.04.3");
  EXPECT_EQ(system("OS: Windows\nOS version: 11\n"), "Windows 11");
  for (const char* text :
       {"Distribution: Ubuntu\nPython version: 22.04\n", "Distribution: Ubuntu\nOS version: 22.04\n",
        "Distribution: PyPI\nDistribution version: 22.04\n", "OS: Linux\nOS version: 22.04\n",
        "Distribution: Ubuntu\nDistribution version: 22.04+\n", "# Requirements\n- OS: Ubuntu\n- OS version: 22.04\n",
        "| OS | Ubuntu |\n| OS version | 22.04 |\n"}) {
    EXPECT_EQ(system(text), "") << text;
  }
}

TEST(SpokenGpus, ANumberThatIsOneThing) {
  EXPECT_EQ(gpus_described("My GPU is not seen, I run it with a 3060.\n"), "RTX 3060");
  EXPECT_EQ(gpus_described("# CUDA out of memory with a 3060\n"), "RTX 3060");
  for (const char* text : {"I run out of VRAM with a 3060 token prompt.\n", "My GPU plays a 1080 and it stops.\n",
                           "My GPU fails on a 2080 image set.\n", "You need a 3060 with CUDA on the GPU.\n",
                           "I have a book of 200 pages and a 3060.\n", "My friend has no GPU trouble with a 3060.\n"}) {
    EXPECT_EQ(gpus_described(text), "") << text;
  }
}

TEST(SpokenGpus, OnesOwnInChinese) {
  EXPECT_EQ(gpus_described("我的显卡是3070ti\n"), "RTX 3070 Ti");
  EXPECT_EQ(gpus_described("你好，我的显卡是 RTX 3090，运行报错\n"), "RTX 3090");
  EXPECT_EQ(gpus_described("我的显卡为NVIDIA GeForce RTX 2080 Ti。\n"), "NVIDIA GeForce RTX 2080 Ti");
  EXPECT_EQ(gpus_described("我的显卡是3070ti 8G显存\n"), "RTX 3070 Ti");
  for (const char* text :
       {"如果我的显卡是3070ti，可以吗\n", "我的显卡是3070ti吗？\n", "我的显卡是3070ti的话可以吗\n",
        "我的显卡是3070还是3080\n", "朋友的显卡是3070ti\n", "我的显卡是30系列\n", "> 我的显卡是3070ti\n",
        "推荐显卡是3070ti\n", "根据你显卡的计算力确定架构。例如我的显卡是3070ti，为8.6\n"}) {
    EXPECT_EQ(gpus_described(text), "") << text;
  }
}

}  // namespace varve
