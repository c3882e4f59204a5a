// A machine in a folder, and what is read of its bus, device nodes, kernels and log.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/capture_stack.h"
#include "world/test_root.h"

namespace varve {
namespace {

constexpr const char* kDevice = "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/";

void write_gpu(const TestRoot& root) {
  const std::string device = kDevice;
  root.write(device + "vendor", "0x10de\n");
  root.write(device + "device", "0x2b85\n");
  root.write(device + "class", "0x030000\n");
  root.write(device + "modalias", "pci:v000010DEd00002B85sv00001043sd000089EDbc03sc00i00\n");
  root.write("sys/bus/pci/drivers/nvidia/bind", "");
  root.link(device + "driver", "/sys/bus/pci/drivers/nvidia");
  root.write(device + "resource",
             "0x0000000080000000 0x0000000083ffffff 0x0000000000040200\n"
             "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
             "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
             "0x0000000000000000 0x0000000001ffffff 0x000000002014220c\n");
  root.link("sys/bus/pci/devices/0000:01:00.0", "/sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0");
}

void write_machine(const TestRoot& root) {
  root.write("proc/sys/kernel/osrelease", "6.8.0-45-generic\n");
  root.write("proc/self/status",
             "Name:\tbash\nUid:\t4242\t4242\t4242\t4242\nGid:\t4243\t4243\t4243\t4243\nGroups:\t4243 \n");
  root.write("proc/self/environ", std::string("CUDA_VISIBLE_DEVICES=0\0LD_LIBRARY_PATH=/data/lib\0", 49));
  root.write("sys/module/nvidia/version", "575.57.08\n");
  root.write("etc/group", "video:x:44:\n");
  root.write("dev/nvidia0", "");
  root.write("dev/nvidiactl", "");
  root.link("dev/char/195:0", "../nvidia0");
  write_gpu(root);
}

Stack capture_root(const TestRoot& root) {
  World world = host_world();
  const Result<Stack> stack = capture_stack(world, {.kind = SubjectKind::root, .path = root.path()});
  EXPECT_TRUE(stack);
  return stack ? *stack : Stack{};
}

void expect_snapshot_facts(const Stack& stack, const std::map<std::string, std::string>& expected) {
  for (const auto& [id, text] : expected) {
    ASSERT_TRUE(stack.facts.contains(id)) << id;
    EXPECT_EQ(fact_text(stack.facts.at(id)), text) << id;
  }
}

TEST(Snapshot, IsReadAsAMachine) {
  const TestRoot root;
  write_machine(root);
  const Stack stack = capture_root(root);
  EXPECT_TRUE(stack.subject.starts_with("root "));
  expect_snapshot_facts(stack, {{"os.kernel.release", "6.8.0-45-generic"},
                                {"driver.kernel_mode.version", "575.57.08"},
                                {"driver.device_nodes", "nvidia0, nvidiactl"},
                                {"driver.device_nodes.links", "nvidia0"},
                                {"gpu.bus", "0000:01:00.0 10de:2b85 (nvidia)"},
                                {"gpu.bars", "0000:01:00.0: BAR0 64.0 MiB, BAR1 not assigned, BAR3 not assigned"},
                                {"gpu.nvswitches", "0"},
                                {"gpu.compute_capabilities", "12.0"},
                                {"settings.CUDA_VISIBLE_DEVICES", "0"},
                                {"container.kind", "absent (no such file)"}});
  ASSERT_EQ(stack.gpus.size(), 1u);
  EXPECT_EQ(stack.gpus[0].address, "0000:01:00.0");
  EXPECT_EQ(stack.gpus[0].bound_driver, "nvidia");
  EXPECT_EQ(stack.gpus[0].capability, (ComputeCapability{12, 0}));
  EXPECT_FALSE(stack.gpus[0].listed) << "no driver runs in a folder";
  // Nothing of the machine that the test runs on.
  EXPECT_NE(stack.facts.at("cpu.threads").is_known(), true);
  EXPECT_EQ(stack.facts.at("handshake.result").missing, Missing::not_applicable);
}

TEST(Snapshot, APlainRootHasNoMachine) {
  const TestRoot root;
  root.write("etc/os-release", "PRETTY_NAME=\"Fake Linux 1\"\n");
  root.write("etc/environment", "CUDA_VISIBLE_DEVICES=0\n");
  const Stack stack = capture_root(root);
  expect_snapshot_facts(
      stack, {{"os.name", "Fake Linux 1"}, {"os.kernel.release", "not applicable (only a running machine has it)"}});
  EXPECT_FALSE(stack.facts.contains("settings.CUDA_VISIBLE_DEVICES"));
}

TEST(Snapshot, EnvironmentFileWhereNoProcessWasKept) {
  const TestRoot root;
  root.write("proc/sys/kernel/osrelease", "6.8.0\n");
  root.write("etc/environment", "# all users\nCUDA_VISIBLE_DEVICES=\"1\"\nexport OMP_NUM_THREADS=4\nbroken\n");
  expect_snapshot_facts(capture_root(root),
                        {{"settings.CUDA_VISIBLE_DEVICES", "1"}, {"settings.OMP_NUM_THREADS", "4"}});
}

TEST(Snapshot, WithoutDevNothingIsSaidOfNodes) {
  const TestRoot root;
  write_machine(root);
  std::filesystem::remove_all(root.path() + "/dev");
  EXPECT_EQ(capture_root(root).facts.at("driver.device_nodes").missing, Missing::not_asked);
}

TEST(Snapshot, NodesThatAnotherGroupOwns) {
  const TestRoot root;
  write_machine(root);
  ASSERT_EQ(::chmod((root.path() + "/dev/nvidia0").c_str(), 0660), 0);
  ASSERT_EQ(::chmod((root.path() + "/dev/nvidiactl").c_str(), 0666), 0);
  struct stat status = {};
  ASSERT_EQ(::stat((root.path() + "/dev/nvidia0").c_str(), &status), 0);
  expect_snapshot_facts(capture_root(root), {{"driver.device_nodes.refused", "nvidia0"}});
  root.write("proc/self/status", "Uid:\t4242\t4242\t4242\t4242\nGid:\t4243\t4243\t4243\t4243\nGroups:\t4243 " +
                                     std::to_string(status.st_gid) + " \n");
  EXPECT_EQ(capture_root(root).facts.at("driver.device_nodes.refused").missing, Missing::absent);
  root.write("proc/self/status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
  EXPECT_EQ(capture_root(root).facts.at("driver.device_nodes.refused").missing, Missing::absent);
  root.write("proc/self/status", "Name:\tbash\n");
  EXPECT_EQ(capture_root(root).facts.at("driver.device_nodes.refused").missing, Missing::unreadable);
}

TEST(Snapshot, KernelsAndTheirModules) {
  const TestRoot root;
  write_machine(root);
  root.write("lib/modules/6.8.0-45-generic/modules.dep", "kernel/fs/ext4/ext4.ko:\n");
  root.write("lib/modules/6.8.0-41-generic/modules.dep",
             "updates/dkms/nvidia.ko.zst:\nupdates/dkms/nvidia-uvm.ko.zst: x\n");
  root.write("lib/modules/left-over/build", "");
  root.write("etc/modprobe.d/prime.conf", "# off\nblacklist nvidia\nalias nvidia off\ninstall nvidia-uvm /bin/false\n");
  root.write("sys/power/suspend_stats/success", "5\n");
  expect_snapshot_facts(
      capture_root(root),
      {{"os.kernel.installed", "6.8.0-41-generic, 6.8.0-45-generic"},
       {"driver.kernel_mode.kernels", "6.8.0-41-generic"},
       {"driver.kernel_mode.blocked", "nvidia (/etc/modprobe.d/prime.conf), nvidia_uvm (/etc/modprobe.d/prime.conf)"},
       {"kernel.suspends", "5"}});
}

TEST(Snapshot, SecureBootAndTheSignature) {
  const TestRoot root;
  write_machine(root);
  root.write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", std::string("\6\0\0\0\1", 5));
  root.write("lib/modules/6.8.0-45-generic/modules.dep", "updates/dkms/nvidia.ko:\n");
  root.write("lib/modules/6.8.0-45-generic/updates/dkms/nvidia.ko", "not a module");
  expect_snapshot_facts(capture_root(root), {{"os.secure_boot", "on"}, {"driver.kernel_mode.signature", "not signed"}});
  root.write("lib/modules/6.8.0-45-generic/updates/dkms/nvidia.ko", "module~Module signature appended~\n");
  expect_snapshot_facts(capture_root(root), {{"driver.kernel_mode.signature", "signed"}});
  root.write("lib/modules/6.8.0-45-generic/updates/dkms/nvidia.ko", "");
  expect_snapshot_facts(capture_root(root), {{"driver.kernel_mode.signature", "not signed"}});
}

// Events by their kind, of this start of the kernel only; never a line, which could name a user or a host.
TEST(Snapshot, TheKernelsLog) {
  const TestRoot root;
  write_machine(root);
  root.write("var/log/kern.log",
             "host kernel: Linux version 6.5.0\n"
             "host kernel: NVRM: Xid (PCI:0000:01:00): 48, pid=1, name=secret-user\n"
             "host kernel: Linux version 6.8.0-45-generic\n"
             "host kernel: NVRM: Xid (PCI:0000:01:00): 31, pid=1, name=secret-user\n"
             "host kernel: NVRM: Xid (PCI:0000:01:00): 31, pid=2, name=secret-user\n"
             "host kernel: NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:884)\n"
             "host kernel: NVRM: Xid (PCI:0000:01:00): many\n"
             "host kernel: usb 1-1: something else\n");
  expect_snapshot_facts(capture_root(root), {{"kernel.log.nvidia", "NVRM: RmInitAdapter failed, Xid 31 (2 times)"}});
}

TEST(Snapshot, BridgesThatRedirect) {
  const TestRoot root;
  write_machine(root);
  const std::string second = "sys/devices/pci0000:00/0000:00:03.1/0000:21:00.0/";
  root.write(second + "vendor", "0x10de\n");
  root.write(second + "device", "0x2b85\n");
  root.write(second + "class", "0x030200\n");
  root.link("sys/bus/pci/devices/0000:21:00.0", "/sys/devices/pci0000:00/0000:00:03.1/0000:21:00.0");
  const auto write_bridge = [&](const std::string& address, std::size_t size, char control) {
    std::string space(size, '\0');
    if (size > 0x108) {
      space.replace(0x100, 4, std::string("\x01\x00\x01\x14", 4));  // another capability; the next stands at 0x140
      space.replace(0x140, 4, std::string("\x0d\x00\x01\x00", 4));
      space[0x146] = control;
    }
    root.write("sys/devices/pci0000:00/" + address + "/config", space);
    std::filesystem::remove(root.path() + "/sys/bus/pci/devices/" + address);
    root.link("sys/bus/pci/devices/" + address, "/sys/devices/pci0000:00/" + address);
  };
  write_bridge("0000:00:01.1", 4096, 0x1d);
  write_bridge("0000:00:03.1", 4096, 0x01);
  expect_snapshot_facts(capture_root(root), {{"pci.acs", "0000:00:01.1"}, {"gpu.iommu", "none, none"}});
  write_bridge("0000:00:01.1", 4096, 0);
  EXPECT_EQ(capture_root(root).facts.at("pci.acs").missing, Missing::absent);
  write_bridge("0000:00:03.1", 64, 0);  // what a user sees
  EXPECT_EQ(capture_root(root).facts.at("pci.acs").missing, Missing::denied);
}

TEST(Snapshot, AdaptersOfRdma) {
  const TestRoot root;
  write_machine(root);
  EXPECT_EQ(capture_root(root).facts.at("network.rdma").missing, Missing::absent);
  const auto write_port = [&](const std::string& port, const char* state, const char* rate, const char* link) {
    root.write("sys/class/infiniband/" + port + "/state", state);
    root.write("sys/class/infiniband/" + port + "/rate", rate);
    root.write("sys/class/infiniband/" + port + "/link_layer", link);
  };
  write_port("mlx5_0/ports/1", "1: DOWN\n", "10 Gb/sec (4X SDR)\n", "InfiniBand\n");
  write_port("mlx5_0/ports/2", "4: ACTIVE\n", "400 Gb/sec (4X NDR)\n", "InfiniBand\n");
  write_port("mlx5_1/ports/1", "1: DOWN\n", "40 Gb/sec (4X QDR)\n", "Ethernet\n");
  expect_snapshot_facts(capture_root(root), {{"network.rdma", "mlx5_0, InfiniBand, 400 Gb/s, mlx5_1, Ethernet, down"}});
}

TEST(Snapshot, ContainerEngines) {
  const TestRoot root;
  root.write(
      "etc/docker/daemon.json",
      R"({"runtimes": {"nvidia": {"path": "x"}}, "default-runtime": "nvidia", "exec-opts": ["native.cgroupdriver=cgroupfs"]})");
  root.write("etc/containerd/config.toml", "version = 2\n");
  expect_snapshot_facts(capture_root(root),
                        {{"container.gpu_runtime.engines",
                          "docker: runtime nvidia, by default, cgroups by cgroupfs, containerd: not told of "
                          "NVIDIA's runtime"}});
  root.write("etc/docker/daemon.json", "{broken");
  EXPECT_NE(fact_text(capture_root(root).facts.at("container.gpu_runtime.engines")).find("cannot be read"),
            std::string::npos);
}

// Whatever stands in the files, capture ends and says something.
TEST(Snapshot, OfNonsense) {
  const TestRoot root;
  const std::string noise(5000, '\xff');
  for (const char* name : {"proc/sys/kernel/osrelease", "proc/self/status", "proc/self/environ", "var/log/dmesg",
                           "etc/docker/daemon.json", "sys/power/suspend_stats/success", "etc/modprobe.d/x.conf",
                           "dev/nvidia0", "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"}) {
    root.write(name, noise);
  }
  write_gpu(root);
  root.write(std::string(kDevice) + "resource", "0x0 0xffffffffffffffffffff zz\n\n0x10 0x1 0x1\n");
  root.write("sys/devices/pci0000:00/0000:00:01.1/config", noise);
  const Stack stack = capture_root(root);
  EXPECT_TRUE(stack.facts.contains("gpu.bars"));
  EXPECT_FALSE(stack.facts.at("kernel.suspends").is_known());
}

}  // namespace
}  // namespace varve
