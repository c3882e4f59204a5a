#include "capture/capture_stack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "base/test_sources.h"
#include "base/text.h"
#include "capture/collectors.h"
#include "model/fact_catalog.h"
#include "model/json/documents.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::unique_ptr<Files> machine(const std::string& name) {
  Looked<std::unique_ptr<Files>> files = open_root(test::source_path("tests/roots/" + name));
  EXPECT_TRUE(files) << name;
  return std::move(*files);
}

std::map<std::string, std::string> texts(const Stack& stack) {
  std::map<std::string, std::string> facts;
  for (const auto& [id, fact] : stack.facts) facts[id] = fact_text(fact);
  return facts;
}

// Each named fact as a person reads it; the rest is not looked at.
void expect_facts(const Stack& stack, const std::map<std::string, std::string>& expected) {
  const auto found = texts(stack);
  for (const auto& [id, text] : expected) {
    ASSERT_TRUE(found.contains(id)) << id;
    EXPECT_EQ(found.at(id), text) << id;
  }
}

void expect_complete(const Stack& stack) {
  for (const FactDefinition& definition : fact_catalog()) {
    if (definition.id.ends_with('*')) continue;
    ASSERT_TRUE(stack.facts.contains(definition.id)) << definition.id;
    const Fact& fact = stack.facts.at(definition.id);
    EXPECT_FALSE(fact.source.empty()) << definition.id;  // an empty one marks a fact that no collector set
    EXPECT_TRUE(fact.is_known() || !fact.detail.empty()) << definition.id;
    if (fact.is_known() && std::holds_alternative<std::string>(*fact.value)) {
      EXPECT_FALSE(std::get<std::string>(*fact.value).empty()) << definition.id;
    }
  }
  for (const auto& [id, fact] : stack.facts) EXPECT_NE(find_fact_definition(id), nullptr) << id;
}

