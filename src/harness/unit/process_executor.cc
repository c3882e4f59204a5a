#include "harness/unit/process_executor.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <iterator>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/measured_window.h"
#include "harness/unit/metrics.h"
#include "harness/unit/unit_marks.h"
#include "harness/unit/unit_process.h"
#include "kernels/perf_events.h"

namespace varve {

namespace {

constexpr std::size_t kOutputBuffer = 65536;  // what a pipe holds
constexpr double kMachineTimeStep = 0.01;     // seconds: USER_HZ is 100
constexpr double kShortestForOthers = 0.1;    // seconds: what others used is known in steps of 10 ms

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

// A little wider than it was: the clock was read in whole seconds and fractions, not in nanoseconds.
Stretch life_of(const UnitOutcome& outcome) {
  constexpr double kRounding = 1e-6;
  return {static_cast<std::int64_t>(std::floor((outcome.started_at - kRounding) * 1e9)),
          static_cast<std::int64_t>(std::ceil((outcome.started_at + outcome.wall_seconds + kRounding) * 1e9))};
}

// What the program wrote, and what of its evidence that speaks of. A number that says not when it was measured speaks
// of the steps that the program marked.
UnitWindow take_metrics(Result<WrittenMetrics> written, const UnitRequest& request,
                        const std::optional<MarkedSteps>& marked, UnitOutcome& outcome) {
  if (!written) {
    outcome.metrics = written.error();
    return {};
  }
  const Stretch life = life_of(outcome);
  UnitWindow window = unit_window(*written, request.window_metric, life);
  const bool by_marks = window.stretches.empty() && window.fault.empty() && marked && !written->metrics.empty() &&
                        !is_built_in_metric(request.window_metric);
  if (by_marks) window.stretches = marked->stretches;
  if (!window.stretches.empty()) outcome.window = measured_window(window.stretches, life);
  if (by_marks) outcome.window->marks = marked->annotation;
  if (by_marks) outcome.telling_seconds = marked->telling_seconds;
  outcome.stretches = window.stretches;
  outcome.window_fault = window.fault;
  outcome.metrics = std::move(written->metrics);
  outcome.work_fault = std::move(written->work_fault);
  for (const std::string& note : written->notes)
    outcome.metrics_note += (outcome.metrics_note.empty() ? "" : "; ") + note;
  return window;
}

void take_evidence(KernelEvidence evidence, UnitOutcome& outcome) {
  outcome.libraries = std::move(evidence.libraries);
  outcome.seen = std::move(evidence.seen);
  if (!evidence.use) return;
  outcome.threads_at_work = evidence.use->threads;
  outcome.cpus = std::move(evidence.use->cpus);
}

void take_server_use(ServerProcess& server, const ServerUse& before, UnitOutcome& outcome) {
  if (const std::string ended = server.ended(); !ended.empty()) {
    outcome.server_fault = ended;
    outcome.end.server_failed = true;
  }
  ServerUse use = server.use();
  use.user_seconds = std::max(0.0, use.user_seconds - before.user_seconds);
  use.system_seconds = std::max(0.0, use.system_seconds - before.system_seconds);
  outcome.server = use;
  server.served_one();
}

// Why there is no metric, where the program had a file for it; "" where there is one.
std::string no_metric_note(MetricsFile file, const std::string& folder) {
  if (file == MetricsFile::written) return "";
  if (file == MetricsFile::vanished) return "the file $VARVE_METRICS was there when the unit began, and is gone";
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) == 0 && disk.f_bavail == 0) {
    return "the program could write nothing to $VARVE_METRICS: the disk of " + std::string("the temporary folder") +
           " is full";
  }
  return "the program wrote nothing to $VARVE_METRICS";
}

}  // namespace

ProcessExecutor::ProcessExecutor(const World& world, KernelWitness& witness, TemporaryDirectory directory,
                                 ExitWatch watch, GpuWatch gpus)
    : world_(world),
      witness_(witness),
      directory_(std::move(directory)),
      watch_(watch),
      metrics_(directory_.path() + "/metrics.jsonl"),
      marks_(directory_.path() + "/marks", witness.is_wanted()),
      empty_input_(open_empty_input()),
      leftovers_(world.files),
      machine_(world.files),
      conditions_(world.files),
      gpus_(std::move(gpus)),
      buffer_(kOutputBuffer) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors > 0) processors_ = static_cast<double>(processors);
}

