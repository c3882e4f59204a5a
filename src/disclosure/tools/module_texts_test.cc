// The bus, the kernel's modules and its log as people paste them.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_of_tools(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}
std::string shown(const Stack& stack, const std::string& id) {
  const Fact& fact = stack.facts.at(id);
  return fact.is_known() ? value_text(*fact.value) : "";
}
constexpr const char* kTwoCards =
    "41:00.0 VGA compatible controller: NVIDIA Corporation AD102GL [RTX 5880 Ada Generation] (rev a1)\n"
    "\tKernel driver in use: nvidia\n"
    "61:00.0 VGA compatible controller: NVIDIA Corporation AD102GL [RTX 5880 Ada Generation] (rev a1)\n";
}  // namespace

TEST(ModuleTexts, BridgesThatRedirectAreThoseAboveGpus) {
  const std::string text =
      "00:03.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge (prog-if 00)\n"
      "\tBus: primary=00, secondary=41, subordinate=41, sec-latency=0\n"
      "\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+\n"
      "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n"
      "00:07.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse Internal PCIe GPP Bridge\n"
      "\tBus: primary=00, secondary=09, subordinate=09, sec-latency=0\n"
      "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n"
      "20:01.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge (prog-if 00)\n"
      "\tBus: primary=20, secondary=60, subordinate=62, sec-latency=0\n"
      "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-\n";
  EXPECT_EQ(shown(stack_of_tools(text + kTwoCards), "pci.acs"), "0000:00:03.1");
}

TEST(ModuleTexts, RedirectingBridgesWithoutTheirAddresses) {
  const Stack stack = stack_of_tools(
      "$ sudo lspci -vvv | grep ACSCtl\n"
      "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n"
      "\t\tACSCtl:\tSrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-\n");
  EXPECT_EQ(shown(stack, "pci.acs"), "1 whose place the text does not show");
  // What checks the source alone redirects nothing.
  const Stack other = stack_of_tools("\tACSCtl: SrcValid+ TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl-\n");
  EXPECT_EQ(other.facts.at("pci.acs").missing, Missing::not_asked);
}

TEST(ModuleTexts, APackageOfTheOpenModuleThatIsInstalled) {
  const Stack stack = stack_of_tools("- **Installed Driver**: nvidia-driver-580-open (version 580.82.09).\n");
  EXPECT_EQ(shown(stack, "driver.kernel_mode.installed"), "580.82.09");
  EXPECT_EQ(stack.facts.at("driver.kernel_mode.installed").detail, "open module");
  for (const char* text : {"You should have installed nvidia-driver-580-open\n",
                           "sudo apt install nvidia-driver-580-open\n", "Is nvidia-driver-580-open installed?\n"}) {
    EXPECT_EQ(shown(stack_of_tools(text), "driver.kernel_mode.installed"), "") << text;
  }
}

TEST(ModuleTexts, FilesOfModulesTellTheirKernels) {
  const Stack stack = stack_of_tools(
      "$ uname -r\n3.13.0-116-generic\n"
      "$ find /lib/modules/ -name \"*nvidia*\"\n"
      "/lib/modules/3.13.0-88-generic/kernel/drivers/video/nvidia.ko\n"
      "/lib/modules/3.13.0-88-generic/kernel/drivers/video/nvidia/nvidiafb.ko\n");
  EXPECT_EQ(shown(stack, "driver.kernel_mode.kernels"), "3.13.0-88-generic");
  EXPECT_EQ(stack.facts.at("driver.kernel_mode.version").missing, Missing::absent);
}

TEST(ModuleTexts, NouveauHoldsACardThatNamesNoDriver) {
  const std::string card = "01:00.0 VGA compatible controller: NVIDIA Corporation GA106 [GeForce RTX 3060] (rev a1)\n";
  const Stack stack = stack_of_tools(card + "nouveau              2494464  0\nmxm_wmi   16384  1 nouveau\n");
  ASSERT_EQ(stack.gpus.size(), 1u);
  EXPECT_EQ(stack.gpus[0].bound_driver, "nouveau");
  const Stack both = stack_of_tools(card + "nouveau   2494464  0\nnvidia              56717312  0 nvidia_uvm\n");
  EXPECT_EQ(both.gpus.at(0).bound_driver, "");
}

