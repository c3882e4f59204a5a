#include <gtest/gtest.h>

#include "rules/machine/machine_testing.h"

namespace varve {
namespace {

using test::healthy_machine;
using test::List;
using test::MachineOfFacts;

MachineOfFacts container() {
  MachineOfFacts machine = healthy_machine();
  machine.with("container.kind", "docker");
  return machine;
}

void add_framework(MachineOfFacts& machine) {
  Environment environment;
  environment.path = "/opt/venv";
  Package torch;
  torch.name = "torch";
  torch.role = PackageRole::framework;
  torch.cuda = known_fact("12.4", "test");
  environment.packages.push_back(torch);
  machine.stack.environments.push_back(environment);
}

TEST(ContainerRules, NothingAboveNoteOfAHealthyContainer) { EXPECT_TRUE(container().judge().empty()); }

TEST(ContainerRules, TheGpuWasNotGivenToTheContainer) {
  MachineOfFacts machine = container();
  machine.without("driver.device_nodes").without("driver.user_mode.version");
  machine.stack.driver_files.clear();
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-GPU"), "note");  // nothing in it would use one
  add_framework(machine);
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-GPU"), "error");
  machine.with("settings.NVIDIA_VISIBLE_DEVICES", "void");
  EXPECT_NE(machine.judge("VRV-CONTAINER-NO-GPU")[0].evidence.find("\"void\""), std::string::npos);
  machine.without("driver.device_nodes", Missing::not_asked);
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-GPU"));
}

TEST(ContainerRules, CapabilitiesWithoutCompute) {
  MachineOfFacts machine = container();
  machine.without("driver.user_mode.version").with("settings.NVIDIA_DRIVER_CAPABILITIES", "utility,video");
  const auto found = machine.judge("VRV-CONTAINER-NO-COMPUTE");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].category, "container");
  EXPECT_NE(found[0].fix.find("NVIDIA_DRIVER_CAPABILITIES=compute"), std::string::npos);
  machine.with("container.kind", "none");
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-COMPUTE"));
}

TEST(ContainerRules, SomeNodesOnly) {
  MachineOfFacts machine = container();
  machine.with("driver.device_nodes", List{"nvidia0", "nvidiactl"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NODES"), "error");
}

TEST(ContainerRules, DeviceControllerOfCgroupV1) {
  MachineOfFacts machine = container();
  machine.with("cgroup.devices", List{"c 1:3 rwm", "c 5:0 rwm"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-DEVICE-LIMITS"), "error");
  machine.with("cgroup.devices", List{"c 1:3 rwm", "c 195:255 rw"});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-DEVICE-LIMITS"));
  machine.with("cgroup.devices", List{"a *:* rwm"});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-DEVICE-LIMITS"));
}

TEST(ContainerRules, LinksThatRuncNeeds) {
  MachineOfFacts machine = healthy_machine();
  machine.without("driver.device_nodes.links");
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-DEVICE-LINKS"));  // no container runtime that would need them
  machine.with("container.gpu_runtime.mode", "legacy");
  EXPECT_EQ(machine.severity("VRV-CONTAINER-DEVICE-LINKS"), "warning");
  machine.with("container.gpu_runtime.mode", "cdi");
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-DEVICE-LINKS"));
  machine.with("container.gpu_runtime.mode", "auto")
      .with("container.gpu_runtime.engines", List{"docker: runtime nvidia, cgroups by cgroupfs"});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-DEVICE-LINKS"));
}

TEST(ContainerRules, SpecificationOfAnotherDriver) {
  MachineOfFacts machine = healthy_machine();
  machine.with("container.gpu_runtime.specifications", List{"/etc/cdi/nvidia.yaml (driver 550.54.15)"});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-CDI-STALE"));
  machine.with("container.gpu_runtime.specifications", List{"/etc/cdi/nvidia.yaml (driver 535.104.05)"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-CDI-STALE"), "warning");
}

TEST(ContainerRules, WhatAnImageAsksFor) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.image.emplace();
  const auto severity = [&](const std::string& text) {
    machine.stack.image->requirements = {{"NVIDIA_REQUIRE_CUDA", text}};
    return machine.severity("VRV-CONTAINER-REQUIREMENT");
  };
  EXPECT_EQ(severity("cuda>=12.4"), "");
  EXPECT_EQ(severity("cuda>=12.6"), "error");
  EXPECT_EQ(severity("cuda>=12.6 brand=tesla,driver>=535,driver<536"), "error");
  EXPECT_EQ(severity("cuda>=12.6 driver>=550,driver<551"), "");
  EXPECT_EQ(severity("not a requirement"), "");
  machine.with("settings.NVIDIA_DISABLE_REQUIRE", "1");
  EXPECT_EQ(severity("cuda>=12.6"), "");
}

TEST(ContainerRules, AnEngineThatWasNotTold) {
  MachineOfFacts machine = healthy_machine();
  machine.with("container.gpu_runtime.engines", List{"docker: not told of NVIDIA's runtime"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-ENGINE"), "note");
}

}  // namespace
}  // namespace varve
