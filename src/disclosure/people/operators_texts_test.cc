// Kinds of what operators and people outside of frameworks say of a machine, and what is like them and says nothing.
#include <gtest/gtest.h>

#include "disclosure/people/gpu_and_driver.h"
#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_of_operator(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}
std::string told_of(const std::string& text, const std::string& id) {
  const Stack stack = stack_of_operator(text);
  const auto fact = stack.facts.find(id);
  return fact != stack.facts.end() && fact->second.is_known() ? value_text(*fact->second.value) : "";
}
std::string gpus_told(const std::string& text) { return told_of(text, "gpu.models"); }
std::string driver_told(const std::string& text) { return told_of(text, "driver.kernel_mode.version"); }
std::string kernel_told(const std::string& text) { return told_of(text, "os.kernel.release"); }
std::string system_told(const std::string& text) { return told_of(text, "os.name"); }
}  // namespace

TEST(OperatorsTexts, WhoeverSaysMyOfAGpuHasIt) {
  EXPECT_EQ(gpus_told("After I installed the driver my PC does not see my RTX 3070 and renders on the CPU\n"),
            "RTX 3070");
  EXPECT_EQ(gpus_told("Why is my 3070 Ti not used?\n"), "RTX 3070 Ti");
  EXPECT_EQ(gpus_told("I have an Nvidia 5070 and it's not detecting the GPU. Any advice?\n"), "RTX 5070");
  EXPECT_EQ(gpus_told("I'm on a Xavier NX running Jetpack 4.6 but I can't get a plugin to compile\n"), "Xavier NX");
  EXPECT_EQ(gpus_told("For my video card (GTX 950), these drivers are offered\n"), "GTX 950");
  for (const char* other :
       {"I sold my RTX 3070 and it does not matter\n", "If my RTX 3070 does not work, what then\n",
        "My old card was not seen, and my RTX 3070 arrives next week\n", "I would not put it into my RTX 3070\n",
        "It never failed before on my friend's RTX 3070\n", "It works fine on my RTX 3070, why not on yours\n"}) {
    EXPECT_EQ(gpus_told(other), "") << other;
  }
}

TEST(OperatorsTexts, ProductsOfTheGtLineAndWhatOnlyLooksLikeOne) {
  EXPECT_EQ(gpus_told("My GPU is a GT 1030.\n"), "GT 1030");
  EXPECT_EQ(gpus_told("I run this code in my laptop with GeForce GT 720M:\n"), "GeForce GT 720M");
  EXPECT_EQ(gpus_told("Nvidia 2070 Super\n"), "RTX 2070 SUPER");
  EXPECT_EQ(gpus_told("It fails on a 5060 laptop (with an AMD cpu), despite the CUDA driver\n"), "RTX 5060");
  EXPECT_EQ(gpus_told("Inspiron 5060 laptop with no CUDA\n"), "");
  EXPECT_EQ(gpus_told("# Node not detecting GPUs in K8s\n"), "");
  EXPECT_EQ(gpus_told("I have a K8s node.\n"), "");
  EXPECT_EQ(gpus_told("I have a P4D node.\n"), "");
  EXPECT_EQ(gpus_told("My colleague Xavier uses an Orin board.\n"), "");
}

TEST(OperatorsTexts, TheKernelThatIsSaidToRun) {
  EXPECT_EQ(kernel_told("I'm using Ubuntu 24.04.3 LTS with kernel 6.8.0-90-generic, OFED version: 24.10\n"),
            "6.8.0-90-generic");
  EXPECT_EQ(kernel_told("I'm running Linux Mint 17.3 with the 4.3.0 kernel.\n"), "4.3.0");
  EXPECT_EQ(kernel_told("# Driver fails on RTX 3060, kernel 6.1.0-18-amd64\n"), "6.1.0-18-amd64");
  EXPECT_EQ(kernel_told("uname -r 5.15.0-157-generic\n"), "5.15.0-157-generic");
  EXPECT_EQ(kernel_told("    Linux h 3.10.0-862.el7.x86_64 #1 SMP x86_64 x86_64 x86_64 GNU/Linux\n"),
            "3.10.0-862.el7.x86_64");
  for (const char* other :
       {"I use the triton kernel 2.1.0 on CUDA\n", "I am using Python with the jupyter kernel 6.2.0\n",
        "I have a guest with kernel 6.8.0-90-generic\n", "I would use kernel 6.8.0-90-generic\n",
        "I use kernel 5.4.0-80-generic here. I have kernel 5.15.0-41-generic there.\n"}) {
    EXPECT_EQ(kernel_told(other), "") << other;
  }
}

