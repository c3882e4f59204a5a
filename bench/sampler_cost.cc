// What the CPU sampler costs: its own CPU time (user and system) in percent of that of the program which it watches,
// without and with copies of stacks, the usual and deep ones. The first execution reads the symbols of what the program
// loads; the second, as every later unit of a run, finds them read. Then what the kernel's copying of stacks costs the
// program, which no account of a process shows: the program is executed in pairs at 10 000 samples a second, without
// and with stacks; the difference of its own CPU time, divided by the samples, is what one copy takes. The program must
// do the same work every time.
//   sampler_cost PROGRAM [ARGUMENT…]
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

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

// Executes the program, polling as varve run does; its CPU seconds, or nothing when it could not be started.
std::optional<double> execute(CpuSampler& sampler, char** command) {
  const auto interval = static_cast<useconds_t>(1e6 * std::min(0.25, sampler.poll_seconds()));
  pid_t process = 0;
  if (posix_spawnp(&process, command[0], nullptr, nullptr, command, environ) != 0) return std::nullopt;
  rusage usage{};
  int status = 0;
  while (wait4(process, &status, WNOHANG, &usage) == 0) {
    sampler.poll();
    usleep(interval);
  }
  return seconds_of(usage);
}

// Prints a line about one execution.
bool watch(CpuSampler& sampler, char** command, const char* what) {
  const double start = own_seconds();
  const std::optional<double> used = execute(sampler, command);
  if (!used) return false;
  const double program = *used;
  const double ended = own_seconds();
  const CpuEvidence evidence = sampler.take();
  const double reduced = own_seconds();
  fmt::print("{:32} {:6.2f} s of the program, {:6} samples, {} lost: {:.3f} s while it ran, {:.3f} s after: {:.2f} %\n",
             what, program, evidence.samples.size(), evidence.lost, ended - start, reduced - ended,
             100 * (reduced - start) / program);
  return true;
}

// What one copy of a stack costs the program, from pairs of executions.
bool watch_copies(char** command) {
  constexpr double kHertz = 10'000;
  constexpr int kPairs = 15;
  std::vector<double> costs;
  for (int pair = 0; pair < kPairs; ++pair) {
    double seconds[2] = {}, samples = 0;
    for (const bool with_stacks : {pair % 2 == 0, pair % 2 != 0}) {  // which goes first takes turns
      const auto sampler = CpuSampler::open(kHertz, with_stacks ? [](CpuEvidence&) {} : ReduceStacks());
      const std::optional<double> used = execute(*sampler, command);
      if (!used) return false;
      const CpuEvidence evidence = sampler->take();
      seconds[with_stacks ? 1 : 0] = *used;
      if (with_stacks) samples = static_cast<double>(evidence.samples.size());
    }
    if (samples == 0) return false;
    costs.push_back(1e6 * (seconds[1] - seconds[0]) / samples);
  }
  std::sort(costs.begin(), costs.end());
  const double middle = costs[kPairs / 2];
  fmt::print(
      "a copy of a stack: {:.2f} µs of the program's CPU time ({:.2f} to {:.2f} in {} pairs); at 99 Hz {:.3f} %\n",
      middle, costs.front(), costs.back(), kPairs, 99 * middle / 1e6 * 100);
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
  for (const StackCopies copies : {StackCopies::usual, StackCopies::deep}) {
    const auto stacks = CpuSampler::open(
        99, [&](CpuEvidence& evidence) { find_callers(evidence, cache); }, copies);
    if (copies == StackCopies::usual) ran = ran && watch(*stacks, arguments + 1, "with stacks, symbols read");
    const bool deep = copies == StackCopies::deep;
    ran = ran && watch(*stacks, arguments + 1, deep ? "deep copies, symbols known" : "with stacks, symbols known");
  }
  ran = ran && watch_copies(arguments + 1);
  return ran ? 0 : 1;
}
