#include <gtest/gtest.h>

#include <algorithm>

#include "rules/analysis/made_stack_testing.h"
#include "rules/machine/machine_rules.h"
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

TEST(ContainerRules, AKubernetesNodeThatOffersNone) {
  MachineOfFacts machine = container();
  machine.with("container.node_gpus", std::int64_t{0});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NODE-OFFERS-NONE"), "note");
  machine.stack.subject = "text issue.md";
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NODE-OFFERS-NONE"), "warning");  // beside a driver with its GPUs
  machine.with("container.node_gpus", std::int64_t{8});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NODE-OFFERS-NONE"));
}

// An engine says what it was asked for, also where nobody looked into the container.
TEST(ContainerRules, NoGpuWasAskedFor) {
  MachineOfFacts machine = container();
  machine.with("container.gpu_request", "all");
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-GPU"));
  machine.with("container.gpu_request", "no GPU").without("driver.device_nodes", Missing::not_asked);
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-GPU"), "note");
  add_framework(machine);
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-GPU"), "error");
}

TEST(ContainerRules, UnderWslTheGpuIsReachedThroughDxg) {
  MachineOfFacts machine = container();
  machine.with("machine.hypervisor", "Hyper-V (WSL)")
      .without("driver.device_nodes")
      .without("driver.user_mode.version");
  machine.without("driver.kernel_mode.version");
  machine.stack.driver_files.clear();
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-GPU"));  // nothing asks for one
  add_framework(machine);
  ASSERT_EQ(machine.severity("VRV-CONTAINER-NO-GPU"), "error");
  EXPECT_NE(machine.judge("VRV-CONTAINER-NO-GPU")[0].evidence.find("/dev/dxg"), std::string::npos);
  machine.with("driver.device_nodes", List{"dxg"});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-GPU"));
  EXPECT_TRUE(machine.fires("VRV-CONTAINER-NO-COMPUTE"));  // the node without libcuda
}

TEST(ContainerRules, CapabilitiesWithoutCompute) {
  MachineOfFacts machine = container();
  machine.without("driver.user_mode.version").with("settings.NVIDIA_DRIVER_CAPABILITIES", "utility,video");
  const auto found = machine.judge("VRV-CONTAINER-NO-COMPUTE");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].category, FaultCategory::container);
  EXPECT_NE(found[0].fix.find("NVIDIA_DRIVER_CAPABILITIES=compute"), std::string::npos);
  machine.with("container.kind", "none");
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-COMPUTE"));
}

TEST(ContainerRules, WarnOfAnImageThatAsksForNoCompute) {
  const auto told = [](const std::string& capabilities, bool framework) {
    test::MadeStack machine, image;
    machine.driver("550.163.01", "12.4").gpu("NVIDIA A100-SXM4-80GB", "8.0");
    image.stack().image.emplace();
    image.fact("settings.NVIDIA_DRIVER_CAPABILITIES", capabilities);
    if (framework) test::add_framework(image, "12.1", test::coverage_of({{{"sm_80"}, 100}}));
    const Analysis analysis = analyse(machine.stack(), image.stack(), machine.knowledge());
    const auto rule = std::find_if(container_rules().begin(), container_rules().end(), [](const Rule& one) {
      return std::string_view(one.id) == "VRV-CONTAINER-NO-COMPUTE";
    });
    return !rule->judge(analysis).empty();
  };
  EXPECT_TRUE(told("graphics,display", true));
  EXPECT_FALSE(told("graphics,display", false)) << "nothing in it asks for CUDA";
  EXPECT_FALSE(told("compute, utility", true));
  EXPECT_FALSE(told("all,graphics", true));
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

TEST(ContainerRules, TheBrandOfASupposedGpuCounts) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.image.emplace();
  machine.stack.image->requirements = {
      {"NVIDIA_REQUIRE_CUDA", "cuda>=12.6 brand=nvidia,driver>=550,driver<551 brand=quadrortx,driver>=550,driver<551"}};
  const auto severity = [&](const char* model, const char* capability) {
    machine.with("gpu.models", List{model}).with("gpu.compute_capabilities", List{capability});
    return machine.severity("VRV-CONTAINER-REQUIREMENT");
  };
  EXPECT_EQ(severity("GeForce RTX 4090", "8.9"), "error");
  EXPECT_EQ(severity("L40S", "8.9"), "");
  EXPECT_EQ(severity("T4", "7.5"), "") << "of the brand Tesla under older drivers, NVIDIA under newer ones";
  EXPECT_EQ(severity("NVIDIA RTX A6000", "8.6"), "") << "a Quadro RTX under older drivers";
  EXPECT_EQ(severity("a GPU of compute capability 8.9", "8.9"), "") << "of no brand that is known";
}