// Made once of each that units are given: only the padding is another every time.
const std::vector<std::string>& ProcessExecutor::environment_for(const UnitRequest& request) {
  Environment& made = environments_[request.environment];
  if (made.built.empty() || made.marks != request.marks || made.asked != *request.environment) {
    made = {request.marks, *request.environment, {}};
    for (const std::string& setting : made.asked) {
      if (!setting.starts_with("VARVE_METRICS=") && !setting.starts_with("VARVE_PAD=")) made.built.push_back(setting);
    }
    marks_.add_to(made.built, made.marks);
    made.built.push_back("VARVE_METRICS=" + metrics_.path());
    made.built.emplace_back();
  }
  made.built.back() = "VARVE_PAD=" + std::string(static_cast<std::size_t>(request.environment_pad), 'x');
  return made.built;
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

// The CPUs that a process may run on, also of one that has ended and was not waited for yet; empty when not known.
// sched_getaffinity(2): the same mask as in /proc/PID/status, of those that are online, and no file is read for it.
const std::string& ProcessExecutor::cpus_allowed(int process) {
  constexpr std::size_t kMostCpus = 4096;
  std::array<std::uint64_t, kMostCpus / 64> mask{};
  const long bytes = syscall(SYS_sched_getaffinity, process, sizeof mask, mask.data());  // of it that this kernel has
  if (bytes <= 0) mask = {};
  if (mask == last_mask_) return last_cpus_;
  std::set<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < kMostCpus; ++cpu) {
    if (((mask[cpu / 64] >> (cpu % 64)) & 1) != 0) cpus.insert(cpu);
  }
  last_mask_ = mask;
  return last_cpus_ = format_cpu_list(cpus);
}

// What the unit reports, through whatever way: what the user named comes first.
Result<WrittenMetrics> ProcessExecutor::read_unit(const UnitRequest& request, UnitReadings& readings,
                                                  UnitOutcome& outcome) {
  ReportedMetrics reported;
  if (Status named = readings.finish(reported); !named) return named.error();
  const Result<MetricsFile> file = metrics_.read(reported);
  if (!file) return file.error();
  if (reported.empty()) outcome.metrics_note = no_metric_note(*file, directory_.path());
  return reported.close(request.sources != nullptr ? request.sources->several : std::nullopt);
}

void ProcessExecutor::take_conditions(const rusage& used, const MachineTime* before, const MachineTime* after,
                                      UnitOutcome& outcome) {
  UnitConditions& conditions = outcome.conditions;
  conditions.voluntary_switches = static_cast<std::uint64_t>(used.ru_nvcsw);
  conditions.major_faults = static_cast<std::uint64_t>(used.ru_majflt);
  conditions.minor_faults = static_cast<std::uint64_t>(used.ru_minflt);
  if (before == nullptr || after == nullptr) return;
  outcome.steal_seconds = std::max(0.0, after->steal - before->steal);
  if (outcome.wall_seconds < kShortestForOthers) return;
  double others = after->busy - before->busy - outcome.user_seconds - outcome.system_seconds;
  if (outcome.server) others -= outcome.server->user_seconds + outcome.server->system_seconds;
  conditions.others_cpus = std::max(0.0, others) / outcome.wall_seconds;
}

