// nvidia-smi in all its forms, as short quotations of public reports.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_of_smi(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

std::string smi_fact(const Stack& stack, const std::string& id) {
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}
}  // namespace

TEST(SmiReaders, TheTableOfR610) {
  const Stack stack = stack_of_smi(
      "| NVIDIA-SMI 610.43.02              KMD Version: 610.43.02     CUDA UMD Version: 13.3     |\n"
      "+-----------------------------------------+------------------------+----------------------+\n"
      "| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n"
      "|=========================================+========================+======================|\n"
      "|   0  NVIDIA B200                    On  |   00000000:63:00.0 Off |                    0 |\n"
      "| N/A   26C    P0            139W / 1000W |       0MiB / 183359MiB |      0%      Default |\n"
      "|                                         |                        |             Disabled |\n"
      "+-----------------------------------------+------------------------+----------------------+\n"
      "|   1  NVIDIA B200                    On  |   00000000:68:00.0 Off |                    0 |\n"
      "| N/A   30C    P0            142W / 1000W |       0MiB / 183359MiB |      0%   E. Process |\n"
      "|                                         |                        |             Disabled |\n");
  EXPECT_EQ(smi_fact(stack, "driver.kernel_mode.version"), "610.43.02");
  EXPECT_EQ(smi_fact(stack, "driver.api_level"), "13.3");
  EXPECT_EQ(smi_fact(stack, "gpu.models"), "NVIDIA B200, NVIDIA B200");
  EXPECT_EQ(smi_fact(stack, "gpu.memory"), "183359 MiB, 183359 MiB");
  EXPECT_EQ(smi_fact(stack, "gpu.power_limit"), "1000 W, 1000 W");
  EXPECT_EQ(smi_fact(stack, "gpu.mig"), "disabled, disabled");
  EXPECT_EQ(smi_fact(stack, "gpu.compute_mode"), "default, exclusive process");
  EXPECT_EQ(stack.gpus[1].address, "0000:68:00.0");
}

TEST(SmiReaders, ATableWithoutItsEndsOfLines) {
  const Stack stack = stack_of_smi(
      "+---------------------------------------------------------------------------------------+ | NVIDIA-SMI "
      "535.183.01 Driver Version: 535.183.01 CUDA Version: 12.2 | |-----------------------------------------+------+ "
      "| GPU Name Persistence-M | Bus-Id Disp.A | Volatile Uncorr. ECC | |=====+=====+=====| | 0 Tesla T4 Off | "
      "00000000:00:04.0 Off | 0 | | N/A 40C P8 9W / 70W | 0MiB / 15360MiB | 0% Default | | | | N/A | +-----+-----+ "
      "| 1 Tesla T4 Off | 00000000:00:05.0 Off | 0 | | N/A 41C P8 9W / 70W | 0MiB / 15360MiB | 0% Default |\n");
  EXPECT_EQ(smi_fact(stack, "driver.kernel_mode.version"), "535.183.01");
  EXPECT_EQ(smi_fact(stack, "gpu.models"), "Tesla T4, Tesla T4");
  EXPECT_EQ(smi_fact(stack, "gpu.memory"), "15360 MiB, 15360 MiB");
}

TEST(SmiReaders, AnOldTableWithoutACudaVersionAndWithACutName) {
  const Stack stack = stack_of_smi(
      "| NVIDIA-SMI 384.111                Driver Version: 384.111                   |\n"
      "|   0  GeForce GTX 105...  Off  | 00000000:01:00.0 Off |                  N/A |\n"
      "| N/A   33C    P0    N/A /  N/A |    430MiB /  4041MiB |      0%      Default |\n"
      "+-------------------------------+----------------------+----------------------+\n"
      "| Processes:                                                       GPU Memory |\n"
      "|    0       994      G   /usr/lib/xorg/Xorg                           271MiB |\n");
  EXPECT_EQ(smi_fact(stack, "driver.kernel_mode.version"), "384.111");
  EXPECT_EQ(smi_fact(stack, "driver.api_level"), "9.0");  // as its branch has it
  EXPECT_EQ(stack.facts.at("driver.api_level").standing, Standing::inferred);
  EXPECT_EQ(smi_fact(stack, "gpu.models"), "GeForce GTX 105...");
  EXPECT_EQ(smi_fact(stack, "gpu.count"), "1");
}