TEST(ContainerRules, GpusOfAnImageThatThisMachineDoesNotHave) {
  const auto severity = [&](const std::string& value, bool all_known) {
    MachineOfFacts machine = healthy_machine();
    machine.stack.image.emplace();
    machine.with("settings.NVIDIA_VISIBLE_DEVICES", value).with("gpu.mig", List{"off"});
    machine.with("gpu.uuid", List{all_known ? "GPU-sha256:000000000001" : "not stated"});
    return machine.severity("VRV-CONTAINER-DEVICES");
  };
  EXPECT_EQ(severity("all", true), "");
  EXPECT_EQ(severity("GPU-sha256:000000000001", true), "");
  EXPECT_EQ(severity("GPU-sha256:000000000001,GPU-sha256:000000000002", true), "error");
  EXPECT_EQ(severity("GPU-sha256:000000000002", false), "");
  EXPECT_EQ(severity("GPU-start:000000000002", true), "") << "the start of an id fits many";
  EXPECT_EQ(severity("MIG-GPU-sha256:000000000002/1/0", true), "error");
  EXPECT_EQ(severity("MIG-sha256:000000000002", true), "error") << "no GPU here is in parts";
  EXPECT_EQ(severity("nvidia.com/gpu=0", true), "");
}

TEST(ContainerRules, FilesOfEnginesThatCannotWork) {
  MachineOfFacts machine = healthy_machine();
  machine.with("container.gpu_runtime.engine_faults", List{"docker: /etc/docker/daemon.json cannot be read: x"})
      .with("container.gpu_runtime.engines", List{"docker: its configuration cannot be read"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-ENGINE-FILES"), "warning");
  EXPECT_TRUE(
      machine.judge("VRV-CONTAINER-ENGINE-FILES")[0].consequence.starts_with("With a file that cannot be read"));
  machine.with("container.gpu_runtime.engine_faults",
               List{"containerd: its runtime for GPUs is /usr/bin/nvidia-container-runtime, which is not there"});
  EXPECT_TRUE(machine.judge("VRV-CONTAINER-ENGINE-FILES")[0].consequence.starts_with("The engine starts"));
  machine.with("container.kind", "docker");
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-ENGINE-FILES"));
}

TEST(ContainerRules, SpecificationsThatNameWhatIsNotThere) {
  MachineOfFacts machine = healthy_machine();
  machine.with("container.gpu_runtime.specifications", List{"/etc/cdi/nvidia.yaml (driver 550.54.15)"})
      .with("container.gpu_runtime.specification_faults",
            List{"/etc/cdi/nvidia.yaml names 1 file not there: /usr/lib/libcuda.so.550.54.15"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-CDI-BROKEN"), "warning");
  machine.with("container.gpu_runtime.specifications", List{"/etc/cdi/nvidia.yaml (driver 535.104.05)"});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-CDI-BROKEN")) << "the stale one is said once";
  EXPECT_TRUE(machine.fires("VRV-CONTAINER-CDI-STALE"));
  machine
      .with("container.gpu_runtime.specification_faults",
            List{"/etc/cdi/nvidia.yaml names 1 device node not there: /dev/nvidia-modeset"})
      .with("container.gpu_runtime.specifications", List{"/etc/cdi/nvidia.yaml (driver 550.54.15)"})
      .with("driver.module_loader", "/usr/bin/nvidia-modprobe");
  EXPECT_EQ(machine.severity("VRV-CONTAINER-CDI-BROKEN"), "note");
}

TEST(ContainerRules, ControlGroupsThatAreLeftAlone) {
  MachineOfFacts machine = healthy_machine();
  const std::string alone = "NVIDIA's runtime leaves control groups alone (no-cgroups)";
  machine.with("container.gpu_runtime.engines", List{alone});
  EXPECT_FALSE(machine.fires("VRV-CONTAINER-NO-CGROUPS")) << "no Docker with root is told of it";
  machine.with("container.gpu_runtime.engines", List{"docker: --gpus by NVIDIA's hook", alone});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-CGROUPS"), "warning");
  machine.with("container.gpu_runtime.engines",
               List{"docker: runtime nvidia", alone, "docker without root: runtime nvidia"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-CGROUPS"), "note");
}

TEST(ContainerRules, AnEngineThatWasNotTold) {
  MachineOfFacts machine = healthy_machine();
  machine.with("container.gpu_runtime.engines", List{"docker: not told of NVIDIA's runtime"});
  EXPECT_EQ(machine.severity("VRV-CONTAINER-ENGINE"), "note");
}

}  // namespace
}  // namespace varve
