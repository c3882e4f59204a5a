#include "harness/noise_check.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "capture/capture_stack.h"
#include "harness/conditions/canary.h"
#include "harness/conditions/machine_time.h"
#include "harness/conditions/machine_watch.h"
#include "loading/binary_cache.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
using Grade = NoiseItem::Grade;

double own_cpu_seconds() {
  double sum = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    if (getrusage(who, &used) != 0) continue;
    for (const timeval& time : {used.ru_utime, used.ru_stime}) {
      sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    }
  }
  return sum;
}

Grade grade_of(double value, double look, double bad) {
  return value < look ? Grade::good : value < bad ? Grade::look : Grade::bad;
}

// What others did with the CPUs meanwhile.
void judge_others(const MachineTime& before, const MachineTime& after, double own, const UnitConditions& conditions,
                  NoiseReport& report) {
  const auto processors = static_cast<double>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  const double capacity = report.seconds * processors;
  if (capacity <= 0) return;
  const double others = std::max(0.0, after.busy - before.busy - own);
  const double stolen = std::max(0.0, after.steal - before.steal);
  std::string found = fmt::format("{:.1f} of {:.0f} CPUs busy with others", others / report.seconds, processors);
  if (conditions.load) found += fmt::format(", load {:.1f}", *conditions.load);
  report.items.push_back(
      {"other programs", found, grade_of(others / capacity, 0.05, 0.25),
       others / capacity < 0.05 ? "" : "end them, or give the benchmark CPUs of its own (taskset, cgroup cpuset)"});
  report.items.push_back({"steal", format_percent(stolen / capacity) + " of the CPUs went to other guests",
                          grade_of(stolen / capacity, 0.01, 0.05),
                          stolen / capacity < 0.01 ? "" : "take a machine with dedicated CPUs; compare CPU time"});
  if (conditions.cpu_throttles) {
    const bool hot = *conditions.cpu_throttles > 0;
    report.items.push_back({"throttling",
                            fmt::format("CPUs were slowed down for heat {} times", *conditions.cpu_throttles),
                            hot ? Grade::bad : Grade::good, hot ? "see to cooling, or fix a lower clock" : ""});
  }
}

// A fact that is fine as one of `good`, and else has a remedy.
void judge_fact(const Stack& stack, const char* id, const char* name, const std::vector<std::string>& good,
                const char* mend, NoiseReport& report) {
  const auto found = stack.facts.find(id);
  if (found == stack.facts.end() || !found->second.is_known()) return;
  const std::string text = fact_text(found->second);
  const bool fine = std::find(good.begin(), good.end(), text) != good.end();
  report.items.push_back({name, text, fine ? Grade::good : Grade::look, fine ? "" : mend});
}
}  // namespace

void judge_canaries(const std::vector<Canary>& canaries, NoiseReport& report) {
  std::vector<double> cpu, memory;
  for (std::size_t i = 1; i < canaries.size(); ++i) {
    cpu.push_back(std::log(canaries[i].cpu_seconds / canaries[i - 1].cpu_seconds));
    memory.push_back(std::log(canaries[i].memory_seconds / canaries[i - 1].memory_seconds));
  }
  report.canaries = static_cast<int>(canaries.size());
  report.cpu_spread = standard_deviation(cpu);
  report.memory_spread = standard_deviation(memory);
  constexpr double kPower = 3.2415;  // z.975 + z.90
  report.resolved = std::expm1(kPower * std::max(report.cpu_spread, report.memory_spread) / std::sqrt(8.0));
}

void judge_machine(const Stack& stack, NoiseReport& report) {
  judge_fact(stack, "cpu.frequency.governor", "governor", {"performance"}, "cpupower frequency-set -g performance",
             report);
  judge_fact(stack, "cpu.frequency.boost", "boost", {"disabled", "off", "false"},
             "clocks above the base depend on heat and on the other cores: switch it off to compare, or warm up",
             report);
  judge_fact(stack, "cpu.smt", "hyper-threads", {"off", "false", "notsupported", "forceoff"},
             "two threads of a core slow each other: pin one a core (taskset)", report);
  judge_fact(stack, "machine.hypervisor", "virtual machine", {"none"},
             "neighbours are out of sight: see steal, compare CPU time", report);
  judge_fact(stack, "cgroup.cpu_quota", "CPU quota", {"none", "max", "unlimited"},
             "a quota stops all threads for a part of every period: give the container whole CPUs", report);
  judge_fact(stack, "os.numa_balancing", "NUMA balancing", {"0", "off", "disabled", "false"},
             "pages move while units run: sysctl kernel.numa_balancing=0, or bind with numactl", report);
  judge_fact(stack, "gpu.persistence", "GPU persistence", {"enabled"}, "nvidia-smi -pm 1", report);
}

Result<NoiseReport> check_noise(const World& world, double seconds, const std::function<void(double)>& progress) {
  NoiseReport report;
  MachineClock clock(world.files);
  MachineWatch watch(world.files);
  const std::optional<MachineTime> before = clock.read();
  const double own_before = own_cpu_seconds(), start = monotonic_now();
  watch.begin(start);
  std::vector<Canary> canaries;
  constexpr std::size_t kFewest = 10;
  while (canaries.size() < kFewest || monotonic_now() - start < seconds) {
    const std::optional<Canary> canary = take_canary();
    if (!canary) return Error{"checking how noisy the machine is", "", "no process can be made", "see ulimit -u"};
    canaries.push_back(*canary);
    progress(std::min(1.0, (monotonic_now() - start) / seconds));
  }
  UnitConditions conditions;
  watch.finish(monotonic_now(), conditions);
  report.seconds = monotonic_now() - start;
  judge_canaries(canaries, report);
  if (const std::optional<MachineTime> after = clock.read(); before && after) {
    judge_others(*before, *after, own_cpu_seconds() - own_before, conditions, report);
  }
  const Result<Stack> stack =
      capture_stack(world, {.handshake = false, .cache_folder = user_cache_folder(world.environment)});
  if (stack) judge_machine(*stack, report);
  return report;
}

}  // namespace varve
