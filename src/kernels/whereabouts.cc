#include "kernels/whereabouts.h"

#include <time.h>

#include <algorithm>
#include <iterator>

namespace varve {

Whereabouts whereabouts(std::uint64_t time_ns, std::span<const Stretch> windows) {
  if (windows.empty()) return Whereabouts::inside;
  const auto moment = static_cast<std::int64_t>(std::min<std::uint64_t>(time_ns, INT64_MAX));
  if (moment < windows.front().start_ns) return Whereabouts::before;
  if (moment >= windows.back().end_ns) return Whereabouts::after;
  const auto next = std::upper_bound(windows.begin(), windows.end(), moment,
                                     [](std::int64_t at, const Stretch& window) { return at < window.start_ns; });
  return moment < std::prev(next)->end_ns ? Whereabouts::inside : Whereabouts::between;
}

std::int64_t unix_offset_ns() {
  timespec wall{}, monotonic{};
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  return (wall.tv_sec - monotonic.tv_sec) * 1'000'000'000 + wall.tv_nsec - monotonic.tv_nsec;
}

}  // namespace varve