TEST(Capture, ServerWithTwoGpus) {
  const auto files = machine("h100-driver550");
  World world = test_world(*files);
  world.architecture = "x86_64";
  world.environment = {{"OMP_NUM_THREADS", "4"}, {"PATH", "/usr/local/cuda-12.1/bin:/usr/bin"}};
  const Result<Stack> stack = capture_stack(world, {});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  EXPECT_EQ(stack->captured_at, "2026-01-02T03:04:05Z");
  EXPECT_EQ(stack->subject, "host");
  expect_facts(
      *stack,
      {{"cpu.vendor", "GenuineIntel"},
       {"cpu.model", "Intel(R) Xeon(R) Platinum 8480+"},
       {"cpu.family", "6"},
       {"cpu.model_number", "143"},
       {"cpu.stepping", "8"},
       {"cpu.microcode", "0x2b000590"},
       {"cpu.isa",
        "abm, adx, aes, amx_bf16, amx_int8, amx_tile, avx, avx2, avx512_bf16, avx512_bitalg, avx512_fp16, "
        "avx512_vbmi2, "
        "avx512_vnni, avx512_vpopcntdq, avx512bw, avx512cd, avx512dq, avx512f, avx512ifma, avx512vbmi, avx512vl, "
        "avx_vnni, bmi1, bmi2, erms, f16c, fma, fsrm, gfni, movbe, pclmulqdq, pni, popcnt, sha_ni, sse, sse2, sse4_1, "
        "sse4_2, ssse3, vaes, vpclmulqdq"},
       {"cpu.sockets", "2"},
       {"cpu.cores", "4"},
       {"cpu.threads", "8"},
       {"cpu.threads_per_core", "2"},
       {"cpu.smt", "on"},
       {"cpu.cache.l1d", "48 KiB"},
       {"cpu.cache.l3", "105 MiB"},
       {"cpu.frequency.driver", "intel_pstate"},
       {"cpu.frequency.governor", "performance"},
       {"cpu.frequency.boost", "off"},
       {"cpu.frequency.maximum", "3800000000"},
       {"memory.total", "2164203606016"},
       {"memory.swap", "0"},
       {"numa.nodes", "2"},
       {"numa.cpus", "0: 0-1,4-5, 1: 2-3,6-7"},
       {"machine.hypervisor", "none"},
       {"machine.product", "Supermicro SYS-821GE-TNHR"},
       {"machine.firmware", "American Megatrends International, LLC. 2.1 02/05/2024"},
       {"os.name", "Ubuntu 22.04.4 LTS"},
       {"os.kernel.release", "5.15.0-105-generic"},
       {"os.architecture", "x86_64"},
       {"os.libc", "glibc 2.35"},
       {"os.hostname", "sha256:" + sha256_hex("node-under-test").substr(0, 12)},
       {"os.transparent_hugepages", "madvise"},
       {"os.numa_balancing", "off"},
       {"os.zone_reclaim", "1"},
       {"os.kernel.parameters", "iommu=pt, nohz_full=2-7, isolcpus=2-7, mitigations=auto"},
       {"os.mitigations", "spectre_v2: Mitigation: Enhanced IBRS; IBPB: conditional; RSB filling"},
       {"gpu.count", "2"},
       {"gpu.models", "NVIDIA H100 80GB HBM3, NVIDIA H100 80GB HBM3"},
       {"gpu.vbios", "96.00.61.00.01, 96.00.61.00.01"},
       {"gpu.gsp_firmware", "550.54.15, 550.54.15"},
       {"driver.kernel_mode.version", "550.54.15"},
       {"driver.kernel_mode.flavour", "open"},
       {"driver.kernel_mode.modules", "nvidia, nvidia_uvm, nvidia_modeset, nvidia_drm, nvidia_peermem"},
       {"driver.user_mode.version", "550.54.15"},
       {"driver.user_mode.path", "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15"},
       {"driver.user_mode.all", "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15"},
       {"toolkit.active", "/usr/local/cuda-12.1"},
       {"toolkit.nvcc.version", "12.1.1"},
       {"toolkit.installed", "/usr/local/cuda-12.1 (12.1.1), /usr/local/cuda-12.4 (12.4.1)"},
       {"container.kind", "none"},
       {"cgroup.version", "v2"},
       {"cgroup.cpu_quota", "3.5"},
       {"cgroup.cpuset", "4-7"},
       {"cgroup.memory_limit", "274877906944"},
       {"process.affinity", "4-7"},
       {"process.libraries", "not applicable (the host was captured, not a process)"},
       {"settings.OMP_NUM_THREADS", "4"}});
  // The lists are made from the GPUs, so reading the lists says nothing new.
  EXPECT_EQ(stack->gpus.size(), 2u);
  EXPECT_EQ(gpus_with_facts(stack->gpus, stack->facts), stack->gpus);
  for (const char* id : {"gpu.models", "gpu.vbios", "gpu.gsp_firmware", "gpu.compute_capabilities"}) {
    EXPECT_EQ(value_text(*stack->facts.at(id).value), join(gpu_texts(stack->gpus, id, "?"), ", ")) << id;
  }
  // nvcc on PATH and the link in /usr/local lead to different toolkits: both are said.
  EXPECT_EQ(stack->facts.at("toolkit.active").detail, "but /usr/local/cuda leads to /usr/local/cuda-12.4 (12.4.1)");
  EXPECT_EQ(stack->facts.at("driver.kernel_mode.version").source, "/sys/module/nvidia/version");
}

TEST(Capture, LaptopWithoutGpu) {
  const auto files = machine("laptop-nogpu");
  const Result<Stack> stack = capture_stack(test_world(*files), {});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  for (const char* id : {"gpu.count", "gpu.models", "gpu.vbios", "driver.kernel_mode.version",
                         "driver.kernel_mode.flavour", "driver.kernel_mode.modules", "driver.user_mode.version",
                         "driver.user_mode.path", "driver.user_mode.all", "cgroup.cpu_quota", "cgroup.memory_limit"}) {
    EXPECT_FALSE(stack->facts.at(id).is_known()) << id;
    EXPECT_EQ(stack->facts.at(id).missing, Missing::not_applicable) << id;
  }
  expect_facts(*stack,
               {{"gpu.count", "not applicable (no GPU for computing on the PCI bus; displays: PCI 8086:9a49 (i915))"},
                {"driver.user_mode.version", "not applicable (no GPU)"},
                {"cgroup.memory_limit", "not applicable (no limit is set)"},
                {"cpu.frequency.governor", "powersave, performance"},
                {"cpu.frequency.boost", "on"},
                {"cpu.sockets", "1"},
                {"cpu.cores", "4"},
                {"numa.cpus", "0: 0-7"},
                {"toolkit.active", "absent (no CUDA toolkit found)"},
                {"os.name", "Debian GNU/Linux 12 (bookworm)"},
                {"os.libc", "glibc 2.36"},
                {"os.architecture", "x86_64"},
                {"os.numa_balancing", "absent (the kernel was built without NUMA balancing)"},
                {"os.zone_reclaim", "absent (the kernel was built without NUMA)"},
                {"container.kind", "none"},
                {"cgroup.cpuset", "0-7"}});
}

