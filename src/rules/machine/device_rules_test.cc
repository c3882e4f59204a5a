#include <gtest/gtest.h>

#include "rules/machine/machine_testing.h"

namespace varve {
namespace {

using test::healthy_machine;
using test::List;
using test::machine_without_module;
using test::MachineOfFacts;

MachineOfFacts two_gpus() {
  MachineOfFacts machine = healthy_machine();
  machine.with("gpu.models", List{"NVIDIA RTX A6000", "NVIDIA RTX A6000"})
      .with("gpu.compute_capabilities", List{"8.6", "8.6"})
      .with("gpu.bus", List{"0000:01:00.0 10de:2230 (nvidia)", "0000:21:00.0 10de:2230 (nvidia)"})
      .with("gpu.iommu", List{"identity", "identity"})
      .with("driver.device_nodes", List{"nvidia-uvm", "nvidia0", "nvidia1", "nvidiactl"});
  return machine;
}

MachineOfFacts switched() {
  MachineOfFacts machine = two_gpus();
  machine.with("gpu.nvswitches", std::int64_t{4})
      .with("driver.fabric_manager", "installed")
      .with("driver.fabric_manager.state", "running")
      .with("os.gpu_packages", List{"dpkg nvidia-fabricmanager-550 550.54.15-1"});
  return machine;
}

TEST(DeviceRules, NothingAboveNoteOfHealthyMachines) {
  EXPECT_TRUE(two_gpus().judge().empty());
  EXPECT_TRUE(switched().judge().empty());
}

TEST(DeviceRules, UvmMissing) {
  MachineOfFacts machine = healthy_machine();
  machine.with("driver.kernel_mode.modules", List{"nvidia", "nvidia_modeset"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-UVM-MISSING"), "error");
  machine.with("driver.module_loader", "/usr/bin/nvidia-modprobe");  // it is loaded when the first program asks
  EXPECT_EQ(machine.severity("VRV-DEVICE-UVM-MISSING"), "note");
  machine.with("container.kind", "docker");  // from within nobody can
  EXPECT_EQ(machine.severity("VRV-DEVICE-UVM-MISSING"), "error");
  machine.without("driver.kernel_mode.modules", Missing::unsupported);
  EXPECT_FALSE(machine.fires("VRV-DEVICE-UVM-MISSING"));
}

TEST(DeviceRules, NodesMissing) {
  MachineOfFacts machine = healthy_machine();
  machine.with("driver.device_nodes", List{"nvidia0", "nvidiactl"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-NODES"), "error");
  EXPECT_NE(machine.judge("VRV-DEVICE-NODES")[0].evidence.find("/dev/nvidia-uvm is not there"), std::string::npos);
  machine.without("driver.device_nodes");
  EXPECT_EQ(machine.severity("VRV-DEVICE-NODES"), "error");
  machine.without("driver.device_nodes", Missing::not_asked);  // a bundle without /dev
  EXPECT_FALSE(machine.fires("VRV-DEVICE-NODES"));
}

TEST(DeviceRules, NodesOfAnotherGroup) {
  MachineOfFacts machine = healthy_machine();
  machine.with("driver.device_nodes.refused", List{"nvidia0", "nvidiactl"})
      .with("driver.device_nodes.modes", List{"nvidia0 0660 root:video", "nvidiactl 0660 root:video"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-PERMISSIONS"), "error");
  EXPECT_NE(machine.judge("VRV-DEVICE-PERMISSIONS")[0].evidence.find("root:video"), std::string::npos);
  machine.with("driver.device_nodes.refused", List{"nvidia-modeset"});  // computing does not need it
  EXPECT_FALSE(machine.fires("VRV-DEVICE-PERMISSIONS"));
}

TEST(DeviceRules, OneOfTwoGpusRefused) {
  MachineOfFacts machine = two_gpus();
  machine.with("driver.device_nodes.refused", List{"nvidia1"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-PERMISSIONS"), "warning");
}

TEST(DeviceRules, FabricManager) {
  MachineOfFacts machine = switched();
  machine.without("driver.fabric_manager.state");
  EXPECT_EQ(machine.severity("VRV-DEVICE-FABRIC-MANAGER"), "error");
  machine = switched();
  machine.with("os.gpu_packages",
               List{"dpkg nvidia-fabricmanager-550 550.90.07-1", "dpkg nvidia-fabricmanager-dev-550 550.54.15-1"});
  EXPECT_NE(machine.judge("VRV-DEVICE-FABRIC-MANAGER").at(0).evidence.find("550.90.07"), std::string::npos);
  machine = switched();
  machine.without("driver.fabric_manager");
  EXPECT_EQ(machine.severity("VRV-DEVICE-FABRIC-MANAGER"), "error");
  machine.with("container.kind", "docker");  // it runs on the host
  EXPECT_FALSE(machine.fires("VRV-DEVICE-FABRIC-MANAGER"));
  machine = switched();
  machine.without("driver.fabric_manager.state", Missing::unsupported);
  EXPECT_FALSE(machine.fires("VRV-DEVICE-FABRIC-MANAGER"));
}

TEST(DeviceRules, GpusThatTheDriverDidNotTake) {
  MachineOfFacts machine = two_gpus();
  machine.with("gpu.models", List{"NVIDIA RTX A6000"}).with("gpu.compute_capabilities", List{"8.6"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-NOT-TAKEN"), "error");
  machine.with("container.kind", "docker");  // the bus of the host, the GPU of the container
  EXPECT_FALSE(machine.fires("VRV-DEVICE-NOT-TAKEN"));
  machine.with("container.kind", "none")
      .with("gpu.bus", List{"0000:01:00.0 10de:2230 (nvidia)", "0000:21:00.0 10de:2230 (vfio-pci)"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-NOT-TAKEN"));
}

TEST(DeviceRules, BarsWithoutAnAddress) {
  MachineOfFacts machine = healthy_machine();
  machine.with("gpu.bars", List{"0000:01:00.0: BAR0 16 MiB, BAR1 not assigned"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-BAR-UNASSIGNED"), "error");
  machine.with("gpu.bus", List{"0000:01:00.0 10de:2684 (vfio-pci)"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-BAR-UNASSIGNED"));
}

TEST(DeviceRules, NouveauHoldsTheGpu) {
  MachineOfFacts machine = machine_without_module();
  machine.with("gpu.bus", List{"0000:01:00.0 10de:2684 (nouveau)"}).with("driver.kernel_mode.modules", List{"nouveau"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-NOUVEAU"), "error");
  machine.without("driver.kernel_mode.installed").without("driver.user_mode.version");
  EXPECT_EQ(machine.severity("VRV-DEVICE-NOUVEAU"), "warning");  // nothing there would compute
}

TEST(DeviceRules, TccUnderWsl) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.gpus = {{.listed = true, .model = "Tesla P4", .driver_model = "TCC"}};
  EXPECT_FALSE(machine.fires("VRV-DEVICE-TCC"));
  machine.with("machine.hypervisor", "Hyper-V (WSL)");
  EXPECT_EQ(machine.severity("VRV-DEVICE-TCC"), "error");
  machine.stack.gpus[0].driver_model = "WDDM";
  EXPECT_FALSE(machine.fires("VRV-DEVICE-TCC"));
}

TEST(DeviceRules, IommuBetweenGpus) {
  MachineOfFacts machine = two_gpus();
  machine.with("gpu.iommu", List{"DMA-FQ", "DMA-FQ"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-IOMMU"), "warning");
  machine.with("machine.hypervisor", "KVM");
  EXPECT_FALSE(machine.fires("VRV-DEVICE-IOMMU"));
  machine.with("machine.hypervisor", "none").with("gpu.iommu", List{"kind not stated", "kind not stated"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-IOMMU"));
  machine.with("os.kernel.parameters", List{"intel_iommu=on"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-IOMMU"), "warning");
  machine.with("os.kernel.parameters", List{"intel_iommu=on", "iommu=pt"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-IOMMU"));
  EXPECT_FALSE(healthy_machine().fires("VRV-DEVICE-IOMMU"));  // one GPU has no peer
}

TEST(DeviceRules, RedirectingBridges) {
  MachineOfFacts machine = two_gpus();
  machine.with("pci.acs", List{"0000:00:01.1"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-ACS"), "warning");
  machine.without("pci.acs", Missing::denied);
  EXPECT_FALSE(machine.fires("VRV-DEVICE-ACS"));
}

TEST(DeviceRules, VisibleDevices) {
  const auto severity = [](const std::string& value) {
    MachineOfFacts machine = two_gpus();
    machine.with("settings.CUDA_VISIBLE_DEVICES", value)
        .with("gpu.uuid", List{"GPU-sha256:0123456789ab", "GPU-sha256:ba9876543210"});
    return machine.severity("VRV-DEVICE-VISIBLE-DEVICES");
  };
  for (const char* good : {"0", "1", "0,1", "1, 0", "GPU-sha256:0123456789ab", "GPU-start:999999999999"})
    EXPECT_EQ(severity(good), "") << good;
  for (const char* none :
       {"", "-1", "2", "NoDevFiles", "all", "GPU-sha256:555555555555", "MIG-sha256:999999999999", "0,0"})
    EXPECT_EQ(severity(none), "error") << none;
  for (const char* some : {"0,2", "1,x,0", "0,-1"}) EXPECT_EQ(severity(some), "warning") << some;
  MachineOfFacts machine;  // hidden on purpose where there is nothing to hide
  machine.without("gpu.models", Missing::not_applicable).with("settings.CUDA_VISIBLE_DEVICES", "");
  EXPECT_FALSE(machine.fires("VRV-DEVICE-VISIBLE-DEVICES"));
}

TEST(DeviceRules, DividedWithoutInstances) {
  MachineOfFacts machine = two_gpus();
  machine.with("gpu.mig", List{"on", "on"}).without("gpu.mig.instances");
  EXPECT_EQ(machine.severity("VRV-DEVICE-MIG-EMPTY"), "error");
  machine.with("gpu.mig", List{"on", "off"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-MIG-EMPTY"), "warning");
  machine.with("gpu.mig.instances", List{"gpu0 gi1 ci0"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-MIG-EMPTY"));
}

TEST(DeviceRules, ComputeMode) {
  MachineOfFacts machine = two_gpus();
  machine.with("gpu.compute_mode", List{"default", "exclusive process"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-COMPUTE-MODE"), "note");
  machine.with("gpu.compute_mode", List{"default", "prohibited"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-COMPUTE-MODE"), "error");
}

TEST(DeviceRules, SleptWithoutKeepingMemory) {
  MachineOfFacts machine = healthy_machine();
  machine.with("kernel.suspends", std::int64_t{3});
  EXPECT_EQ(machine.severity("VRV-DEVICE-SLEPT"), "warning");
  EXPECT_NE(machine.judge("VRV-DEVICE-SLEPT")[0].evidence.find("3 times"), std::string::npos);
  machine.with("driver.kernel_mode.parameters", List{"PreserveVideoMemoryAllocations=1"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-SLEPT"));
}

TEST(DeviceRules, WhatTheKernelSaid) {
  MachineOfFacts machine = healthy_machine();
  machine.with("kernel.log.nvidia", List{"NVRM: GPU has fallen off the bus", "Xid 79"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-LOST"), "error");
  machine.with("kernel.log.nvidia", List{"Xid 31 (4 times)"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-XID-PROGRAM"), "note");
  EXPECT_FALSE(machine.fires("VRV-DEVICE-XID"));
  machine.with("kernel.log.nvidia", List{"Xid 94 (4 times)"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-XID"), "warning");
  EXPECT_FALSE(machine.fires("VRV-DEVICE-XID-PROGRAM"));
  machine.with("kernel.log.nvidia", List{"NVRM: RmInitAdapter failed (2 times)"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-INITIALISATION"), "error");
}

TEST(DeviceRules, FailedHandshake) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.handshake = {{"open libcuda", "", StepState::passed, {}, "", 0},
                             {"cuInit", "", StepState::failed, 802, "CUDA_ERROR_SYSTEM_NOT_READY", 0}};
  EXPECT_EQ(machine.severity("VRV-DEVICE-HANDSHAKE"), "error");
  machine.stack.handshake[1].subject = "/opt/venv";  // what an environment brings is judged with its consumers
  EXPECT_FALSE(machine.fires("VRV-DEVICE-HANDSHAKE"));
}

}  // namespace
// A text shows a fabric manager by its package; how many switches there are it does not say.
TEST(DeviceRules, FabricManagerInAText) {
  MachineOfFacts machine;
  machine.stack.subject = "text issue.md";
  machine.with("driver.kernel_mode.version", "550.107.02")
      .with("os.gpu_packages", List{"dpkg nvidia-fabricmanager-550 550.90.07-1"});
  EXPECT_EQ(machine.severity("VRV-DEVICE-FABRIC-MANAGER"), "warning");
  machine.with("os.gpu_packages", List{"dpkg nvidia-fabricmanager-550 550.107.02-1"});
  EXPECT_FALSE(machine.fires("VRV-DEVICE-FABRIC-MANAGER"));
}

}  // namespace varve
