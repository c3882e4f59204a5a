#include "rules/rule.h"
#include "rules/speed/dispatch_findings.h"
#include "rules/speed/speed_machine.h"
#include "rules/speed/speed_settings.h"

namespace varve {

namespace {
std::vector<Found> slower_versions(const Situation& situation) { return known_dispatch_changes(situation, true); }
std::vector<Found> other_versions(const Situation& situation) { return known_dispatch_changes(situation, false); }

template <const char* topic>
std::vector<Found> settings(const Situation& situation) {
  return settings_of_topic(situation, topic);
}
constexpr char kWaiting[] = "waiting", kPrecision[] = "precision", kAllocator[] = "allocator", kLoading[] = "loading",
               kDeterministic[] = "deterministic", kCache[] = "cache", kPath[] = "path";

Rule speed_rule(const char* id, Layer layer, Mender mender, const char* statement, const char* consequence,
                const char* fix, const char* source, std::vector<Found> (*judge)(const Situation&)) {
  return {.id = id,
          .layer = layer,
          .severity = Severity::note,
          .mender = mender,
          .category = "silent_slowdown",
          .needs = {},
          .statement = statement,
          .consequence = consequence,
          .fix = fix,
          .source = source,
          .judge = judge};
}

constexpr const char* kCudaVariables = "CUDA C++ Programming Guide, CUDA Environment Variables";
constexpr const char* kNvml = "NVML API reference; nvidia-smi documentation";
constexpr const char* kKernel = "Linux kernel documentation: CPU Performance Scaling, Control Group v2";

std::vector<Rule> version_and_setting_rules() {
  return {
      speed_rule("VRV-SPEED-KNOWN-SLOWER", Layer::kernel_library, Mender::framework,
                 "No release is used that is known to be slower on this GPU",
                 "Some operations are slower than before or after it", "Take a release before or after it",
                 "data/dispatch_changes.json, where every row has its source", slower_versions),
      speed_rule("VRV-SPEED-OTHER-KERNELS", Layer::kernel_library, Mender::framework,
                 "Releases that choose other kernels by default are known when numbers are compared",
                 "Kernels, speed or rounding differ from those of other releases", "State it beside the number",
                 "data/dispatch_changes.json, where every row has its source", other_versions),
      speed_rule("VRV-SPEED-WAITING", Layer::settings, Mender::application,
                 "No variable for finding faults makes launches wait", "CPU and GPU no longer work at the same time",
                 "Unset it for anything but finding a fault", kCudaVariables, settings<kWaiting>),
      speed_rule(
          "VRV-SPEED-PRECISION", Layer::settings, Mender::application,
          "The precision of matrix products is the framework's default",
          "Speed and rounding of float32 work differ from a run without it", "State it beside the number, or unset it",
          "cuBLAS documentation, NVIDIA_TF32_OVERRIDE; PyTorch documentation, CUDA semantics", settings<kPrecision>),
      speed_rule("VRV-SPEED-ALLOCATOR", Layer::settings, Mender::application,
                 "GPU memory is taken in the framework's usual way",
                 "Time for taking memory, and how much of it fits, differ", "State it beside the number, or unset it",
                 "PyTorch documentation, Memory management; JAX documentation, GPU memory allocation",
                 settings<kAllocator>),
      speed_rule("VRV-SPEED-LOADING", Layer::settings, Mender::application,
                 "GPU code is loaded as the driver does by default", "Start and first calls take another time",
                 "Warm up before measuring; unset it to compare with others", kCudaVariables, settings<kLoading>),
      speed_rule("VRV-SPEED-DETERMINISTIC", Layer::settings, Mender::application, "Kernels are chosen for speed",
                 "Fewer kernels may be chosen; what is left is often slower",
                 "Keep it where results must repeat, and state it",
                 "cuBLAS documentation, Results reproducibility; TensorFlow release notes; NCCL documentation",
                 settings<kDeterministic>),
      speed_rule("VRV-SPEED-CACHE", Layer::settings, Mender::application, "What was compiled once is kept",
                 "Every start pays for compiling again", "Unset it, or point the cache at a folder that lasts",
                 kCudaVariables, settings<kCache>),
      speed_rule("VRV-SPEED-PATH", Layer::settings, Mender::application, "No variable switches a faster way off",
                 "Other, mostly slower, code runs", "Unset it unless it mends a fault",
                 "documentation of the framework or library that reads it", settings<kPath>),
  };
}

std::vector<Rule> machine_rules() {
  return {
      speed_rule("VRV-SPEED-GOVERNOR", Layer::os, Mender::platform, "The processor may run at its highest clock",
                 "The processor raises its clock late",
                 "cpupower frequency-set -g performance, for the time of measuring", kKernel, slow_governor),
      speed_rule("VRV-SPEED-POWER-LIMIT", Layer::hardware, Mender::platform,
                 "GPUs have the power limit that they were delivered with", "Clocks drop under load",
                 "nvidia-smi -pl WATTS, as root, or state the limit beside the number", kNvml, power_below_default),
      speed_rule("VRV-SPEED-ECC", Layer::hardware, Mender::platform, "ECC is in one state on all GPUs",
                 "GPUs of one machine differ in bandwidth and memory, or will after the next reset",
                 "nvidia-smi -e 0|1, as root, then a reset", kNvml, ecc_unlike),
      speed_rule(
          "VRV-SPEED-MIG", Layer::hardware, Mender::platform, "A whole GPU is used",
          "A process has one slice: its share of multiprocessors, memory and bandwidth, and no peer-to-peer copies",
          "State the slice beside the number, or take the GPU out of MIG mode", "NVIDIA Multi-Instance GPU User Guide",
          partitioned_gpus),
      speed_rule("VRV-SPEED-CLOCKS", Layer::hardware, Mender::platform, "GPUs may run at their highest clock",
                 "Where application clocks hold, the GPU stays below its highest clock",
                 "nvidia-smi -rac, or state the clocks beside the number", kNvml, clocks_below_best),
      speed_rule("VRV-SPEED-PCIE", Layer::hardware, Mender::hardware, "GPUs are linked by all of their PCIe lanes",
                 "Copies between host and GPU take longer",
                 "Put the GPU into a slot with all lanes; look for risers and shared slots", kNvml, link_below_best),
      speed_rule(
          "VRV-SPEED-CPU-QUOTA", Layer::container, Mender::platform,
          "The CPU time that is granted suffices for the CPUs that are seen",
          "Libraries start as many threads as they see CPUs, and are stopped when the time is used up",
          "Set the number of threads (OMP_NUM_THREADS) to the CPUs granted, or bind to CPUs instead of limiting time",
          kKernel, cpu_quota_below_cpus),
      speed_rule("VRV-SPEED-MEMORY-LIMIT", Layer::container, Mender::platform, "The memory of the machine may be used",
                 "Data that would stay in the page cache is read again; beyond the limit the process is killed",
                 "Raise the limit, or load less at once", kKernel, memory_limited),
      speed_rule("VRV-SPEED-THREADS", Layer::settings, Mender::application, "There are as many threads as CPUs",
                 "Work on the CPU (data loading, tokenizing, CPU operators) uses one core; torchrun sets it to 1 when "
                 "it is not set",
                 "Set it to the CPUs of this process divided by its ranks",
                 "PyTorch documentation, torchrun; OpenMP API, OMP_NUM_THREADS", threads_unlike_cpus),
  };
}
}  // namespace

const std::vector<Rule>& speed_rules() {
  static const std::vector<Rule> rules = [] {
    std::vector<Rule> all = version_and_setting_rules();
    for (Rule& rule : machine_rules()) all.push_back(std::move(rule));
    return all;
  }();
  return rules;
}

}  // namespace varve
