#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "kernels/analysis/device_events.h"
#include "kernels/trace/share.h"

namespace varve {

// The window of a device divided: from the first beginning to the last end of what ran on it. Each moment belongs to
// the first of kernel, collective and copy that runs on any of its streams, and otherwise to the first kind of idleness
// for which the host gives a reason. The parts sum to the window exactly.
struct Partition {
  std::int64_t start_ns = 0, end_ns = 0;
  std::map<Part, std::int64_t> parts;
  std::vector<std::map<Part, std::int64_t>> of_spans;  // the same for each of the spans that were asked for
  std::map<Part, std::int64_t> outside;                // what they have out of the window: idleness
};

// What one event had of the window.
struct Had {
  Share share = 0;
  std::int64_t alone_ns = 0;
  std::int64_t without_kernel_ns = 0;  // while no kernel ran: of a collective what is not hidden
};

// Divides the window of a device, and hands on for each of its events, in the order of their ends, what it had of the
// window: each moment is shared equally among all that run in it (the Shapley value of covering the window; Shapley
// 1953), alone_ns is where it ran by itself. So all shares and the idleness sum to the window. Kernels that cannot have
// run so long count up to the beginning of their successor. `spans` are by rising start and do not overlap; where they
// reach out of the window the device was idle, so that their parts sum to their lengths. O(n log n); 72 bytes for an
// event of the device.
Partition divide_window(const Device& device, const HostIntervals& host, std::span<const TimeSpan> spans,
                        const std::function<void(const DeviceEvent&, const Had&)>& hand_on);

}  // namespace varve