TEST(Capture, ContainerInAGuest) {
  const auto files = machine("container");
  const Result<Stack> stack = capture_stack(test_world(*files), {.identify = true, .process = {}});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  expect_facts(
      *stack,
      {{"os.hostname", "0123456789ab"},
       {"os.name", "Ubuntu 20.04.6 LTS"},
       {"os.libc", "glibc 2.31"},
       {"machine.hypervisor", "KVM"},
       {"machine.product", "absent (the firmware describes no machine (no DMI), as in small virtual machines)"},
       {"cpu.frequency.governor", "absent (the kernel offers no frequency control, as in most virtual machines)"},
       {"container.kind", "docker"},
       {"cgroup.version", "hybrid"},
       {"cgroup.cpu_quota", "1.5"},
       {"cgroup.cpuset", "0-1"},
       {"cgroup.memory_limit", "8589934592"},
       {"gpu.models", "NVIDIA A10G"},
       {"gpu.gsp_firmware", "N/A"},
       {"driver.kernel_mode.version", "535.183.06"},
       {"driver.kernel_mode.flavour", "proprietary"},
       {"driver.kernel_mode.modules", "unsupported (it is not shown here)"},
       {"driver.user_mode.version", "535.183.06"},
       {"driver.user_mode.all",
        "/usr/lib/x86_64-linux-gnu/libcuda.so.535.183.06, "
        "/usr/lib/x86_64-linux-gnu/libcuda.so.470.57.02 (empty file), "
        "/usr/local/cuda-11.8/compat/libcuda.so.520.61.05"},
       {"toolkit.active", "/usr/local/cuda-11.8"},
       {"toolkit.nvcc.version", "11.8"},
       {"toolkit.installed", "/usr/local/cuda-11.8 (11.8)"}});
  EXPECT_EQ(stack->facts.at("machine.hypervisor").standing, Standing::inferred);
}

TEST(Capture, LibraryPathDecidesTheUserDriver) {
  const auto files = machine("container");
  World world = test_world(*files);
  world.environment = {{"LD_LIBRARY_PATH", "relative::/usr/local/cuda/compat"}, {"CUDA_HOME", "/usr/local/cuda-11"}};
  const Result<Stack> stack = capture_stack(world, {});
  ASSERT_TRUE(stack);
  expect_facts(*stack, {{"driver.user_mode.version", "520.61.05"}, {"toolkit.active", "/usr/local/cuda-11.8"}});
  EXPECT_EQ(stack->facts.at("toolkit.active").source, "CUDA_HOME");
  EXPECT_EQ(stack->facts.at("toolkit.active").detail, "");  // all claims lead to the same directory
}

TEST(Capture, NothingIdentifiesTheMachine) {
  const auto files = machine("h100-driver550");
  World world = test_world(*files);
  world.environment = {{"AWS_SECRET_ACCESS_KEY", "planted-one"},
                       {"HF_TOKEN", "planted-two"},
                       {"CUDA_CACHE_PATH", "https://a:planted-three@b/"},
                       {"HOME", "/home/planted-four"},
                       {"LD_LIBRARY_PATH", "/home/planted-four/lib"}};
  const Result<Stack> stack = capture_stack(world, {});
  ASSERT_TRUE(stack);
  const std::string text = pretty_json(to_json(*stack));
  for (const char* forbidden : {"planted", "MUST-NOT-APPEAR", "node-under-test", "GPU-0000", "00000000-0000"}) {
    EXPECT_EQ(text.find(forbidden), std::string::npos) << forbidden;
  }
  EXPECT_NE(text.find("~/lib"), std::string::npos);
}