TEST(ModuleTexts, DkmsThatListsNoModuleForTheKernelThatRuns) {
  const std::string dkms = "$ dkms status\nnvidia/550.90.07, 6.8.0-45-generic, x86_64: installed\n";
  const Stack stack = stack_of_tools("$ uname -r\n6.8.0-48-generic\n" + dkms);
  EXPECT_EQ(shown(stack, "os.kernel.release"), "6.8.0-48-generic");
  EXPECT_EQ(stack.facts.at("driver.kernel_mode.version").missing, Missing::absent);
  const Stack built = stack_of_tools("$ uname -r\n6.8.0-45-generic\n" + dkms);
  EXPECT_EQ(built.facts.at("driver.kernel_mode.version").missing, Missing::not_asked);
  // A driver that runs was not built by dkms.
  const Stack runs = stack_of_tools("$ uname -r\n6.8.0-48-generic\nNvidia driver version: 550.90.07\n" + dkms);
  EXPECT_EQ(shown(runs, "driver.kernel_mode.version"), "550.90.07");
}

TEST(ModuleTexts, TheKernelLogSaysThatSecureBootRefusesAModule) {
  const Stack stack = stack_of_tools(
      "[    0.000000] secureboot: Secure boot enabled\n[    5.123456] Loading of unsigned module is rejected\n");
  EXPECT_EQ(shown(stack, "os.secure_boot"), "on");
  EXPECT_EQ(shown(stack, "kernel.log.nvidia"), "module loader: an unsigned module was rejected");
}

TEST(ModuleTexts, AGpuInMigModeWithoutAPart) {
  const std::string head =
      "==============NVSMI LOG==============\nDriver Version                            : 535.129.03\n"
      "GPU 00000000:01:00.0\n    Product Name                          : NVIDIA A100-SXM4-80GB\n    MIG Mode\n"
      "        Current                           : Enabled\n        Pending                           : Enabled\n";
  EXPECT_EQ(
      stack_of_tools(head + "    MIG Device                            : None\n").facts.at("gpu.mig.instances").missing,
      Missing::absent);
  EXPECT_EQ(stack_of_tools(head + "    MIG Devices\n").facts.at("gpu.mig.instances").missing, Missing::not_asked);
}

TEST(ModuleTexts, WidthsOfLinks) {
  const Stack bus = stack_of_tools(std::string(kTwoCards) +
                                   "\t\tLnkCap:\tPort #0, Speed 16GT/s, Width x16, ASPM L1\n"
                                   "\t\tLnkSta:\tSpeed 2.5GT/s (downgraded), Width x4 (downgraded)\n");
  ASSERT_EQ(bus.gpus.size(), 2u);
  EXPECT_EQ(bus.gpus[1].pcie_max, (PcieLink{.generation = 4, .lanes = 16}));
  EXPECT_EQ(bus.gpus[1].pcie, (PcieLink{.generation = 1, .lanes = 4}));
  EXPECT_FALSE(bus.gpus[0].pcie);
  const Stack query = stack_of_tools(
      "==============NVSMI LOG==============\nDriver Version                            : 535.129.03\n"
      "GPU 00000000:01:00.0\n    Product Name                          : NVIDIA A10\n    PCI\n"
      "        Bus                               : 0x01\n        GPU Link Info\n            PCIe Generation\n"
      "                Max                       : 4\n                Current                   : 1\n"
      "            Link Width\n                Max                       : 16x\n"
      "                Current                   : 8x\n");
  ASSERT_EQ(query.gpus.size(), 1u);
  EXPECT_EQ(query.gpus[0].pcie, (PcieLink{.generation = 1, .lanes = 8}));
  EXPECT_EQ(query.gpus[0].pcie_max, (PcieLink{.generation = 4, .lanes = 16}));
}

TEST(ModuleTexts, OfTheKernelsCommandLineNothingButTheIommu) {
  const Stack stack = stack_of_tools(
      "[    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-6.8.0 root=UUID=0f ro quiet intel_iommu=on user=me\n");
  EXPECT_EQ(shown(stack, "os.kernel.parameters"), "intel_iommu=on");
}

TEST(ModuleTexts, LshwTellsTheModuleOfACard) {
  const Stack stack = stack_of_tools(
      "  *-display\n       description: 3D controller\n       product: GA107M [GeForce RTX 3050 Mobile]\n"
      "       vendor: NVIDIA Corporation\n       bus info: pci@0000:01:00.0\n"
      "       configuration: depth=32 driver=nouveau latency=0\n");
  ASSERT_EQ(stack.gpus.size(), 1u);
  EXPECT_EQ(stack.gpus[0].bound_driver, "nouveau");
  EXPECT_EQ(stack.gpus[0].address, "0000:01:00.0");
  EXPECT_EQ(stack.gpus[0].model, "GeForce RTX 3050 Mobile");
  const Stack other = stack_of_tools(
      "       description: VGA compatible controller\n       product: Alder Lake-P\n       vendor: Intel Corporation\n"
      "       bus info: pci@0000:00:02.0\n       configuration: driver=i915 latency=0\n");
  EXPECT_TRUE(other.gpus.empty());
}

}  // namespace varve
