// What the machine and its limits take away from speed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/speed/speed_rules.h"

namespace varve {

namespace {
constexpr const char* kNvml = "NVML API reference; nvidia-smi documentation";
constexpr const char* kKernel = "Linux kernel documentation: CPU Performance Scaling, Control Group v2";

std::string numbered_gpu(const Analysis& analysis, std::size_t index) {
  const std::string& model = analysis.gpus[index].model;
  return fmt::format("GPU {}{}", index, model.empty() ? "" : " (" + model + ")");
}

// What a list fact says of a GPU: "700 W".
std::string shown(const Gpu& gpu, const char* fact) { return find_gpu_field(fact)->text(gpu); }

// CPUs that the process may use at once: the set it is bound to, else those that are online.
std::optional<double> usable_cpus(const Analysis& analysis) {
  for (const char* id : {"process.affinity", "cgroup.cpuset"}) {
    const std::optional<std::string> list = text_of(analysis, id);
    if (!list) continue;
    double count = 0;
    for (const std::string_view piece : split(*list, ',')) {
      const std::size_t dash = piece.find('-');
      const auto first = parse_integer(trim(piece.substr(0, dash)));
      const auto last = dash == std::string_view::npos ? first : parse_integer(trim(piece.substr(dash + 1)));
      if (!first || !last || *last < *first) return number_of(analysis, "cpu.threads");
      count += static_cast<double>(*last - *first + 1);
    }
    if (count > 0) return count;
  }
  return number_of(analysis, "cpu.threads");
}

std::string gibibytes(double bytes) { return fmt::format("{:.1f} GiB", bytes / (1024.0 * 1024 * 1024)); }

std::vector<Found> slow_governor(const Analysis& analysis) {
  const std::string governor = text_of(analysis, "cpu.frequency.governor").value_or("");
  if (governor.find("powersave") == std::string::npos && governor.find("conservative") == std::string::npos) return {};
  const std::string driver = text_of(analysis, "cpu.frequency.driver").value_or("");
  // intel_pstate and amd-pstate choose the frequency themselves: their powersave is the ordinary setting.
  const bool chooses = driver.find("pstate") != std::string::npos && driver != "intel_cpufreq";
  Found found{.evidence = fmt::format("The frequency governor is {} (driver {})", governor,
                                      driver.empty() ? "not known" : driver)};
  if (chooses) {
    found.consequence =
        "The processor decides its frequency by load; single short kernels may start below the highest clock";
  } else if (governor.find("powersave") != std::string::npos) {
    found.severity = Severity::warning;
    found.consequence = "The processor stays at its lowest clock";
  }
  return {std::move(found)};
}

std::vector<Found> power_below_default(const Analysis& analysis) {
  std::vector<Found> found;
  for (std::size_t i = 0; i < analysis.gpus.size(); ++i) {
    const Gpu& gpu = analysis.gpus[i];
    const auto &watts = gpu.power_limit_watts, &delivered = gpu.power_limit_default_watts;
    if (!watts || !delivered || *watts >= *delivered) continue;
    found.push_back({.evidence = fmt::format("{} is limited to {}, {} as delivered", numbered_gpu(analysis, i),
                                             shown(gpu, "gpu.power_limit"), shown(gpu, "gpu.power_limit_default"))});
  }
  return found;
}

std::vector<Found> ecc_unlike(const Analysis& analysis) {
  std::vector<std::string> modes;
  bool pending = false;
  for (const Gpu& gpu : analysis.gpus) {
    if (!gpu.ecc) continue;
    modes.push_back(shown(gpu, "gpu.ecc"));
    pending = pending || gpu.ecc->on != gpu.ecc->on_after_reset;
  }
  if (std::set<std::string>(modes.begin(), modes.end()).size() < 2 && !pending) return {};
  return {{.evidence = "ECC of GPU memory is " + join(modes, ", ")}};
}

std::vector<Found> partitioned_gpus(const Analysis& analysis) {
  std::vector<std::string> partitioned;
  for (std::size_t i = 0; i < analysis.gpus.size(); ++i) {
    const auto& mig = analysis.gpus[i].mig;
    if (mig && mig->on) partitioned.push_back(numbered_gpu(analysis, i));
  }
  if (partitioned.empty()) {
    // Nobody asked the driver; its files name the parts.
    const std::vector<std::string> parts = list_of(analysis, "gpu.mig.instances");
    if (parts.empty()) return {};
    return {{.evidence = "The driver names parts of a GPU (MIG): " + and_more(parts, 4)}};
  }
  return {{.evidence = join(partitioned, ", ") + (partitioned.size() == 1 ? " is" : " are") + " partitioned (MIG)"}};
}

std::vector<Found> clocks_below_best(const Analysis& analysis) {
  std::vector<Found> found;
  for (std::size_t i = 0; i < analysis.gpus.size(); ++i) {
    const Gpu& gpu = analysis.gpus[i];
    if (!gpu.application_clocks || !gpu.clock_sm_max_mhz) continue;
    if (gpu.application_clocks->sm_mhz >= *gpu.clock_sm_max_mhz) continue;
    found.push_back({.evidence = fmt::format("{} has application clocks of {}; the highest SM clock is {}",
                                             numbered_gpu(analysis, i), shown(gpu, "gpu.application_clocks"),
                                             shown(gpu, "gpu.clock_sm_max"))});
  }
  return found;
}

std::vector<Found> link_below_best(const Analysis& analysis) {
  std::vector<Found> found;
  for (std::size_t i = 0; i < analysis.gpus.size(); ++i) {
    const Gpu& gpu = analysis.gpus[i];
    if (!gpu.pcie || !gpu.pcie_max || gpu.pcie->lanes >= gpu.pcie_max->lanes) continue;
    found.push_back({.evidence = fmt::format("{} is linked by PCIe {}, at best {}", numbered_gpu(analysis, i),
                                             shown(gpu, "gpu.pcie"), shown(gpu, "gpu.pcie_max"))});
    constexpr std::int64_t kFarBelow = 8;  // one lane of sixteen: a riser or a bad contact, no choice of a board's
    if (gpu.pcie->lanes * kFarBelow <= gpu.pcie_max->lanes) found.back().severity = Severity::warning;
  }
  return found;
}

std::vector<Found> persistence_off(const Analysis& analysis) {
  for (std::size_t i = 0; i < analysis.gpus.size(); ++i) {
    const Gpu& gpu = analysis.gpus[i];
    if (gpu.persistence && !*gpu.persistence) return {{.evidence = numbered_gpu(analysis, i) + " has persistence off"}};
  }
  return {};
}

std::vector<Found> cpu_quota_below_cpus(const Analysis& analysis) {
  const std::optional<double> quota = number_of(analysis, "cgroup.cpu_quota");
  const std::optional<double> cpus = usable_cpus(analysis);
  if (!quota || !cpus || *quota >= *cpus) return {};
  Found found{.evidence =
                  fmt::format("The cgroup grants {:g} CPUs of time, and {:g} CPUs are to be seen", *quota, *cpus)};
  const std::optional<std::string> threads = setting_of(analysis, "OMP_NUM_THREADS");
  const auto asked = threads ? parse_number(*threads) : std::nullopt;
  if (asked && *asked <= std::ceil(*quota)) {
    found.consequence =
        "Programs that ask OMP_NUM_THREADS (" + *threads + ") stay within it; others start more threads";
  }
  return {std::move(found)};
}

std::vector<Found> memory_limited(const Analysis& analysis) {
  const std::optional<double> limit = number_of(analysis, "cgroup.memory_limit");
  const std::optional<double> total = number_of(analysis, "memory.total");
  if (!limit || !total || *limit >= *total) return {};
  return {{.evidence = fmt::format("The cgroup grants {} of {} of memory", gibibytes(*limit), gibibytes(*total))}};
}

std::vector<Found> threads_unlike_cpus(const Analysis& analysis) {
  const std::optional<double> cpus = usable_cpus(analysis);
  if (!cpus) return {};
  std::vector<Found> found;
  for (const char* name : {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"}) {
    const std::optional<std::string> value = setting_of(analysis, name);
    const auto threads = value ? parse_integer(trim(*value)) : std::nullopt;
    if (!threads || *threads <= 0) continue;
    const auto count = static_cast<double>(*threads);
    if (count == 1 && *cpus > 1) {
      found.push_back({.evidence = fmt::format("{}=1, and {:g} CPUs may be used", name, *cpus)});
    } else if (count > *cpus) {
      found.push_back({.evidence = fmt::format("{}={}, and only {:g} CPUs may be used", name, *threads, *cpus),
                       .consequence = "Threads wait for each other: slower than with as many threads as CPUs"});
    }
  }
  return found;
}
}  // namespace

const std::vector<Rule>& speed_machine_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-SPEED-GOVERNOR",
       .layer = Layer::os,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "The processor may run at its highest clock",
       .consequence = "The processor raises its clock late",
       .fix = "cpupower frequency-set -g performance, for the time of measuring",
       .source = kKernel,
       .judge = slow_governor},
      {.id = "VRV-SPEED-POWER-LIMIT",
       .layer = Layer::hardware,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "GPUs have the power limit that they were delivered with",
       .consequence = "Clocks drop under load",
       .fix = "nvidia-smi -pl WATTS, as root, or state the limit beside the number",
       .source = kNvml,
       .judge = power_below_default},
      {.id = "VRV-SPEED-ECC",
       .layer = Layer::hardware,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "ECC is in one state on all GPUs",
       .consequence = "GPUs of one machine differ in bandwidth and memory, or will after the next reset",
       .fix = "nvidia-smi -e 0|1, as root, then a reset",
       .source = kNvml,
       .judge = ecc_unlike},
      {.id = "VRV-SPEED-MIG",
       .layer = Layer::hardware,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "A whole GPU is used",
       .consequence =
           "A process has one slice: its share of multiprocessors, memory and bandwidth, and no peer-to-peer copies",
       .fix = "State the slice beside the number, or take the GPU out of MIG mode",
       .source = "NVIDIA Multi-Instance GPU User Guide",
       .judge = partitioned_gpus},
      {.id = "VRV-SPEED-CLOCKS",
       .layer = Layer::hardware,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "GPUs may run at their highest clock",
       .consequence = "Where application clocks hold, the GPU stays below its highest clock",
       .fix = "nvidia-smi -rac, or state the clocks beside the number",
       .source = kNvml,
       .judge = clocks_below_best},
      {.id = "VRV-SPEED-PCIE",
       .layer = Layer::hardware,
       .severity = Severity::note,
       .mender = Mender::hardware,
       .category = FaultCategory::silent_slowdown,
       .statement = "GPUs are linked by all of their PCIe lanes",
       .consequence = "Copies between host and GPU take longer",
       .fix = "Put the GPU into a slot with all lanes; look for risers and shared slots",
       .source = kNvml,
       .judge = link_below_best},
      {.id = "VRV-SPEED-PERSISTENCE",
       .layer = Layer::hardware,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "The driver keeps GPUs ready while nothing uses them",
       .consequence = "Where no display and no other program holds the GPU, every start initialises it: seconds",
       .fix = "Start nvidia-persistenced at boot, or nvidia-smi -pm 1 as root",
       .source = "NVIDIA, Driver Persistence; dmlc/cxxnet issue 108, gunrock/gunrock issue 88",
       .judge = persistence_off},
      {.id = "VRV-SPEED-CPU-QUOTA",
       .layer = Layer::container,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "The CPU time that is granted suffices for the CPUs that are seen",
       .consequence = "Libraries start as many threads as they see CPUs, and are stopped when the time is used up",
       .fix =
           "Set the number of threads (OMP_NUM_THREADS) to the CPUs granted, or bind to CPUs instead of limiting time",
       .source = kKernel,
       .judge = cpu_quota_below_cpus},
      {.id = "VRV-SPEED-MEMORY-LIMIT",
       .layer = Layer::container,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::silent_slowdown,
       .statement = "The memory of the machine may be used",
       .consequence = "Data that would stay in the page cache is read again; beyond the limit the process is killed",
       .fix = "Raise the limit, or load less at once",
       .source = kKernel,
       .judge = memory_limited},
      {.id = "VRV-SPEED-THREADS",
       .layer = Layer::settings,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "There are as many threads as CPUs",
       .consequence = "Work on the CPU (data loading, tokenizing, CPU operators) uses one core; torchrun sets it to 1 "
                      "when it is not set",
       .fix = "Set it to the CPUs of this process divided by its ranks",
       .source = "PyTorch documentation, torchrun; OpenMP API, OMP_NUM_THREADS",
       .judge = threads_unlike_cpus},
  };
  return rules;
}

}  // namespace varve
