#include "driver/gpu_processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/hash.h"
#include "world/child_probe.h"
#include "world/test_root.h"

namespace varve {
namespace {

using Texts = std::vector<std::string>;

std::string maps_line(const std::string& path) {
  return "7f1c5e200000-7f1c5e3c0000 r-xp 00002000 fe:00 247026                     " + path + "\n";
}

const std::string kId = "3f2a9c0000000000000000000000000000000000000000000000000000005e1d";

class GpuProcesses : public ::testing::Test {
 protected:
  void add(int pid, const std::string& maps, const std::string& program, const std::string& cgroup = "0::/\n") {
    const std::string proc = "proc/" + std::to_string(pid) + "/";
    root_.write(proc + "maps", maps);
    root_.write(proc + "cgroup", cgroup);
    root_.write(proc + "comm", "comm-of-it\n");
    if (!program.empty()) root_.link(proc + "exe", program);
  }
  GpuProcessList look() {
    const auto files = open_root(root_.path());
    return gpu_processes(test_world(**files));
  }
  TestRoot root_;
};

TEST_F(GpuProcesses, FindsThoseThatHoldCuda) {
  add(300,
      maps_line("/usr/bin/python3.11") + "7f00-7f01 rw-p 00000000 00:00 0 \n" +
          "7f02-7f03 rw-p 00000000 00:00 0 [heap]\n" + maps_line("/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01") +
          maps_line("/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01") +
          maps_line("/opt/a b/nvidia/cuda_runtime/lib/libcudart.so.12") +
          maps_line("/opt/x/libcudart-a1b2c3d4.so.11.8.89") + maps_line("/opt/x/libcudnn_ops.so.9.13.0"),
      "/usr/bin/python3.11", "0::/system.slice/docker-" + kId + ".scope\n");
  add(40, maps_line("/usr/bin/cat"), "/usr/bin/cat");
  add(50, "", "");  // a kernel thread
  root_.write("proc/meminfo", "");
  const GpuProcessList list = look();
  EXPECT_TRUE(list.problems.empty());
  EXPECT_EQ(list.looked_at, 2u);
  ASSERT_EQ(list.processes.size(), 1u);
  const GpuProcess& process = list.processes[0];
  EXPECT_EQ(process.pid, 300);
  EXPECT_EQ(process.program, "python3.11");
  EXPECT_EQ(process.container, "docker " + sha256_hex(kId).substr(0, 12));
  EXPECT_EQ(fact_text(process.driver), "550.163.01");
  EXPECT_EQ(std::get<Texts>(*process.runtimes.value), (Texts{"11.8.89", "12"}));
  EXPECT_EQ(process.runtimes.standing, Standing::inferred);
  EXPECT_EQ(process.libraries,
            (Texts{"libcuda 550.163.01", "libcudart 11.8.89", "libcudart 12", "libcudnn_ops 9.13.0"}));
}

TEST_F(GpuProcesses, LeavesOutDesktopsAndStubs) {
  add(1, maps_line("/usr/lib/libnvidia-glcore.so.550.163.01") + maps_line("/usr/lib/libGLX_nvidia.so.0"),
      "/usr/bin/Xorg");
  add(2, maps_line("/usr/local/cuda/lib64/stubs/libcuda.so"), "/usr/bin/a");
  add(3, maps_line("/home/x/libcudamaker.so.1") + maps_line("/home/libcuda.so.1/file"), "/usr/bin/b");
  EXPECT_TRUE(look().processes.empty());
}

TEST_F(GpuProcesses, SaysWhatAFileNameDoesNotTell) {
  add(1, maps_line("/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1"), "/usr/bin/a");
  add(2, maps_line("/usr/lib/libcudart.so.12.4.127"), "/usr/bin/b");
  add(3, maps_line("/usr/lib/libcuda.so.535.54.03 (deleted)"), "/usr/bin/c (deleted)");
  const GpuProcessList list = look();
  ASSERT_EQ(list.processes.size(), 3u);
  EXPECT_EQ(list.processes[0].driver.missing, Missing::unsupported);
  EXPECT_EQ(list.processes[1].driver.missing, Missing::absent);
  EXPECT_FALSE(list.processes[1].driver.is_known());
  EXPECT_EQ(fact_text(list.processes[2].driver), "535.54.03");
  EXPECT_NE(list.processes[2].driver.detail.find("replaced or removed"), std::string::npos);
  EXPECT_EQ(list.processes[2].program, "c");
  EXPECT_EQ(list.processes[2].libraries, (Texts{"libcuda 535.54.03 (deleted)"}));
}

TEST_F(GpuProcesses, SaysThatProcessesCannotBeListed) {
  const GpuProcessList list = look();
  ASSERT_EQ(list.problems.size(), 1u);
  EXPECT_NE(list.problems[0].find("/proc"), std::string::npos);
}

TEST(ContainerInCgroup, KnowsTheRuntimes) {
  const std::string digest = sha256_hex(kId).substr(0, 12);
  EXPECT_EQ(container_in_cgroup("0::/\n"), "");
  EXPECT_EQ(container_in_cgroup("0::/user.slice/user-1000.slice/session-2.scope\n"), "");
  EXPECT_EQ(container_in_cgroup("12:memory:/docker/" + kId + "\n0::/\n"), "docker " + digest);
  EXPECT_EQ(container_in_cgroup("0::/system.slice/docker-" + kId + ".scope/init\n"), "docker " + digest);
  EXPECT_EQ(container_in_cgroup("0::/machine.slice/libpod-" + kId + ".scope/container\n"), "podman " + digest);
  EXPECT_EQ(container_in_cgroup("0::/kubepods/besteffort/pod8e1f/" + kId + "\n"), "kubernetes " + digest);
  EXPECT_EQ(container_in_cgroup("0::/kubepods.slice/kubepods-pod8e1f.slice/cri-containerd-" + kId + ".scope\n"),
            "kubernetes " + digest);
  EXPECT_EQ(container_in_cgroup("0::/default/" + kId + "\n"), "container " + digest);
  EXPECT_EQ(container_in_cgroup("garbage\n::\n\n"), "");
}

// Whatever ELF file, mapped under a name like libcuda's by a process of our own.
TEST(GpuProcessesLive, FindsAProcessOfThisMachine) {
  const TestRoot root;
  const std::string library = root.path() + "/libcuda.so.550.1";
  std::filesystem::copy_file("/proc/self/exe", library);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int fd = open(library.c_str(), O_RDONLY);
    const bool mapped = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED;
    const char byte = mapped ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    while (true) pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto start = std::chrono::steady_clock::now();
  const GpuProcessList list = gpu_processes(host_world());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", std::to_string(1000 * took.count()));
  RecordProperty("processes", std::to_string(list.looked_at));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  const auto found = std::find_if(list.processes.begin(), list.processes.end(),
                                  [&](const auto& process) { return process.pid == child; });
  ASSERT_NE(found, list.processes.end());
  EXPECT_EQ(fact_text(found->driver), "550.1");
  EXPECT_EQ(found->program, std::filesystem::read_symlink("/proc/self/exe").filename());
}

// As another user, the processes of root are not seen, and that is said.
TEST(GpuProcessesLive, CountsThoseItMayNotSee) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user here";
  const auto outcome = run_probe({.seconds = 20}, [](ProbeReport& report) {
    if (setgid(65534) != 0 || setuid(65534) != 0) return;
    const auto files = open_root("/");
    const GpuProcessList list = gpu_processes(test_world(**files));
    report.add("denied", std::to_string(list.denied));
    report.add("problem", list.problems.empty() ? "" : list.problems[0]);
  });
  ASSERT_TRUE(outcome);
  if (outcome->find("denied") == nullptr) GTEST_SKIP() << "this container has no other user";
  EXPECT_GT(std::stoi(*outcome->find("denied")), 0);
  EXPECT_NE(outcome->find("problem")->find("CAP_SYS_PTRACE"), std::string::npos);
}

}  // namespace
}  // namespace varve
