#include "harness/unit/process_executor.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "harness/unit/measured_window.h"
#include "harness/unit/metrics.h"
#include "harness/unit/unit_process.h"
#include "kernels/perf_events.h"

namespace varve {

namespace {

constexpr std::size_t kOutputBuffer = 65536;  // what a pipe holds
constexpr double kMachineTimeStep = 0.01;     // seconds: USER_HZ is 100
constexpr double kMuchSteal = 0.05;           // of wall time x CPUs

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// The largest resident set this process has had (VmHWM in /proc/self/status); 0 when it cannot be read.
std::uint64_t own_peak_bytes(const Files& files) {
  const Looked<std::string> text = files.read("/proc/self/status");
  const std::size_t at = text ? text->find("\nVmHWM:") : std::string::npos;
  if (at == std::string::npos) return 0;
  const std::vector<std::string_view> words = split_words(std::string_view(*text).substr(at + 1, 64));
  const std::optional<std::int64_t> kibibytes = words.size() > 1 ? parse_integer(words[1]) : std::nullopt;
  return kibibytes ? static_cast<std::uint64_t>(*kibibytes) * 1024 : 0;
}

// The CPUs that a process may run on, also of one that has ended and was not waited for yet; empty when not known.
// sched_getaffinity(2): the same mask as in /proc/PID/status, of those that are online, and no file is read for it.
std::string cpus_allowed(int process) {
  constexpr std::size_t kMostCpus = 4096;
  cpu_set_t mask[kMostCpus / CPU_SETSIZE];
  if (sched_getaffinity(process, sizeof mask, mask) != 0) return "";
  std::set<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < kMostCpus; ++cpu) {
    if (CPU_ISSET_S(cpu, sizeof mask, mask)) cpus.insert(cpu);
  }
  return format_cpu_list(cpus);
}

// A little wider than it was: the clock was read in whole seconds and fractions, not in nanoseconds.
Stretch life_of(const UnitOutcome& outcome) {
  constexpr double kRounding = 1e-6;
  return {static_cast<std::int64_t>(std::floor((outcome.started_at - kRounding) * 1e9)),
          static_cast<std::int64_t>(std::ceil((outcome.started_at + outcome.wall_seconds + kRounding) * 1e9))};
}

// What the program wrote, and what of its evidence that speaks of.
UnitWindow take_metrics(Result<WrittenMetrics> written, const UnitRequest& request, UnitOutcome& outcome) {
  if (!written) {
    outcome.metrics = written.error();
    return {};
  }
  const Stretch life = life_of(outcome);
  UnitWindow window = unit_window(*written, request.window_metric, life);
  if (!window.stretches.empty()) outcome.window = measured_window(window.stretches, life);
  outcome.stretches = window.stretches;
  outcome.window_fault = window.fault;
  outcome.metrics = std::move(written->metrics);
  return window;
}

void take_evidence(KernelEvidence evidence, UnitOutcome& outcome) {
  outcome.libraries = std::move(evidence.libraries);
  outcome.seen = std::move(evidence.seen);
  if (!evidence.use) return;
  outcome.threads_at_work = evidence.use->threads;
  outcome.cpus = std::move(evidence.use->cpus);
}

void add_load_marks(UnitOutcome& outcome, double processors) {
  const double capacity = outcome.wall_seconds * processors;
  // /proc/stat counts in steps of 10 ms: below a few of them a share means nothing.
  if (outcome.steal_seconds && *outcome.steal_seconds >= 0.03 && *outcome.steal_seconds > kMuchSteal * capacity) {
    const std::string share = format_percent(*outcome.steal_seconds / capacity);
    outcome.marks.push_back({Mark::steal, "machine steal " + share});
  }
  // A thread that has a CPU to itself is interrupted a few times a second; a fair scheduler that has to share it
  // switches every few milliseconds of the thread's CPU time.
  const double cpu = outcome.user_seconds + outcome.system_seconds;
  const auto switches = static_cast<double>(outcome.involuntary_switches);
  if (switches >= 50 && switches > 50 * cpu) {
    outcome.marks.push_back(
        {Mark::switches, fmt::format("{} involuntary context switches", outcome.involuntary_switches)});
  }
}

}  // namespace

