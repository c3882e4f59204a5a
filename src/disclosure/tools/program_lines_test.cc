// What programs print of the driver and their devices, as short quotations of public reports.
#include <gtest/gtest.h>

#include <algorithm>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_of_program(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

std::string program_fact(const Stack& stack, const std::string& id) {
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}
}  // namespace

TEST(ProgramLines, DevicesOfHashcat) {
  const Stack stack = stack_of_program(
      "* Device #1: NVIDIA GeForce RTX 2070 SUPER, 7360/8192 MB (2048 MB allocatable), 40MCU\n"
      "* Device #2: pthread-Intel(R) Core(TM) i7-1165G7 @ 2.80GHz, 2936/5936 MB (1024 MB allocatable), 8MCU\n");
  EXPECT_EQ(program_fact(stack, "gpu.models"), "NVIDIA GeForce RTX 2070 SUPER");
  const Stack listed = stack_of_program(
      "    Name...........: NVIDIA GeForce GTX 1060 6GB\n    Version........: OpenCL 3.0 CUDA\n"
      "    Driver.Version.: 516.94\n");
  EXPECT_EQ(program_fact(listed, "gpu.models"), "NVIDIA GeForce GTX 1060 6GB");
  EXPECT_EQ(program_fact(listed, "driver.kernel_mode.version"), "516.94");
  EXPECT_EQ(program_fact(stack_of_program("    Driver.Version.: 31.0.101.5186\n"), "driver.kernel_mode.version"), "");
  EXPECT_TRUE(stack_of_program("* Device #1: Kernel /usr/share/hashcat/OpenCL/shared.cl link failed.\n").gpus.empty());
}

TEST(ProgramLines, AnOpenClList) {
  const Stack stack =
      stack_of_program("  - CL_DEVICE_NAME: NVIDIA GeForce RTX 2070 SUPER\n  - CL_DRIVER_VERSION: 465.89\n");
  EXPECT_EQ(program_fact(stack, "gpu.models"), "NVIDIA GeForce RTX 2070 SUPER");
  EXPECT_EQ(program_fact(stack, "driver.kernel_mode.version"), "465.89");
}

TEST(ProgramLines, RanksOfNcclTests) {
  const Stack stack = stack_of_program(
      "#   Rank  0 Pid  26327 on node1 device  0 [0xc1] NVIDIA RTX A6000\n"
      "#   Rank  1 Pid  26327 on node1 device  1 [0xc2] NVIDIA RTX A6000\n"
      "#   Rank  2 Pid  26328 on node2 device  0 [0xc1] NVIDIA RTX A6000\n");
  EXPECT_EQ(stack.gpus.size(), 2u) << "of the first host alone";
}

TEST(ProgramLines, VersionsOfCudaJl) {
  const Stack stack = stack_of_program(
      "CUDA toolkit 11.7, artifact installation\nNVIDIA driver 515.86.1, for CUDA 11.7\nCUDA driver 11.7\n\n"
      "1 device(s):\n- Quadro RTX 5000 (14.251 GiB, sm_75)\n");
  EXPECT_EQ(program_fact(stack, "driver.kernel_mode.version"), "515.86.01");
  EXPECT_EQ(program_fact(stack, "driver.api_level"), "11.7");
  EXPECT_EQ(program_fact(stack, "gpu.models"), "Quadro RTX 5000");
}

TEST(ProgramLines, StartOfAnImageOfNgc) {
  const Stack refused = stack_of_program(
      "ERROR: This container was built for NVIDIA Driver Release 450.36 or later, but\n"
      "       version 440.100 was detected and compatibility mode is UNAVAILABLE.\n");
  EXPECT_EQ(program_fact(refused, "driver.kernel_mode.version"), "440.100");
  const Stack compat = stack_of_program(
      "NOTE: CUDA Forward Compatibility mode ENABLED.\n"
      "  Using CUDA 12.6 driver version 560.35.03 with kernel driver version 550.120.\n");
  EXPECT_EQ(program_fact(compat, "driver.kernel_mode.version"), "550.120");
  EXPECT_EQ(program_fact(compat, "driver.user_mode.version"), "560.35.03");
  EXPECT_EQ(program_fact(compat, "driver.user_mode.role"), "compat");
}

TEST(ProgramLines, ReleaseThatVllmPrints) {
  for (const char* text : {"INFO 06-03 19:07:24 api_server.py:835] vLLM API server version 0.7.0\n",
                           "INFO llm_engine.py:234] Initializing a V0 LLM engine (v0.7.0) with config: model='m'\n"}) {
    const Stack stack = stack_of_program(text);
    ASSERT_EQ(stack.environments.size(), 1u) << text;
    EXPECT_EQ(stack.environments[0].packages[0].version, "0.7.0");
  }
  EXPECT_TRUE(stack_of_program("vLLM API server version 0.7.1.dev12+gabcdef\n").environments.empty());
}

TEST(ProgramLines, WhatOtherProgramsSayOfTheSystem) {
  const Stack stack = stack_of_program(
      "pve-manager/8.0.4/d258a813cfa6b390 (running kernel: 6.2.16-19-pve)\n"
      "Distributor ID:\tDebian\nDescription:\tDebian GNU/Linux 11 (bullseye)\n");
  EXPECT_EQ(program_fact(stack, "os.kernel.release"), "6.2.16-19-pve");
  EXPECT_EQ(program_fact(stack, "os.name"), "Debian GNU/Linux 11 (bullseye)");
  EXPECT_EQ(program_fact(stack_of_program("Description:\tsomething else\n"), "os.name"), "");
  EXPECT_EQ(program_fact(stack_of_program("nvidia-l4t-core 32.7.5-20240611161210\n"), "os.jetson_linux"), "32.7.5");
  EXPECT_EQ(
      program_fact(stack_of_program("level=INFO source=routes.go:1054 msg=\"Listening on 127.0.0.1:11434 (version "
                                    "0.1.38)\"\n"),
                   "os.gpu_packages"),
      "program ollama 0.1.38");
}

TEST(ProgramLines, AnEnvironmentWrittenWithItsBuilds) {
  const Stack stack = stack_of_program(
      "dependencies:\n  - cudatoolkit=10.0.130=h8c5a6a4_0\n  - cupy=5.1.0=py37hc0ce245_0\n  - python=3.7\n");
  ASSERT_EQ(stack.environments.size(), 1u);
  const auto& packages = stack.environments[0].packages;
  const bool any = std::any_of(packages.begin(), packages.end(),
                               [](const Package& p) { return p.name.starts_with("cupy") && p.version == "5.1.0"; });
  EXPECT_TRUE(any);
}

TEST(ProgramLines, AReportOfOpenMmlabOnOneLine) {
  const Stack stack = stack_of_program(
      "OrderedDict([('sys.platform', 'linux'), ('Python', '3.10.12 (main, Jul 5 2023) [GCC 11.2.0]'), ('GPU 0,1', "
      "'NVIDIA GeForce RTX 4060 Ti'), ('NVCC', 'Cuda compilation tools, release 12.1, V12.1.66'), ('PyTorch', "
      "'2.3.0+cu121')])\n");
  EXPECT_EQ(stack.gpus.size(), 2u);
  EXPECT_EQ(program_fact(stack, "toolkit.nvcc.version"), "12.1");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(value_text(*stack.environments[0].python.value), "3.10.12");
}

}  // namespace varve