TEST(OperatorsTexts, SystemsAsToolsAndPeopleNameThem) {
  EXPECT_EQ(system_told("CentOS Linux release 7.7.1908 (Core)\n"), "CentOS 7.7.1908");
  EXPECT_EQ(system_told("Red Hat Enterprise Linux release 8.6 (Ootpa)\n"), "Red Hat Enterprise Linux 8.6");
  EXPECT_EQ(system_told("Fedora release 36 (Thirty Six)\n"), "Fedora 36");
  EXPECT_EQ(system_told("I am running Amazon Linux2 on it.\n"), "Amazon Linux 2");
  EXPECT_EQ(system_told("I am using Debian bookworm with an RTX 3060.\n"), "Debian 12");
  EXPECT_EQ(system_told("DISTRIB_DESCRIPTION=\"Ubuntu 20.04.1 LTS\"\n"), "Ubuntu 20.04.1 LTS");
  EXPECT_EQ(system_told("Description:\tUbuntu 22.04.5 LTS\n"), "Ubuntu 22.04.5 LTS");
  EXPECT_EQ(system_told("Description: Ubuntu 22.04 fails to boot\n"), "");
  EXPECT_EQ(system_told("I have nvidia-container-toolkit installed on my system (Ubuntu 24.04) and it fails\n"),
            "Ubuntu 24.04");
  EXPECT_EQ(system_told("I have a container with Ubuntu 24.04 and it fails\n"), "");
  EXPECT_EQ(system_told("- Ubuntu 25.10 (host OS)\n"), "");
  EXPECT_EQ(system_told("- OS: Fedora 43\n- OS: Fedora Linux 43 (Workstation Edition)\n"), "Fedora 43");
  EXPECT_EQ(system_told("I am running Amazon ECS 2 tasks\n"), "");
  EXPECT_EQ(system_told("I have 2 red 8 pin plugs\n"), "");
}

TEST(OperatorsTexts, TheDriverAsSentencesNameIt) {
  EXPECT_EQ(driver_told("I'm on Mint with 352.63 Nvidia drivers running.\n"), "352.63");
  EXPECT_EQ(driver_told("I just upgraded to Ubuntu 14.04 and Nvidia driver 337.12. Any ideas?\n"), "337.12");
  EXPECT_EQ(driver_told("Updating Nvidia driver to latest version 528.02 did not help.\n"), "528.02");
  EXPECT_EQ(driver_told("I installed latest Nvidia Driver 555.85, and the container stopped to run\n"), "555.85");
  EXPECT_EQ(driver_told("You could try driver 555.85\n"), "");
  EXPECT_EQ(driver_told("Supports the RTX 2000 series. The first release was driver version 515.48.07.\n"), "");
  EXPECT_EQ(driver_told("The driver cannot be upgraded to 555.85\n"), "");
  EXPECT_EQ(driver_told("515.48.07    Driver Version: 515.48.07    CUDA Version: 11.7\n"), "515.48.07");
}

TEST(OperatorsTexts, AGpuAndItsDriverInOneValue) {
  EXPECT_EQ(gpu_and_driver("Tesla T4 / 495.29.05").gpu, "Tesla T4");
  EXPECT_EQ(gpu_and_driver("NVIDIA GTX 1080 Ti / nvidia-580xx-dkms 580.173.02").gpu, "NVIDIA GTX 1080 Ti");
  EXPECT_EQ(gpu_and_driver("RTX 3090 (driver 535.104.05)").driver, "535.104.05");
  EXPECT_EQ(gpu_and_driver("RTX 3090, driver 510 or later").driver, "");
  EXPECT_EQ(driver_told("- GPU Model/Driver: RTX 2080ti 440.64\n"), "440.64");
  EXPECT_EQ(gpus_told("- GPU Model/Driver: RTX 2080ti 440.64\n"), "RTX 2080ti");
  EXPECT_EQ(driver_told("### NVIDIA Open GPU Kernel Modules Version\n\n590.48.01-2\n"), "590.48.01");
}

