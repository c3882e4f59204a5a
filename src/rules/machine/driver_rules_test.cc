#include <gtest/gtest.h>

#include <algorithm>

#include "rules/machine/machine_testing.h"

namespace varve {
namespace {

using test::healthy_machine;
using test::List;
using test::machine_without_module;
using test::MachineOfFacts;

TEST(DriverRules, SayNothingAboveNoteOfAHealthyMachine) { EXPECT_TRUE(healthy_machine().judge().empty()); }

TEST(DriverRules, SayNothingOfAMachineWithoutAGpu) {
  MachineOfFacts machine;
  for (const char* id :
       {"gpu.count", "gpu.models", "gpu.bus", "driver.kernel_mode.version", "driver.user_mode.version"}) {
    machine.without(id, Missing::not_applicable);
  }
  machine.with("container.kind", "none").with("os.kernel.release", "6.8.0-45-generic");
  EXPECT_TRUE(machine.judge().empty());
}

TEST(DriverRules, SayNothingOfAnEnvironmentAlone) { EXPECT_TRUE(MachineOfFacts().judge().empty()); }

TEST(DriverRules, ModuleAndLibrariesOfDifferentVersions) {
  MachineOfFacts machine = healthy_machine();
  machine.with("driver.kernel_mode.version", "550.40.07");
  const auto found = machine.judge("VRV-DRIVER-HALVES");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::error);
  EXPECT_EQ(found[0].category, FaultCategory::user_kernel_mismatch);
  EXPECT_NE(found[0].evidence.find("550.40.07"), std::string::npos);
  EXPECT_NE(found[0].evidence.find("550.54.15"), std::string::npos);
  EXPECT_NE(found[0].evidence.find("the module was not loaded anew"), std::string::npos);  // it is on disk
  machine.with("container.kind", "docker");
  EXPECT_NE(machine.judge("VRV-DRIVER-HALVES")[0].fix.find("container"), std::string::npos);
}

// What nobody may look at is not told, and never "fine".
TEST(DriverRules, ADeniedVersionIsUntold) {
  MachineOfFacts machine = healthy_machine();
  machine.without("driver.kernel_mode.version", Missing::denied);
  const Knowledge knowledge = *load_knowledge();
  const Judgement judgement = judge_rules(analyse(machine.stack, machine.stack, knowledge));
  EXPECT_TRUE(std::any_of(judgement.untold.begin(), judgement.untold.end(), [](const UntoldRule& row) {
    return row.rule == "VRV-DRIVER-HALVES" && row.fact == "driver.kernel_mode.version";
  }));
}

TEST(DriverRules, ACompatLibcudaIsNoMismatch) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.driver_files.clear();
  machine.file("libcuda", "/usr/local/cuda/compat/libcuda.so.570.86.15", "570.86.15", DriverFileRole::compat);
  EXPECT_FALSE(machine.fires("VRV-DRIVER-HALVES"));
}

TEST(DriverRules, CompatOfTheDriversOwnBranch) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.driver_files.clear();
  machine.file("libcuda", "/usr/local/cuda-12.4/compat/libcuda.so.550.163.01", "550.163.01", DriverFileRole::compat)
      .file("libcuda", "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15", "550.54.15", DriverFileRole::driver, false);
  EXPECT_EQ(machine.severity("VRV-DRIVER-COMPAT-SAME-BRANCH"), "warning");
  machine.with("driver.kernel_mode.version", "535.104.05");  // an older branch: what the package is for
  EXPECT_FALSE(machine.fires("VRV-DRIVER-COMPAT-SAME-BRANCH"));
}

TEST(DriverRules, PartsOfDifferentVersions) {
  MachineOfFacts machine = healthy_machine();
  machine.file("libnvidia-ptxjitcompiler", "/usr/lib/x86_64-linux-gnu/libnvidia-ptxjitcompiler.so.535.54.03",
               "535.54.03");
  EXPECT_EQ(machine.severity("VRV-DRIVER-PARTS"), "error");
  EXPECT_FALSE(machine.fires("VRV-DRIVER-HALVES"));
}

