#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/perf_sample.h"

namespace varve {

// What was asked of the kernel for the sampling events, once it agreed.
struct PerfEventsOpened {
  std::vector<int> descriptors;  // one a CPU, in the order of `cpus`; the caller closes them
  int guard = -1;                // see open_sampling_events; the caller closes it
  bool kernel_code = false;      // kernel-mode samples are permitted
  std::string unavailable;       // why there are none; "" when there are
  std::string scope_limit;       // why kernel code is left out
  PerfSampleContent content;     // what the kernel agreed to write down with samples
};

// The CPUs that are online ("0-3,8" in /sys/devices/system/cpu/online), in order; at most 4 096.
std::vector<int> online_cpus();
std::vector<int> parse_cpu_list(std::string_view text);
std::string format_cpu_list(const std::set<std::uint32_t>& cpus);  // the other way round

// Opens one inherited cpu-clock event a CPU on the calling thread, switched off until a child's exec. `period_ns` is
// the CPU time between samples, `content` what is to come with them: without it where this kernel cannot copy stacks.
// perf_event_open(2).
PerfEventsOpened open_sampling_events(const std::vector<int>& cpus, std::uint64_t period_ns,
                                      const PerfSampleContent& content = {});

// Why the kernel refused, for people, from errno and what the machine says about itself.
std::string explain_refusal(int error_number);

}  // namespace varve
