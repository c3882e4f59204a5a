// What the CPU sampler costs: its own CPU time (user and system) in percent of that of the program which it watches,
// without and with copies of stacks. The first execution reads the symbols of what the program loads; the second, as
// every later unit of a run, finds them read.
//   sampler_cost PROGRAM [ARGUMENT…]
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "kernels/callers.h"
#include "kernels/cpu_sampler.h"

namespace {
using namespace varve;

double seconds_of(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double own_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage);
}

// Executes the program, polling as varve run does, and prints a line.
bool watch(CpuSampler& sampler, char** command, const char* what) {
  const auto interval = static_cast<useconds_t>(1e6 * std::min(0.25, sampler.poll_seconds()));
  const double start = own_seconds();
  pid_t process = 0;
  if (posix_spawnp(&process, command[0], nullptr, nullptr, command, environ) != 0) return false;
  rusage usage{};
  int status = 0;
  while (wait4(process, &status, WNOHANG, &usage) == 0) {
    sampler.poll();
    usleep(interval);
  }
  const double ended = own_seconds();
  const CpuEvidence evidence = sampler.take();
  const double reduced = own_seconds();
  const double program = seconds_of(usage);
  fmt::print("{:32} {:6.2f} s of the program, {:6} samples, {} lost: {:.3f} s while it ran, {:.3f} s after: {:.2f} %\n",
             what, program, evidence.samples.size(), evidence.lost, ended - start, reduced - ended,
             100 * (reduced - start) / program);
  return true;
}
}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("sampler_cost PROGRAM [ARGUMENT…]\n", stderr);
    return 2;
  }
  SymbolCache cache;
  auto plain = CpuSampler::open(99);
  if (!plain->unavailable().empty()) {
    fmt::print("no samples: {}\n", plain->unavailable());
    return 0;
  }
  bool ran = watch(*plain, arguments + 1, "without stacks");
  plain.reset();
  const auto stacks = CpuSampler::open(99, [&](CpuEvidence& evidence) { find_callers(evidence, cache); });
  for (const char* what : {"with stacks, symbols read", "with stacks, symbols known"}) {
    ran = ran && watch(*stacks, arguments + 1, what);
  }
  return ran ? 0 : 1;
}