TEST(Capture, AnEmptyRootGivesReasons) {
  const TestRoot root;
  const auto files = open_root(root.path());
  const Result<Stack> stack = capture_stack(test_world(**files), {});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  EXPECT_EQ(stack->facts.at("cpu.model").missing, Missing::absent);
}

TEST(Capture, AHostileRootNeitherHangsNorLeaves) {
  const TestRoot root;
  ASSERT_EQ(::mkfifo(root.prepare("proc/cpuinfo").c_str(), 0600), 0);
  root.link("proc/meminfo", "meminfo");
  root.link("etc/os-release", "/../../../../../../../etc/os-release");
  root.link("usr/local/cuda", "/proc/self/../../usr/local/cuda/..");
  root.write("proc/self/cgroup", "0::/../../etc\n::::\n9:memory\n" + std::string(5000, 'x') + "\n");
  root.write("proc/self/mountinfo", "1 2 3 - cgroup2\n29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("sys/fs/cgroup/memory.max", "99999999999999999999999\n");
  root.write("sys/fs/cgroup/cpu.max", "-5 0\n");
  root.write("sys/devices/system/cpu/online", "5-1,x\n");
  root.write("sys/devices/system/node/online", "\xff\xfe\n");
  root.write("proc/driver/nvidia/version", std::string(70000, 'v'));
  root.write("proc/driver/nvidia/gpus/x/information", "Model");
  root.write("sys/class/dmi/id/product_name", "\xff\xff\n");
  root.write("usr/local/cuda-1/version.json", "{\"cuda\": [1,2");
  root.write("usr/local/cuda-2/version.json", "{\"cuda\": {\"version\": 3}}");
  root.write("usr/local/cuda-3/include/cuda.h", "#define CUDA_VERSION 99999999999999999999\n");
  const auto files = open_root(root.path());
  const Result<Stack> stack = capture_stack(test_world(**files), {});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  expect_facts(*stack, {{"cpu.model", "unreadable (a FIFO, not a regular file)"},
                        {"cgroup.cpu_quota", "unreadable (not a quota: -5 0)"},
                        {"gpu.count", "1"},
                        {"gpu.models", "not stated"}});
  EXPECT_EQ(stack->facts.at("memory.total").missing, Missing::unreadable);
  EXPECT_EQ(stack->facts.at("os.name").is_known(), false);
  EXPECT_NO_FATAL_FAILURE(pretty_json(to_json(*stack)));
}

TEST(Capture, ArmHasOtherFields) {
  const TestRoot root;
  root.write(
      "proc/cpuinfo",
      "processor\t: 0\nBogoMIPS\t: 2000.00\nFeatures\t: fp asimd evtstrm aes sve sve2 i8mm bf16 cpuid\n"
      "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd4f\nCPU revision\t: 0\n\n");
  root.write("sys/devices/system/cpu/online", "0\n");
  root.write("sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
  root.write("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n");
  root.write("proc/device-tree/model", std::string("NVIDIA Grace\0", 13));
  root.write("lib/ld-musl-aarch64.so.1", "");
  root.write("lib/apk/db/installed", "C:Q1x\nP:busybox\nV:1.36\n\nC:Q1y\nP:musl\nV:1.2.4-r2\nA:aarch64\n");
  const auto files = open_root(root.path());
  const Result<Stack> stack = capture_stack(test_world(**files), {});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  expect_facts(*stack, {{"cpu.vendor", "ARM"},
                        {"cpu.model", "Neoverse V2"},
                        {"cpu.family", "8"},
                        {"cpu.isa", "aes, asimd, bf16, i8mm, sve, sve2"},
                        {"cpu.sockets", "1"},
                        {"cpu.cores", "1"},
                        {"machine.product", "NVIDIA Grace"},
                        {"os.libc", "musl 1.2.4-r2"}});
  EXPECT_EQ(stack->facts.at("machine.hypervisor").missing, Missing::absent);
}

TEST(Capture, CgroupLimitsAreTheSmallestAboveTheProcess) {
  const TestRoot root;  // v1 with one hierarchy for two controllers, no mountinfo to read
  root.write("proc/self/cgroup", "4:memory:/a/b\n3:cpu,cpuacct:/a/b\n2:name=systemd:/\n");
  root.write("sys/fs/cgroup/memory/cgroup.procs", "");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000000\n");
  root.write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "2000000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/cgroup.procs", "");
  root.write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "50000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "200000\n");
  const auto files = open_root(root.path());
  const Result<Stack> stack = capture_stack(test_world(**files), {});
  ASSERT_TRUE(stack);
  expect_facts(*stack, {{"cgroup.version", "v1"},
                        {"cgroup.memory_limit", "1000000"},
                        {"cgroup.cpu_quota", "0.25"},
                        {"cgroup.cpuset", "not applicable (no hierarchy has the cpuset controller)"}});
  EXPECT_EQ(stack->facts.at("cgroup.memory_limit").source,
            "/sys/fs/cgroup/memory/…/memory.limit_in_bytes, 1 level above the process");
}

TEST(Capture, OfAProcessTakesItsOwnView) {
  const TestRoot root;
  root.write("proc/77/status", "Cpus_allowed_list:\t2-3\n");
  root.write("proc/77/cgroup", "0::/kubepods/pod1\n");
  root.write("proc/77/environ",
             std::string("OMP_NUM_THREADS=2\0HF_TOKEN=planted\0HOME=/data/me\0LD_PRELOAD=/data/me/x.so\0", 74));
  root.write("proc/77/maps", "7f0000000000-7f0000001000 r-xp 00000000 fe:00 1   /usr/lib/libcuda.so.550.54.15\n");
  root.link("proc/77/root", "/");
  root.write("usr/lib/libcuda.so.550.54.15", "x");
  root.write("usr/lib/libcuda.so.1", "x");
  const auto files = open_root(root.path());
  World world = test_world(**files);
  world.environment = {{"OMP_NUM_THREADS", "64"}, {"MKL_NUM_THREADS", "64"}};
  const Result<Stack> stack = capture_stack(world, {.identify = false, .process = 77, .kind = SubjectKind::process});
  ASSERT_TRUE(stack);
  expect_complete(*stack);
  EXPECT_EQ(stack->subject, "process 77");
  expect_facts(*stack, {{"process.affinity", "2-3"},
                        {"process.libraries", "1"},
                        {"container.kind", "kubernetes"},
                        {"settings.OMP_NUM_THREADS", "2"},
                        {"settings.LD_PRELOAD", "~/x.so"},
                        {"driver.user_mode.version", "550.54.15"}});
  EXPECT_FALSE(stack->facts.contains("settings.MKL_NUM_THREADS"));
  EXPECT_EQ(stack->facts.at("driver.user_mode.version").source, "/proc/77/maps");
  EXPECT_EQ(stack->facts.at("settings.OMP_NUM_THREADS").source, "/proc/77/environ");
  ASSERT_EQ(stack->libraries.size(), 1u);
}

TEST(Capture, FailsOnlyForAProcessThatDoesNotExist) {
  const auto files = machine("laptop-nogpu");
  for (const int process : {99999, 0, -1}) {
    const Result<Stack> stack =
        capture_stack(test_world(*files), {.identify = false, .process = process, .kind = SubjectKind::process});
    ASSERT_FALSE(stack);
    EXPECT_EQ(stack.error().found, "there is no such process");
  }
}

TEST(Capture, OfThisMachineIsStable) {
  const World world = host_world();
  const Result<Stack> first = capture_stack(world, {});
  const Result<Stack> second = capture_stack(world, {});
  ASSERT_TRUE(first && second);
  expect_complete(*first);
  EXPECT_EQ(stack_digest(*first), stack_digest(*second));
  EXPECT_TRUE(changed_facts(*first, *second).empty());
  EXPECT_TRUE(first->facts.at("cpu.threads").is_known());
  EXPECT_TRUE(first->facts.at("memory.total").is_known());

  const Result<Stack> own =
      capture_stack(world, {.identify = false, .process = ::getpid(), .kind = SubjectKind::process});
  ASSERT_TRUE(own);
  expect_complete(*own);
  EXPECT_FALSE(own->libraries.empty());
  EXPECT_EQ(stack_digest(*own), stack_digest(*first));
}

}  // namespace
}  // namespace varve