ProcessExecutor::ProcessExecutor(const World& world, KernelWitness& witness, TemporaryDirectory directory,
                                 ExitWatch watch)
    : world_(world),
      witness_(witness),
      directory_(std::move(directory)),
      watch_(watch),
      metrics_path_(directory_.path() + "/metrics.jsonl"),
      empty_input_(open_empty_input()),
      leftovers_(world.files),
      machine_(world.files),
      buffer_(kOutputBuffer) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors > 0) processors_ = static_cast<double>(processors);
}

std::vector<std::string> ProcessExecutor::environment_for(const UnitRequest& request) const {
  std::vector<std::string> environment;
  environment.reserve(request.environment->size() + 2);
  for (const std::string& setting : *request.environment) {
    if (!setting.starts_with("VARVE_METRICS=") && !setting.starts_with("VARVE_PAD=")) environment.push_back(setting);
  }
  environment.push_back("VARVE_METRICS=" + metrics_path_);
  environment.push_back("VARVE_PAD=" + std::string(static_cast<std::size_t>(request.environment_pad), 'x'));
  return environment;
}

// Reading /proc/stat costs some 20 µs, more with many CPUs, and its counts move in steps of 10 ms: an answer that is
// not older is as good. So of many short units the steal is that of all together, each has its own within a step.
std::optional<MachineTime> ProcessExecutor::machine_time() {
  const double now = monotonic_now();
  if (!last_machine_time_ || now - last_machine_time_at_ >= kMachineTimeStep) {
    last_machine_time_ = machine_.read();
    last_machine_time_at_ = now;
  }
  return last_machine_time_;
}

UnitOutcome ProcessExecutor::execute(const UnitRequest& request) {
  UnitOutcome outcome;
  unlink(metrics_path_.c_str());
  const std::vector<std::string> environment = environment_for(request);
  const std::optional<MachineTime> before = machine_time();
  outcome.started_at = monotonic_now();
  Result<SpawnedProcess> spawned = spawn_process(request.program, *request.command, environment, empty_input_.fd());
  if (!spawned) {
    outcome.not_started = to_text(spawned.error());
    return outcome;
  }
  if (watch_ == ExitWatch::asking) spawned->exit_notice = FileHandle();
  UnitProcess process(std::move(*spawned), outcome.started_at, request, buffer_);
  outcome.wall_seconds = process.wait_for_end(witness_) - outcome.started_at;
  const std::optional<MachineTime> after = machine_time();

  outcome.cpus_allowed = cpus_allowed(process.process());
  rusage used = {};
  const bool reaped = process.reap(outcome.end, used);
  if (!reaped) outcome.marks.push_back({Mark::unknown_use, "did not end after SIGKILL; its resources are not known"});
  outcome.user_seconds = seconds(used.ru_utime);
  outcome.system_seconds = seconds(used.ru_stime);
  outcome.involuntary_switches = static_cast<std::uint64_t>(used.ru_nivcsw);
  set_peak_memory(static_cast<std::uint64_t>(used.ru_maxrss) * 1024, outcome);
  if (before && after) outcome.steal_seconds = std::max(0.0, after->steal - before->steal);
  add_load_marks(outcome, processors_);

  for (UnitMark& mark : process.clean_up(leftovers_)) outcome.marks.push_back(std::move(mark));
  const UnitWindow window = take_metrics(read_metrics(metrics_path_), request, outcome);
  take_evidence(witness_.unit_ended(window.stretches), outcome);
  outcome.last_output = process.last_output();
  return outcome;
}

// Linux starts a child's peak at that of the process it was split off from (exec copies the old address space's peak):
// a value at or below our own peak says nothing about the program.
void ProcessExecutor::set_peak_memory(std::uint64_t bytes, UnitOutcome& outcome) {
  if (bytes > own_peak_bytes_) own_peak_bytes_ = std::max(own_peak_bytes_, own_peak_bytes(world_.files));
  if (bytes > own_peak_bytes_) {
    outcome.peak_memory_bytes = bytes;
  } else {
    outcome.peak_memory_note = "not above the peak of Varve itself, at which Linux starts the count";
  }
}

}  // namespace varve