TEST(DriverRules, StubTakenByTheLoader) {
  MachineOfFacts machine = healthy_machine();
  EXPECT_FALSE(machine.fires("VRV-DRIVER-STUB"));
  machine.file("libcuda", "/usr/local/cuda-12.4/lib64/stubs/libcuda.so", "", DriverFileRole::stub, false);
  EXPECT_FALSE(machine.fires("VRV-DRIVER-STUB"));  // there, as with every toolkit, and not taken
  machine.stack.driver_files[0].loaded_first = false;
  machine.stack.driver_files.back().loaded_first = true;
  EXPECT_EQ(machine.severity("VRV-DRIVER-STUB"), "error");
}

TEST(DriverRules, StubTakenByTheNameToLinkWith) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.consumers.push_back({.kind = ConsumerKind::binary, .name = "/app", .libraries = {}});
  std::vector<ConsumedLibrary>& libraries = machine.stack.consumers[0].libraries;
  libraries = {
      {.name = "libcuda.so", .path = "/usr/lib/libcuda.so.550.54.15", .why = "ld.so.cache", .asked_by = "/app"}};
  EXPECT_FALSE(machine.fires("VRV-DRIVER-STUB"));
  libraries[0].path = "/usr/local/cuda-12.4/lib64/stubs/libcuda.so";
  EXPECT_EQ(machine.severity("VRV-DRIVER-STUB"), "error");
}

// Under a name of its own, so that the driver's libcuda.so.1 is loaded beside it.
TEST(DriverRules, ACopyOfLibcudaInAWheel) {
  MachineOfFacts machine = healthy_machine();
  const std::string path = "/env/ezkl.libs/libcuda-b1c54397.so.1";
  machine.stack.consumers.push_back({.kind = ConsumerKind::extension, .name = "ezkl-gpu 16.1.0", .libraries = {}});
  machine.stack.consumers[0].libraries = {
      {.name = "libcuda-b1c54397.so.1", .path = path, .why = "RPATH", .asked_by = "/env/ezkl.so", .unresolved = {}}};
  machine.stack.binaries.push_back({.path = path, .package = "ezkl-gpu"});
  EXPECT_EQ(machine.severity("VRV-DRIVER-COPY"), "warning");
  ConsumedLibrary& library = machine.stack.consumers[0].libraries[0];
  library.path = machine.stack.binaries[0].path =
      "/env/cuda-compat/libcuda.so.580.65.06";  // conda's, a driver's own name
  EXPECT_FALSE(machine.fires("VRV-DRIVER-COPY"));
}

TEST(DriverRules, EmptyLibraries) {
  MachineOfFacts machine = healthy_machine();
  machine.file("libcuda", "/usr/lib/x86_64-linux-gnu/libcuda.so.470.1", "", DriverFileRole::empty, false);
  EXPECT_EQ(machine.severity("VRV-DRIVER-EMPTY-LIBRARY"), "note");
  machine.stack.driver_files[0].loaded_first = false;
  machine.stack.driver_files.back().loaded_first = true;
  EXPECT_EQ(machine.severity("VRV-DRIVER-EMPTY-LIBRARY"), "error");
}

TEST(DriverRules, ModuleWithoutLibraries) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.driver_files.clear();
  machine.without("driver.user_mode.version");
  EXPECT_EQ(machine.severity("VRV-DRIVER-NO-USER-DRIVER"), "error");
  machine.with("container.kind", "docker");  // there it is the container's fault
  EXPECT_FALSE(machine.fires("VRV-DRIVER-NO-USER-DRIVER"));
}

TEST(DriverRules, LibcudaWhereTheLoaderDoesNotLook) {
  MachineOfFacts machine = healthy_machine();
  machine.stack.driver_files[0].loaded_first = false;
  EXPECT_EQ(machine.severity("VRV-DRIVER-LIBCUDA-NOT-SEARCHED"), "error");
  machine.stack.driver_files[0].path = "/run/opengl-driver/lib/libcuda.so.550.54.15";
  EXPECT_EQ(machine.severity("VRV-DRIVER-LIBCUDA-NOT-SEARCHED"), "note");
}