// The program is of Linux and the driver of Windows: the two numbers differ only there.
TEST(SmiReaders, ATableOfWsl) {
  const Stack stack = stack_of_smi("NVIDIA-SMI 555.52.01 Driver Version: 555.99 CUDA Version: 12.5\n");
  EXPECT_EQ(smi_fact(stack, "driver.kernel_mode.version"), "555.99");
  EXPECT_EQ(smi_fact(stack, "driver.user_mode.role"), "wsl");
  EXPECT_EQ(smi_fact(stack, "machine.hypervisor"), "Hyper-V (WSL)");
  const Stack linux =
      stack_of_smi("| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15      CUDA Version: 12.4     |\n");
  EXPECT_EQ(smi_fact(linux, "machine.hypervisor"), "");
}

TEST(SmiReaders, ATableOfWindows) {
  const Stack stack = stack_of_smi(
      "| NVIDIA-SMI 566.36                 Driver Version: 566.36         CUDA Version: 12.7     |\n"
      "| GPU  Name                  Driver-Model | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n"
      "|   0  NVIDIA GeForce RTX 3050 ...  WDDM  |   00000000:01:00.0  On |                  N/A |\n"
      "| N/A   53C    P8              5W /   60W |     563MiB /   6144MiB |      0%      Default |\n");
  EXPECT_EQ(smi_fact(stack, "os.name"), "Windows");
  EXPECT_EQ(smi_fact(stack, "gpu.models"), "NVIDIA GeForce RTX 3050 ...");
  EXPECT_EQ(smi_fact(stack, "gpu.memory"), "6144 MiB");
  EXPECT_EQ(smi_fact(stack, "gpu.power_limit"), "60 W");
}

TEST(SmiReaders, ACutNameIsCompletedByAnotherPart) {
  const Stack stack = stack_of_smi(
      "| NVIDIA-SMI 461.72       Driver Version: 461.72       CUDA Version: 11.2     |\n"
      "|   0  GeForce GTX 105... WDDM  | 00000000:01:00.0 Off |                  N/A |\n"
      "| N/A   61C    P8    N/A /  N/A |     78MiB /  4096MiB |      0%      Default |\n"
      "\n  Device 0: NVIDIA GeForce GTX 1050 Ti, compute capability 6.1, VMM: yes\n");
  EXPECT_EQ(smi_fact(stack, "gpu.models"), "NVIDIA GeForce GTX 1050 Ti");
  EXPECT_EQ(smi_fact(stack, "gpu.compute_capabilities"), "6.1");
  EXPECT_EQ(smi_fact(stack, "os.name"), "Windows");
}

TEST(SmiReaders, AnApiLevelAboveTheBranchIsOfACompatLibcuda) {
  const Stack stack = stack_of_smi("| NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.4     |\n");
  EXPECT_EQ(smi_fact(stack, "driver.user_mode.version"), "");
  EXPECT_EQ(smi_fact(stack, "driver.user_mode.role"), "compat");
  const Stack own = stack_of_smi("| NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2     |\n");
  EXPECT_EQ(smi_fact(own, "driver.user_mode.version"), "535.104.05");
  EXPECT_EQ(own.facts.at("driver.user_mode.version").standing, Standing::inferred);
}

