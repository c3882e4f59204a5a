// The NVIDIA software of a machine that no driver library tells: modules, parameters, nodes, container runtime.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "capture/capture_stack.h"
#include "capture/gpu/driver_files.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::string fact(const TestRoot& root, const std::string& id, const CaptureOptions& options = {}) {
  const Looked<std::unique_ptr<Files>> files = open_root(root.path());
  const Result<Stack> stack = capture_stack(test_world(**files), options);
  EXPECT_TRUE(stack);
  return stack ? fact_text(stack->facts.at(id)) : "";
}

// An H100, so that its software is not beside the point.
void add_gpu(const TestRoot& root) {
  root.write("proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t\t NVIDIA H100 80GB HBM3\n");
  root.write("proc/sys/kernel/osrelease", "6.1.0-test\n");
}

void make_module(const TestRoot& root, const std::string& name) {
  root.write("m.s", ".section .modinfo,\"a\"\n.asciz \"license=Dual MIT/GPL\"\n.asciz \"version=550.163.01\"\n");
  const std::string output = root.prepare("lib/modules/6.1.0-test/updates/dkms/" + name);
  const std::string command = "gcc -c -o '" + output + "' '" + root.path() + "/m.s'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  root.write("lib/modules/6.1.0-test/modules.dep",
             "kernel/fs/ext4/ext4.ko: \nupdates/dkms/" + name + ": kernel/x.ko\n");
}

TEST(GpuSoftware, TheInstalledModuleIsReadFromItsModinfo) {
  const TestRoot root;
  add_gpu(root);
  make_module(root, "nvidia-current.ko");
  EXPECT_EQ(fact(root, "driver.kernel_mode.installed"), "550.163.01");
  EXPECT_EQ(fact(root, "driver.kernel_mode.version"), "absent (no NVIDIA kernel module is loaded)");
}

TEST(GpuSoftware, ACompressedModuleIsNotOpenedAndDkmsSpeaksForIt) {
  const TestRoot root;
  add_gpu(root);
  make_module(root, "nvidia.ko.xz");
  EXPECT_EQ(fact(root, "driver.kernel_mode.installed"), "unsupported (compressed modules are not opened)");
  root.write("var/lib/dkms/nvidia/535.261.03/source", "");
  EXPECT_EQ(fact(root, "driver.kernel_mode.installed"), "535.261.03");
}

TEST(GpuSoftware, OtherModulesAreNotTheDriver) {
  const TestRoot root;
  add_gpu(root);
  root.write("lib/modules/6.1.0-test/modules.dep",
             "kernel/nvidia-uvm.ko:\nkernel/nvidiafb.ko:\nkernel/i2c-nvidia-gpu.ko:\n");
  EXPECT_EQ(fact(root, "driver.kernel_mode.installed"), "absent (no NVIDIA kernel module is installed)");
}

TEST(GpuSoftware, ParametersThatNameThingsStayOut) {
  const TestRoot root;
  add_gpu(root);
  root.write(
      "proc/driver/nvidia/params",
      "EnableGpuFirmware: 18\nTemporaryFilePath: \"/home/somebody\"\nRegistryDwords: \"a=1\"\nEnableStreamMemOPs: 0\n");
  EXPECT_EQ(fact(root, "driver.kernel_mode.parameters"), "EnableGpuFirmware=18, EnableStreamMemOPs=0");
}

TEST(GpuSoftware, ARegularFileIsNoDeviceNode) {
  const TestRoot root;
  add_gpu(root);
  root.write("dev/nvidia0", "");
  EXPECT_EQ(fact(root, "driver.device_nodes"), "absent (no device node of a GPU)");
}

// As nvidia-ctk cdi generate writes it, cut down, with all that it names.
void write_specification(const TestRoot& root) {
  root.write("etc/cdi/nvidia.yaml",
             "---\ncdiVersion: 0.5.0\ncontainerEdits:\n  deviceNodes:\n  - path: /dev/nvidiactl\n  env:\n"
             "  - NVIDIA_VISIBLE_DEVICES=void\n  hooks:\n  - args:\n    - nvidia-cdi-hook\n    - create-symlinks\n"
             "    - --link\n    - ../libcuda.so::/usr/lib/libcuda.so.1 # not a comment's end\n"
             "    hookName: createContainer\n    path: /usr/bin/nvidia-cdi-hook\n  mounts:\n"
             "  - containerPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15\n"
             "    hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15\n    options:\n    - ro\n    - nosuid\n"
             "devices:\n- containerEdits:\n    deviceNodes:\n    - path: /dev/nvidia0\n  name: \"0\"\n"
             "kind: nvidia.com/gpu\n");
  for (const char* there :
       {"dev/nvidiactl", "dev/nvidia0", "usr/bin/nvidia-cdi-hook", "usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15"}) {
    root.write(there, "x");
  }
}

