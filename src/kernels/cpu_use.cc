#include "kernels/cpu_use.h"

#include <algorithm>
#include <map>
#include <set>

#include "kernels/perf_events.h"
#include "kernels/whereabouts.h"

namespace varve {

namespace {
constexpr std::uint64_t kFairPart = 10;  // of the busiest thread's samples: one in so many

}  // namespace

std::optional<CpuUse> cpu_use(const CpuEvidence& evidence, std::span<const Stretch> windows) {
  std::map<std::uint32_t, std::uint64_t> samples;  // by thread
  std::set<std::uint32_t> cpus;
  std::uint64_t most = 0;
  for (const CpuSample& sample : evidence.samples) {
    if (whereabouts(sample.time_ns, windows) != Whereabouts::inside) continue;
    most = std::max(most, ++samples[sample.thread]);
    cpus.insert(sample.cpu);
  }
  if (most == 0) return std::nullopt;
  const auto at_work = std::count_if(samples.begin(), samples.end(),
                                     [most](const auto& thread) { return thread.second * kFairPart >= most; });
  return CpuUse{static_cast<int>(at_work), format_cpu_list(cpus)};
}

}  // namespace varve