// The causes of a missing module exclude each other: exactly one rule speaks.
TEST(DriverRules, OneCauseForAMissingModule) {
  const List rules = {"VRV-DRIVER-KERNEL-UPDATED", "VRV-DRIVER-MODULE-UNSIGNED", "VRV-DRIVER-MODULE-BLOCKED",
                      "VRV-DRIVER-MODULE-NOT-LOADED", "VRV-DRIVER-NONE"};
  const auto expect_only = [&](const MachineOfFacts& machine, const std::string& expected) {
    for (const std::string& rule : rules)
      EXPECT_EQ(machine.fires(rule), rule == expected) << rule << ", not " << expected;
  };
  expect_only(machine_without_module(), "VRV-DRIVER-MODULE-NOT-LOADED");
  MachineOfFacts updated = machine_without_module();
  updated.with("os.kernel.installed", List{"6.8.0-48-generic"});
  expect_only(updated, "VRV-DRIVER-KERNEL-UPDATED");
  MachineOfFacts not_built = machine_without_module();
  not_built.with("driver.kernel_mode.kernels", List{"6.8.0-41-generic"})
      .with("os.kernel.installed", List{"6.8.0-41-generic", "6.8.0-45-generic"});
  expect_only(not_built, "VRV-DRIVER-KERNEL-UPDATED");
  MachineOfFacts secure = machine_without_module();
  secure.with("os.secure_boot", "on").with("driver.kernel_mode.signature", "not signed");
  expect_only(secure, "VRV-DRIVER-MODULE-UNSIGNED");
  MachineOfFacts signed_module = machine_without_module();
  signed_module.with("os.secure_boot", "on").with("driver.kernel_mode.signature", "signed");
  expect_only(signed_module, "VRV-DRIVER-MODULE-NOT-LOADED");
  MachineOfFacts blocked = machine_without_module();
  blocked.with("driver.kernel_mode.blocked", List{"nvidia (/etc/modprobe.d/blacklist-nvidia.conf)"});
  expect_only(blocked, "VRV-DRIVER-MODULE-BLOCKED");
  MachineOfFacts none = machine_without_module();
  none.without("driver.kernel_mode.kernels")
      .without("driver.kernel_mode.installed")
      .without("driver.user_mode.version");
  none.stack.driver_files.clear();
  expect_only(none, "VRV-DRIVER-NONE");
  EXPECT_EQ(none.severity("VRV-DRIVER-NONE"), "warning");  // nothing there would use the GPU
  MachineOfFacts given_away = none;
  given_away.with("gpu.bus", List{"0000:01:00.0 10de:2684 (vfio-pci)"});
  expect_only(given_away, "");
  MachineOfFacts in_container = machine_without_module();
  in_container.with("container.kind", "docker");
  expect_only(in_container, "");
}

TEST(DriverRules, ANewerKernelWithoutAModuleIsANote) {
  MachineOfFacts machine = healthy_machine();
  machine.with("os.kernel.installed", List{"6.8.0-41-generic", "6.8.0-45-generic", "6.8.0-48-generic"});
  EXPECT_EQ(machine.severity("VRV-DRIVER-NEXT-KERNEL"), "note");
  machine.with("os.kernel.installed", List{"6.8.0-41-generic", "6.8.0-45-generic"});
  EXPECT_FALSE(machine.fires("VRV-DRIVER-NEXT-KERNEL"));
}

TEST(DriverRules, FlavourOfTheModule) {
  MachineOfFacts machine = healthy_machine();
  machine.with("gpu.models", List{"NVIDIA GeForce RTX 5090"}).with("gpu.compute_capabilities", List{"12.0"});
  EXPECT_FALSE(machine.fires("VRV-DRIVER-OPEN-NEEDED"));
  machine.with("driver.kernel_mode.flavour", "proprietary");
  EXPECT_EQ(machine.severity("VRV-DRIVER-OPEN-NEEDED"), "error");
  machine.with("gpu.models", List{"NVIDIA GeForce GTX 1080 Ti"}).with("gpu.compute_capabilities", List{"6.1"});
  EXPECT_FALSE(machine.fires("VRV-DRIVER-OPEN-NEEDED"));
  EXPECT_FALSE(machine.fires("VRV-DRIVER-OPEN-REFUSED"));
  machine.with("driver.kernel_mode.flavour", "open");
  EXPECT_EQ(machine.severity("VRV-DRIVER-OPEN-REFUSED"), "error");
  machine.with("gpu.models", List{"NVIDIA Something 9000"}).without("gpu.compute_capabilities", Missing::unsupported);
  EXPECT_FALSE(machine.fires("VRV-DRIVER-OPEN-REFUSED"));  // newer than the tables: nothing is claimed
}