TEST(GpuSoftware, TheModeOfTheContainerRuntime) {
  const TestRoot root;
  // As nvidia-ctk config writes it, cut down.
  root.write("etc/nvidia-container-runtime/config.toml",
             "disable-require = false\n[nvidia-container-cli]\nload-kmods = true\n\n[nvidia-container-runtime]\n"
             "#debug = \"/var/log/x.log\"\nmode = \"cdi\"\n");
  EXPECT_EQ(fact(root, "container.gpu_runtime.mode"), "cdi");
  root.write("etc/nvidia-container-runtime/config.toml", "[nvidia-container-runtime\nmode=");
  EXPECT_EQ(fact(root, "container.gpu_runtime.mode").substr(0, 10), "unreadable");
}

TEST(GpuSoftware, SpecificationsNameTheDriverTheyMount) {
  const TestRoot root;
  write_specification(root);
  root.write("etc/cdi/readme.txt", "libcuda.so.1.2.3");
  root.write("etc/cdi/other.yaml", "cdiVersion: 0.5.0\nkind: vendor.com/net\ndevices:\n- name: eth0\n");
  EXPECT_EQ(fact(root, "container.gpu_runtime.specifications"), "/etc/cdi/nvidia.yaml (driver 550.54.15)");
  EXPECT_EQ(fact(root, "container.gpu_runtime.specification_faults"), "absent (none)");
}

TEST(GpuSoftware, WhatASpecificationNamesAndIsNotThere) {
  const TestRoot root;
  write_specification(root);
  std::filesystem::remove(root.path() + "/dev/nvidia0");
  std::filesystem::remove(root.path() + "/usr/bin/nvidia-cdi-hook");
  EXPECT_EQ(fact(root, "container.gpu_runtime.specification_faults"),
            "/etc/cdi/nvidia.yaml names 1 device node not there: /dev/nvidia0, "
            "/etc/cdi/nvidia.yaml names 1 file not there: /usr/bin/nvidia-cdi-hook");
}

TEST(GpuSoftware, ASpecificationThatCannotBeReadIsNone) {
  const struct {
    const char *name, *text, *fault;
  } rows[] = {
      {"nvidia.yaml", "kind: nvidia.com/gpu\n\tdevices: []\n", "line 2: a tab in the indentation"},
      {"nvidia.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\nno key\n", "line 3: neither a key with a colon"},
      {"nvidia.yaml", "cdiVersion: \"0.5.0\nkind: nvidia.com/gpu\n", "line 1: \" is never closed"},
      {"nvidia.yaml", "cdiVersion: 0.5.0\n  kind: nvidia.com/gpu\n", "line 2: it stands deeper"},
      {"nvidia.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n", "it names no device"},
      {"nvidia.yaml", "", "it is no mapping"},
      {"nvidia.json", "{\"kind\": \"nvidia.com/gpu\"", "syntax"},
  };
  for (const auto& row : rows) {
    const TestRoot root;
    root.write("etc/cdi/" + std::string(row.name), row.text);
    EXPECT_EQ(fact(root, "container.gpu_runtime.specifications"), "absent (no CDI specification)") << row.text;
    const std::string faults = fact(root, "container.gpu_runtime.specification_faults");
    EXPECT_TRUE(faults.find("cannot be read") != std::string::npos) << faults;
    const bool worded_here = std::string_view(row.fault) != "syntax";  // else by the JSON parser
    EXPECT_TRUE(!worded_here || faults.find(row.fault) != std::string::npos) << faults;
  }
  // More of YAML than is read here is no fault.
  const TestRoot root;
  root.write("etc/cdi/nvidia.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: &all\n- {name: \"0\"}\n");
  EXPECT_EQ(fact(root, "container.gpu_runtime.specifications"), "/etc/cdi/nvidia.yaml");
  EXPECT_EQ(fact(root, "container.gpu_runtime.specification_faults"), "absent (none)");
}

TEST(GpuSoftware, DockerIsToldByItsFileOrByTheHook) {
  const TestRoot root;
  root.write("usr/bin/dockerd", "");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "docker: not told of NVIDIA's runtime");
  root.write("usr/bin/nvidia-container-runtime-hook", "");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "docker: --gpus by NVIDIA's hook");
  root.write("etc/docker/daemon.json", "");  // an empty file is none
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "docker: --gpus by NVIDIA's hook");
  root.write("etc/docker/daemon.json", R"({"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}},
    "default-runtime": "nvidia", "exec-opts": ["native.cgroupdriver=cgroupfs"]})");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "docker: runtime nvidia, by default, cgroups by cgroupfs");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engine_faults"),
            "docker: its runtime for GPUs is nvidia-container-runtime, which is not there");
  root.write("usr/local/bin/nvidia-container-runtime", "");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engine_faults"), "absent (none)");
  root.write("etc/docker/daemon.json", "{\"runtimes\": {");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "docker: its configuration cannot be read");
  EXPECT_TRUE(fact(root, "container.gpu_runtime.engine_faults").starts_with("docker: /etc/docker/daemon.json cannot"));
}