TEST(OperatorsTexts, FilesOfTheDriverTellItsRelease) {
  const auto user = [](const std::string& text) { return told_of(text, "driver.user_mode.version"); };
  EXPECT_EQ(user("It runs with -B /usr/lib64/libcuda.so.1 -B /usr/lib64/libcuda.so.440.33.01\n"), "440.33.01");
  EXPECT_EQ(driver_told("INFO[0000] Using driver version 560.35.03\n"), "560.35.03");
  EXPECT_EQ(user("ls: /usr/lib64/libcuda.so.440.33.01: No such file or directory\n"), "");
  EXPECT_EQ(user("- /usr/local/cuda/compat/libcuda.so.550.54.15\n"), "");
  EXPECT_EQ(user("- /usr/lib64/libcuda.so.440.33.01\n- /usr/lib64/libnvidia-ml.so.450.80.02\n"), "");
  EXPECT_EQ(user("rm /usr/lib64/libcuda.so.440.33.01\n"), "");
}

TEST(OperatorsTexts, PackagesOfPacman) {
  EXPECT_EQ(told_of("nvidia-open-dkms 570.86.16-2\nlocal/nvidia-utils 570.86.16-2\n", "os.gpu_packages"),
            "pacman nvidia-open-dkms 570.86.16-2, pacman nvidia-utils 570.86.16-2");
  EXPECT_EQ(told_of("extra/nvidia-utils 550.54.14-1\n", "os.gpu_packages"), "");
  EXPECT_EQ(told_of("nvidia 5 times\n", "os.gpu_packages"), "");
}

TEST(OperatorsTexts, WhatFetchProgramsPrintBesideTheirLogo) {
  const std::string text =
      "           /:-------------:\\          user@fedora\n        :-------------------::        OS: Fedora \n"
      "      :-----------/shhOHbmp---:\\      Kernel: x86_64 Linux 5.14.16-301.fc35.x86_64\n"
      "     :---                             GPU: NVIDIA GeForce RTX 3060 Ti\n";
  EXPECT_EQ(kernel_told(text), "5.14.16-301.fc35.x86_64");
  EXPECT_EQ(gpus_told(text), "GeForce RTX 3060 Ti");
  EXPECT_EQ(system_told(text), "Fedora");
  const std::string plain =
      "OS: Arch Linux x86_64\nHost: B550\nKernel: 6.6.8-arch1-1\nGPU 1: NVIDIA GeForce RTX 4060 Max-Q / Mobile "
      "[Discrete]\n";
  EXPECT_EQ(gpus_told(plain), "GeForce RTX 4060 Max-Q");
  EXPECT_EQ(system_told(plain), "Arch Linux x86_64");
}

TEST(OperatorsTexts, NodesOfKubectlThatAreAlike) {
  const std::string head =
      "NAME   STATUS   ROLES    AGE   VERSION   OS-IMAGE             KERNEL-VERSION       CONTAINER-RUNTIME\n";
  const std::string one =
      "a      Ready    <none>   23m   v1.29.6   Ubuntu 22.04.2 LTS   5.15.0-113-generic   containerd://1.7\n";
  const std::string other =
      "b      Ready    <none>   23m   v1.29.6   Ubuntu 20.04.6 LTS   5.15.0-113-generic   containerd://1.7\n";
  EXPECT_EQ(system_told(head + one), "Ubuntu 22.04.2 LTS");
  EXPECT_EQ(kernel_told(head + one + other), "5.15.0-113-generic");
  EXPECT_EQ(system_told(head + one + other), "");
}

TEST(OperatorsTexts, CountsAndPairs) {
  EXPECT_EQ(told_of("GPU: NVIDIA A100-SXM4-40GB * 8\n", "gpu.count"), "8");
  EXPECT_EQ(
      told_of("# Operator crashes on A100 nodes\n\nIt fails to start on nodes (8 A100 gpus) again.\n", "gpu.count"),
      "8");
  EXPECT_EQ(
      told_of("### What jax/jaxlib version are you using?\n\njax 0.4.3/jaxlib 0.4.3\n", "environments.frameworks"),
      "jax 0.4.3 (text), jaxlib 0.4.3 (text)");
}

TEST(OperatorsTexts, WhatAProgramPrintedDoubtsNothing) {
  EXPECT_EQ(gpus_told("It fails with \"could not select device driver\" on a RTX 3060 here\n"), "RTX 3060");
  EXPECT_EQ(gpus_told("It could not run on a RTX 3060 here\n"), "");
}

TEST(OperatorsTexts, AReleaseWithoutTheFaultIsNotTheirs) {
  EXPECT_EQ(stack_of_operator("# XLA error\n\n**The problem goes away with jaxlib 0.4.2.**\n").environments.size(), 0U);
}

}  // namespace varve
