#include "harness/unit/unit_marks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "driver/nvml_sampler.h"
#include "harness/conditions/gpu_watch.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr double kMuchStolen = 0.05;     // of wall time x CPUs
constexpr double kMuchByOthers = 0.05;   // of the CPUs
constexpr double kBusyMachine = 0.9;     // of the CPUs: beyond it programs wait for each other
constexpr double kMuchThrottled = 0.05;  // of the samples
constexpr double kSlowClock = 0.95;      // of the median
constexpr std::uint64_t kManyMajorFaults = 100;

std::string load_text(const UnitConditions& conditions, double processors) {
  return conditions.load ? fmt::format("load {:.1f} on {:.0f}", *conditions.load, processors) : "";
}

void mark_steal(UnitOutcome& outcome, double processors) {
  const double capacity = outcome.wall_seconds * processors;
  // /proc/stat counts in steps of 10 ms: below a few of them a share means nothing.
  if (!outcome.steal_seconds || *outcome.steal_seconds < 0.03 || *outcome.steal_seconds <= kMuchStolen * capacity)
    return;
  outcome.marks.push_back({Mark::steal, "the hypervisor gave " + format_percent(*outcome.steal_seconds / capacity) +
                                            " of the CPUs to others"});
}

// A thread that has a CPU to itself is interrupted a few times a second; a fair scheduler that has to share it switches
// every few milliseconds of the thread's CPU time.
void mark_shared_cpus(UnitOutcome& outcome, double processors) {
  const double cpu = outcome.user_seconds + outcome.system_seconds;
  const auto switches = static_cast<double>(outcome.involuntary_switches);
  const bool switched = switches >= 50 && switches > 50 * cpu;
  const double others = outcome.conditions.others_cpus.value_or(0);
  const double own = outcome.wall_seconds > 0 ? cpu / outcome.wall_seconds : 0;
  const bool others_there = others > kMuchByOthers * processors;
  const bool full = others_there && own + others > kBusyMachine * processors;
  if (!full && !switched) return;
  const std::string load = load_text(outcome.conditions, processors);
  if (full || (switched && others_there)) {
    std::string text =
        fmt::format("other programs took the CPUs: {}{:.1f} busy with others", load.empty() ? "" : load + ", ", others);
    if (switched) text += fmt::format(", {} involuntary context switches", outcome.involuntary_switches);
    outcome.marks.push_back({Mark::others, std::move(text)});
  } else {
    outcome.marks.push_back(
        {Mark::switches, fmt::format("threads shared its CPUs: {} involuntary context switches{}",
                                     outcome.involuntary_switches, load.empty() ? "" : ", " + load)});
  }
}

void mark_heat_and_disk(UnitOutcome& outcome) {
  const UnitConditions& conditions = outcome.conditions;
  if (conditions.cpu_throttles.value_or(0) > 0) {
    outcome.marks.push_back(
        {Mark::throttled, fmt::format("CPUs were slowed down for heat {} times", *conditions.cpu_throttles)});
  }
  if (conditions.major_faults >= kManyMajorFaults) {
    outcome.marks.push_back(
        {Mark::paging, fmt::format("it waited for {} pages to come from a disk", conditions.major_faults)});
  }
}

void mark_gpus(UnitOutcome& outcome) {
  for (const GpuConditions& gpu : outcome.conditions.gpus) {
    if (!used_gpu(gpu)) continue;
    if (gpu.throttled >= kMuchThrottled) {
      outcome.marks.push_back(
          {Mark::throttled, fmt::format("GPU {} was slowed down in {} of the samples: {}", gpu.pci_address,
                                        format_percent(gpu.throttled), reasons_text(gpu.throttle_reasons))});
    }
    if (gpu.foreign_processes > 0) {
      outcome.marks.push_back(
          {Mark::foreign_gpu,
           fmt::format("{} other {} on GPU {}", gpu.foreign_processes,
                       gpu.foreign_processes == 1 ? "program was" : "programs were", gpu.pci_address)});
    }
  }
}

// Marks units whose clock is well below the median.
template <class ClockOf>
void mark_below_median(Run& run, const std::string& whose, ClockOf clock_of) {
  std::vector<double> clocks;
  for (const Unit& unit : run.units) {
    const std::optional<double> mhz = clock_of(unit);
    if (unit.role == UnitRole::timing && mhz) clocks.push_back(*mhz);
  }
  if (clocks.size() < 4) return;
  const double usual = median(std::move(clocks));
  for (Unit& unit : run.units) {
    const std::optional<double> mhz = clock_of(unit);
    if (unit.role != UnitRole::timing || !mhz || *mhz >= kSlowClock * usual) continue;
    unit.marks.push_back(
        {Mark::slow_clock, fmt::format("{} ran at {:.0f} MHz, where the median unit has {:.0f}", whose, *mhz, usual)});
  }
}

}  // namespace

void add_condition_marks(UnitOutcome& outcome, double processors) {
  mark_steal(outcome, processors);
  mark_shared_cpus(outcome, processors);
  mark_heat_and_disk(outcome);
  mark_gpus(outcome);
}

void mark_slow_clocks(Run& run) {
  mark_below_median(run, "CPUs", [](const Unit& unit) { return unit.conditions.cpu_mhz; });
  std::size_t gpus = 0;
  for (const Unit& unit : run.units) gpus = std::max(gpus, unit.conditions.gpus.size());
  for (std::size_t gpu = 0; gpu < gpus; ++gpu) {
    mark_below_median(run, fmt::format("GPU {}", gpu), [gpu](const Unit& unit) -> std::optional<double> {
      const std::vector<GpuConditions>& all = unit.conditions.gpus;
      return gpu < all.size() && used_gpu(all[gpu]) ? all[gpu].clock_mhz : std::nullopt;
    });
  }
}

}  // namespace varve
