#include "kernels/perf_events.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/text.h"

namespace varve {
namespace {

constexpr int kMostCpus = 4096;
constexpr const char* kParanoidFile = "/proc/sys/kernel/perf_event_paranoid";

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return std::string(trim(line));
}

bool under_seccomp() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Seccomp:")) return trim(std::string_view(line).substr(8)) != "0";
  }
  return false;
}

int perf_event_open(perf_event_attr& attributes, int cpu) {
  return static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

perf_event_attr sampling_attributes(std::uint64_t period_ns, const PerfSampleContent& content) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = period_ns;
  attributes.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
  if (content.registers != 0) {
    attributes.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
    attributes.sample_regs_user = content.registers;
    attributes.sample_stack_user = content.stack_bytes;
  }
  attributes.sample_id_all = 1;
  attributes.disabled = 1;
  attributes.enable_on_exec = 1;
  attributes.inherit = 1;
  attributes.exclude_hv = 1;
  attributes.exclude_idle = 1;
  attributes.mmap = 1;
  attributes.mmap2 = 1;
  attributes.build_id = 1;
  attributes.task = 1;
  attributes.comm = 1;
  attributes.comm_exec = 1;
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  return attributes;
}

// The kernel may hand the event context of a parent to its child in place of the child's own copy when it switches
// from one to the other (perf_event_context_sched_out): the child's exec would then switch the parent's own events on,
// and children started later would never be sampled. It does so only when every event of the parent is inherited;
// this event, which counts nothing and is not inherited, forbids it.
int open_guard_event() {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_DUMMY;
  attributes.disabled = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  return perf_event_open(attributes, -1);
}

// The first event decides what this kernel knows and permits; the others then ask for the same.
int open_first(perf_event_attr& attributes, int cpu) {
  int descriptor = perf_event_open(attributes, cpu);
  if (descriptor < 0 && errno == EINVAL) {  // before Linux 5.12: no build ids in records
    attributes.build_id = 0;
    descriptor = perf_event_open(attributes, cpu);
  }
  constexpr std::uint64_t kStacks = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
  if (descriptor < 0 && (errno == EINVAL || errno == EOPNOTSUPP) && (attributes.sample_type & kStacks) != 0) {
    attributes.sample_type &= ~kStacks;  // this kernel cannot copy stacks
    attributes.sample_regs_user = 0;
    attributes.sample_stack_user = 0;
    attributes.build_id = 1;
    return open_first(attributes, cpu);
  }
  return descriptor;
}

void close_all(PerfEventsOpened& opened) {
  for (int descriptor : opened.descriptors) close(descriptor);
  opened.descriptors.clear();
  if (opened.guard >= 0) close(opened.guard);
  opened.guard = -1;
}

}  // namespace

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  for (std::string_view part : split(trim(text), ',')) {
    auto dash = part.find('-');
    auto first = parse_integer(part.substr(0, dash));
    auto last = dash == std::string_view::npos ? first : parse_integer(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last >= kMostCpus) continue;
    for (auto cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

std::string format_cpu_list(const std::set<std::uint32_t>& cpus) {
  std::string text;
  for (auto at = cpus.begin(); at != cpus.end();) {
    const std::uint32_t first = *at;
    std::uint32_t last = first;
    while (++at != cpus.end() && *at == last + 1) last = *at;
    text += fmt::format("{}{}", text.empty() ? "" : ",", first);
    if (last > first) text += fmt::format("-{}", last);
  }
  return text;
}

std::vector<int> online_cpus() {
  auto cpus = parse_cpu_list(first_line("/sys/devices/system/cpu/online"));
  if (!cpus.empty()) return cpus;
  for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN) && cpu < kMostCpus; ++cpu)
    cpus.push_back(static_cast<int>(cpu));
  return cpus;
}

std::string explain_refusal(int error_number) {
  std::string paranoid = first_line(kParanoidFile);
  if (error_number == EACCES || error_number == EPERM) {
    auto level = parse_integer(paranoid);
    if (level && *level > 2) {
      return fmt::format(
          "the kernel forbids it to users without CAP_PERFMON ({} is {}): sudo sysctl kernel.perf_event_paranoid=2",
          kParanoidFile, *level);
    }
    if (under_seccomp()) {
      return "a seccomp filter forbids perf_event_open, as container runtimes do by default: run the container with "
             "--cap-add "
             "PERFMON, or with a seccomp profile that allows perf_event_open";
    }
    return fmt::format(
        "the kernel forbids it ({}; {} is {}): run with CAP_PERFMON, or sudo sysctl kernel.perf_event_paranoid=2",
        std::strerror(error_number), kParanoidFile, paranoid.empty() ? "not readable" : paranoid);
  }
  if (error_number == ENOSYS)
    return "this kernel has no perf_event_open (a sandbox such as gVisor, or built without it)";
  if (error_number == EMFILE || error_number == ENFILE) {
    return "too few file descriptors are permitted, one a CPU is needed: ulimit -n 4096";
  }
  return fmt::format("perf_event_open failed: {}", std::strerror(error_number));
}

PerfEventsOpened open_sampling_events(const std::vector<int>& cpus, std::uint64_t period_ns,
                                      const PerfSampleContent& content) {
  PerfEventsOpened opened;
  if (cpus.empty()) {
    opened.unavailable = "no CPU is known to be online";
    return opened;
  }
  opened.guard = open_guard_event();
  if (opened.guard < 0) {
    opened.unavailable = explain_refusal(errno);
    return opened;
  }
  perf_event_attr attributes = sampling_attributes(period_ns, content);
  int first = open_first(attributes, cpus.front());
  opened.kernel_code = first >= 0;
  if (first < 0 && (errno == EACCES || errno == EPERM)) {
    attributes = sampling_attributes(period_ns, content);
    attributes.exclude_kernel = 1;
    opened.scope_limit =
        fmt::format("code of the operating system is not sampled: {} is {} and Varve has no CAP_PERFMON", kParanoidFile,
                    first_line(kParanoidFile));
    first = open_first(attributes, cpus.front());
  }
  int failure = errno;
  if (first >= 0) {
    if (attributes.sample_regs_user != 0) opened.content = content;
    opened.descriptors.push_back(first);
    for (std::size_t i = 1; i < cpus.size(); ++i) {
      int descriptor = perf_event_open(attributes, cpus[i]);
      failure = errno;
      if (descriptor < 0 && failure == ENODEV) continue;  // went offline just now
      if (descriptor < 0) break;
      opened.descriptors.push_back(descriptor);
    }
  }
  if (first < 0 || (opened.descriptors.size() < cpus.size() && failure != ENODEV)) {
    opened.unavailable = explain_refusal(failure);
    close_all(opened);
  }
  return opened;
}

}  // namespace varve