TEST(DriverRules, WslNeedsAKernelThatGivesTheGpu) {
  for (const auto& [release, severity] :
       {std::pair("5.10.16.3-microsoft-standard-WSL2", "error"), std::pair("5.10.43.3-microsoft-standard-WSL2", ""),
        std::pair("6.6.87.2-microsoft-standard-WSL2", "")}) {
    MachineOfFacts machine = healthy_machine();
    machine.with("machine.hypervisor", "WSL").with("os.kernel.release", release);
    EXPECT_EQ(machine.severity("VRV-DRIVER-WSL-KERNEL"), severity) << release;
  }
  MachineOfFacts elsewhere = healthy_machine();
  EXPECT_FALSE(elsewhere.with("os.kernel.release", "4.18.0-553.el8").fires("VRV-DRIVER-WSL-KERNEL"));
}

}  // namespace
// In a text packages tell what files would.
TEST(DriverRules, ALinuxDriverUnderWslInAText) {
  MachineOfFacts machine;
  machine.stack.subject = "text issue.md";
  machine.with("machine.hypervisor", "Hyper-V (WSL)");
  machine.with("os.gpu_packages", std::vector<std::string>{"dpkg nvidia-container-toolkit 1.17.4-1"});
  EXPECT_FALSE(machine.fires("VRV-DRIVER-WSL-SHADOWED"));
  machine.with("os.gpu_packages", std::vector<std::string>{"dpkg libnvidia-compute-535 535.183.01-0ubuntu0.22.04.1"});
  EXPECT_EQ(machine.severity("VRV-DRIVER-WSL-SHADOWED"), "warning");
}

TEST(DriverRules, ACompatPathOnAGeforceInAText) {
  for (const auto& [gpu, path, fires] :
       {std::tuple("NVIDIA GeForce RTX 3060", "/usr/local/cuda/compat:/usr/local/cuda/lib64", true),
        std::tuple("NVIDIA GeForce RTX 3060", "/usr/local/cuda/compat/lib:/usr/local/nvidia/lib", false),
        std::tuple("NVIDIA GeForce RTX 3060", "/usr/local/cuda/lib64", false),
        std::tuple("NVIDIA A100-SXM4-80GB", "/usr/local/cuda/compat", false)}) {
    MachineOfFacts machine;
    machine.stack.subject = "text issue.md";
    machine.with("gpu.models", std::vector<std::string>{gpu}).with("settings.LD_LIBRARY_PATH", path);
    EXPECT_EQ(machine.fires("VRV-DRIVER-COMPAT-PATH"), fires) << gpu << " " << path;
  }
}

// What a list of packages shows beside what the kernel says.
TEST(DriverRules, HalvesInAText) {
  MachineOfFacts machine;
  machine.stack.subject = "text issue.md";
  machine.with("driver.kernel_mode.version", "520.56.06")
      .with("driver.user_mode.version", "525.85.12")
      .with("driver.user_mode.role", "driver");
  EXPECT_EQ(machine.severity("VRV-DRIVER-HALVES"), "error");
  machine.with("driver.user_mode.version", "520.56.06");
  EXPECT_FALSE(machine.fires("VRV-DRIVER-HALVES"));
  machine.with("driver.user_mode.version", "525.85.12").with("driver.user_mode.role", "compat");
  EXPECT_FALSE(machine.fires("VRV-DRIVER-HALVES"));
}

TEST(DriverRules, NoUserDriverInAText) {
  MachineOfFacts machine;
  machine.stack.subject = "text issue.md";
  machine.with("driver.kernel_mode.version", "535.216.01").with("gpu.models", List{"NVIDIA GeForce RTX 2070"});
  machine.without("driver.user_mode.version");
  EXPECT_EQ(machine.severity("VRV-DRIVER-NO-USER-DRIVER"), "error");
  machine.with("container.kind", "docker");
  EXPECT_FALSE(machine.fires("VRV-DRIVER-NO-USER-DRIVER"));
  EXPECT_EQ(machine.severity("VRV-CONTAINER-NO-COMPUTE"), "error");
}

}  // namespace varve