UnitOutcome ProcessExecutor::execute(const UnitRequest& asked) {
  static const MetricSources no_sources;
  UnitOutcome outcome;
  UnitReadings readings(asked.sources != nullptr ? *asked.sources : no_sources, asked.directory);
  const bool listens = (asked.sources != nullptr && asked.sources->reads_output()) || asked.outputs != nullptr;
  UnitRequest request = asked;
  if (listens) {
    request.output = [&](std::string_view bytes) {
      readings.output(bytes);
      if (asked.outputs != nullptr) asked.outputs->output(bytes);
      if (asked.output) asked.output(bytes);
    };
  }
  if (asked.outputs != nullptr) asked.outputs->begin(asked.directory);
  if (!metrics_.make()) outcome.metrics_note = "the file $VARVE_METRICS could not be made";
  const std::vector<std::string>& environment = environment_for(request);
  conditions_.begin(monotonic_now());
  gpus_.begin();
  const std::optional<MachineTime> before = machine_time();
  ServerProcess* server = server_of(request);
  const ServerUse server_before = server != nullptr ? server->use() : ServerUse{};
  outcome.started_at = monotonic_now();
  Result<SpawnedProcess> spawned = spawn_process(request.program, *request.command, environment, empty_input_.fd(),
                                                 {request.directory, -1, request.output_variable});
  if (!spawned) {
    outcome.not_started = to_text(spawned.error());
    gpus_.finish();
    return outcome;
  }
  if (watch_ == ExitWatch::asking) spawned->exit_notice = FileHandle();
  UnitProcess process(std::move(*spawned), outcome.started_at, request, buffer_);
  outcome.wall_seconds = process.wait_for_end(witness_) - outcome.started_at;
  const std::optional<MachineTime> after = machine_time();
  if (server != nullptr) take_server_use(*server, server_before, outcome);

  outcome.cpus_allowed = cpus_allowed(process.process());
  rusage used = {};
  const bool reaped = process.reap(outcome.end, used);
  if (!reaped) outcome.marks.push_back({Mark::unknown_use, "did not end after SIGKILL; its resources are not known"});
  outcome.user_seconds = seconds(used.ru_utime);
  outcome.system_seconds = seconds(used.ru_stime);
  outcome.involuntary_switches = static_cast<std::uint64_t>(used.ru_nivcsw);
  set_peak_memory(static_cast<std::uint64_t>(used.ru_maxrss) * 1024, outcome);
  take_conditions(used, before ? &*before : nullptr, after ? &*after : nullptr, outcome);
  conditions_.finish(last_machine_time_at_, outcome.conditions);
  outcome.conditions.gpus = gpus_.finish();
  add_condition_marks(outcome, processors_);

  std::vector<UnitMark> left = process.clean_up(leftovers_);
  if (!left.empty()) metrics_.abandon();
  std::move(left.begin(), left.end(), std::back_inserter(outcome.marks));
  const std::optional<MarkedSteps> marked = marks_.take(life_of(outcome), request.marks);
  const UnitWindow window = take_metrics(read_unit(request, readings, outcome), request, marked, outcome);
  if (asked.outputs != nullptr) outcome.outputs = asked.outputs->finish(outcome.end.ok());
  // The server ran before the unit did: what it did then is no part of it.
  std::vector<Stretch> stretches = window.stretches;
  if (server != nullptr && stretches.empty()) stretches.push_back(life_of(outcome));
  take_evidence(witness_.unit_ended(stretches, server != nullptr ? server->process() : 0), outcome);
  outcome.last_output = process.last_output();
  return outcome;
}

UnitOutcome ProcessExecutor::execute_aside(const UnitRequest& request) {
  UnitOutcome outcome;
  const std::vector<std::string>& environment = environment_for(request);
  outcome.started_at = monotonic_now();
  Result<SpawnedProcess> spawned =
      spawn_process(request.program, *request.command, environment, empty_input_.fd(), {request.directory, -1, {}});
  if (!spawned) {
    outcome.not_started = to_text(spawned.error());
    return outcome;
  }
  UnitProcess process(std::move(*spawned), outcome.started_at, request, buffer_);
  outcome.wall_seconds = process.wait_for_end(witness_) - outcome.started_at;
  rusage used = {};
  process.reap(outcome.end, used);
  process.clean_up(leftovers_);
  outcome.last_output = process.last_output();
  witness_.forget();
  return outcome;
}

ServerProcess* ProcessExecutor::server_of(const UnitRequest& request) const {
  const auto found = request.server ? servers_.find(*request.server) : servers_.end();
  return found == servers_.end() ? nullptr : found->second.get();
}

Status ProcessExecutor::start_server(int key, const ServerRequest& request) {
  stop_server(key);
  witness_.unit_started(-1);
  const auto wait = [this](double seconds) {
    pollfd event{interrupt_fd(), POLLIN, 0};
    poll(&event, 1, static_cast<int>(std::ceil(seconds * 1000)));
    witness_.look();
    return interrupt_count() == 0;
  };
  const std::string log = fmt::format("{}/server-{}.log", directory_.path(), key);
  Result<std::unique_ptr<ServerProcess>> started =
      ServerProcess::start(request, log, empty_input_.fd(), world_.files, wait);
  if (!started) return started.error();
  leftovers_.spare((*started)->process());
  witness_.server_started((*started)->process());
  servers_[key] = std::move(*started);
  return Done{};
}

void ProcessExecutor::stop_server(int key) {
  const auto found = servers_.find(key);
  if (found == servers_.end()) return;
  found->second->stop();
  leftovers_.spare_no_more(found->second->process());
  witness_.server_ended(found->second->process());
  servers_.erase(found);
  // What it put into sessions of its own.
  for (const ProcessNode& left : leftovers_.living()) kill(left.process, SIGKILL);
}

ProcessExecutor::~ProcessExecutor() {
  while (!servers_.empty()) stop_server(servers_.begin()->first);
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