TEST(GpuSoftware, ContainerdIsToldByFilesThatItImports) {
  const TestRoot root;
  root.write("etc/containerd/config.toml", "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "containerd: not told of NVIDIA's runtime");
  root.write("etc/containerd/conf.d/99-nvidia.toml",
             "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia.options]\n"
             "BinaryName = \"/usr/bin/nvidia-container-runtime\"\n");
  root.write("usr/bin/nvidia-container-runtime", "");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "containerd: runtime nvidia, NVIDIA's runtime is installed");
  root.write("etc/containerd/conf.d/x.toml", "[[[");
  EXPECT_TRUE(fact(root, "container.gpu_runtime.engine_faults")
                  .starts_with("containerd: /etc/containerd/conf.d/x.toml cannot be read: line 1"));
}

TEST(GpuSoftware, WithoutControlGroups) {
  const TestRoot root;
  root.write("etc/nvidia-container-runtime/config.toml", "[nvidia-container-cli]\nno-cgroups = true\n");
  EXPECT_EQ(fact(root, "container.gpu_runtime.engines"), "NVIDIA's runtime leaves control groups alone (no-cgroups)");
  root.write("home/a/.config/docker/daemon.json", R"({"runtimes": {"nvidia": {}}})");
  EXPECT_TRUE(fact(root, "container.gpu_runtime.engines").ends_with("docker without root: runtime nvidia"));
}

TEST(GpuSoftware, TheTwoHalvesOfTheDriver) {
  const TestRoot root;
  add_gpu(root);
  root.write("sys/module/nvidia/version", "550.54.15\n");
  root.write("usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15", "not empty");
  root.link("usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.550.54.15");
  EXPECT_EQ(fact(root, "driver.halves"), "same version");
  root.write("sys/module/nvidia/version", "535.183.06\n");
  EXPECT_EQ(fact(root, "driver.halves"), "out of step: kernel 535.183.06, user 550.54.15");
}

TEST(GpuSoftware, JetsonNamesItsRelease) {
  const TestRoot root;
  EXPECT_EQ(fact(root, "os.jetson_linux"), "not applicable (not a Jetson)");
  root.write("etc/nv_tegra_release", "# R36 (release), REVISION: 3.0, GCID: 36191598, BOARD: generic, EABI: aarch64\n");
  EXPECT_EQ(fact(root, "os.jetson_linux"), "36.3.0");
}

TEST(GpuSoftware, WhatTheDriverIsCalledInAFileName) {
  EXPECT_EQ(driver_version_in_name("/usr/lib/libcuda.so.550.54.15"), "550.54.15");
  EXPECT_FALSE(driver_version_in_name("/usr/lib/libcuda.so.1"));
  EXPECT_FALSE(driver_version_in_name("/usr/lib/libcuda.so.1.1"));  // Jetson
  EXPECT_FALSE(driver_version_in_name("/usr/lib/libcuda.so"));
}

// Four branches of the real driver, unpacked side by side: VARVE_REAL_DRIVERS names their folder.
TEST(RealDrivers, TellTheirVersionAndApiLevel) {
  const char* folder = std::getenv("VARVE_REAL_DRIVERS");
  if (folder == nullptr) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with 470, 525, 535, 550";
  const std::map<std::string, std::string> levels = {
      {"470", "11.4"}, {"525", "12.0"}, {"535", "12.2"}, {"550", "12.4"}};
  for (const auto& [branch, level] : levels) {
    const std::string root = std::string(folder) + "/" + branch;
    if (!open_root(root)) continue;
    const Looked<std::unique_ptr<Files>> host = open_root("/");
    const Result<Stack> stack = capture_stack(test_world(**host), {.kind = SubjectKind::root, .path = root});
    ASSERT_TRUE(stack);
    EXPECT_EQ(fact_text(stack->facts.at("driver.user_mode.version")).substr(0, 3), branch);
    EXPECT_EQ(fact_text(stack->facts.at("driver.api_level")), level) << branch;
    const bool compiler =
        std::any_of(stack->driver_files.begin(), stack->driver_files.end(),
                    [](const DriverFile& file) { return file.library == "libnvidia-ptxjitcompiler"; });
    EXPECT_TRUE(compiler) << branch;
  }
}

}  // namespace
}  // namespace varve