TEST(SmiReaders, TheQueryOfAllAndThatOfSome) {
  const Stack all = stack_of_smi(
      "==============NVSMI LOG==============\n\nDriver Version                            : 550.54.15\n"
      "CUDA Version                              : 12.4\n\nAttached GPUs                             : 4\n"
      "GPU 00000000:18:00.0\n    Product Name                          : NVIDIA A100\n"
      "    MIG Mode\n        Current                           : Enabled\n        Pending                           : "
      "Disabled\n"
      "    Serial Number                         : 1234567890\n"
      "    ECC Mode\n        Current                           : Enabled\n");
  EXPECT_EQ(smi_fact(all, "gpu.count"), "4");
  EXPECT_EQ(smi_fact(all, "gpu.models"), "NVIDIA A100");
  EXPECT_EQ(smi_fact(all, "gpu.mig"), "enabled (disabled after a reset)");
  EXPECT_EQ(smi_fact(all, "gpu.ecc"), "enabled");
  const Stack some = stack_of_smi(
      "compute_cap, compute_mode, driver_version, name, index\n7.0, Default, 570.86.15, NVIDIA TITAN V, 0\n"
      "8.9, Default, 570.86.15, NVIDIA RTX 5880 Ada Generation, 1\n");
  EXPECT_EQ(smi_fact(some, "gpu.compute_capabilities"), "7.0, 8.9");
  EXPECT_EQ(smi_fact(some, "driver.kernel_mode.version"), "570.86.15");
  const Stack headless = stack_of_smi(
      "$ nvidia-smi --query-gpu=name,memory.total --format=csv,noheader\nNVIDIA H100 80GB HBM3, 81559 MiB\n");
  EXPECT_EQ(smi_fact(headless, "gpu.memory"), "81559 MiB");
}

TEST(SmiReaders, TheListHashesItsIdsAndTheTopologyCounts) {
  const Stack list = stack_of_smi(
      "GPU 0: NVIDIA A100 80GB PCIe (UUID: GPU-932bfb2c-849a-2a22-1e84-9eff6bc02b39)\n"
      "  MIG 3g.40gb     Device  0: (UUID: MIG-0929581a-2be6-5dec-bf34-0954c6c529a6)\n");
  EXPECT_EQ(smi_fact(list, "gpu.models"), "NVIDIA A100 80GB PCIe");
  EXPECT_EQ(smi_fact(list, "gpu.mig"), "enabled");
  EXPECT_EQ(smi_fact(list, "gpu.uuid").find("932bfb2c"), std::string::npos);
  const Stack topology = stack_of_smi(
      "\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\nGPU0\t X \tPIX\t0-7,16-23\t0\nGPU1\tPIX\t X \t0-7,16-23\t0\n");
  EXPECT_EQ(smi_fact(topology, "gpu.count"), "2");
}

TEST(SmiTable, NoLibcudaToAsk) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(
      "| NVIDIA-SMI 535.216.01             Driver Version: 535.216.01   CUDA Version: N/A      |\n");
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  EXPECT_EQ(stack.facts.at("driver.user_mode.version").missing, Missing::absent);
  EXPECT_EQ(value_text(*stack.facts.at("driver.kernel_mode.version").value), "535.216.01");
}

TEST(SmiReaders, ADriverModelOfWindowsUnderWsl) {
  const std::string table =
      "| NVIDIA-SMI 528.24       Driver Version: 528.24       CUDA Version: 12.0     |\n"
      "|   0  Tesla P4            TCC  | 00000000:01:00.0 Off |                    0 |\n"
      "| N/A   38C    P8     7W /  75W |      9MiB /  7680MiB |      0%      Default |\n";
  const Stack alone = stack_of_smi(table);
  ASSERT_EQ(alone.gpus.size(), 1u);
  EXPECT_EQ(alone.gpus[0].driver_model, "TCC");
  EXPECT_EQ(smi_fact(alone, "machine.hypervisor"), "");
  EXPECT_EQ(smi_fact(stack_of_smi(table + "I can not use nvidia-smi in WSL2.\n"), "machine.hypervisor"),
            "Hyper-V (WSL)");
}

}  // namespace varve
