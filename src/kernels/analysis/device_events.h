#pragma once
#include <cstdint>
#include <vector>

#include "kernels/analysis/host_sweep.h"
#include "kernels/trace/timeline.h"

namespace varve {

// What occupied a device, with what is known of it beside the timeline.
struct DeviceEvent {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;  // at which it ended at the latest: its own end, or the beginning of its successor
  std::uint32_t event = 0;  // of the timeline
  Part part = Part::kernel;
  bool is_impossible = false;  // it ends after its successor on the stream began
  bool in_graph = false;
  HostCall* call = nullptr;  // that started it
};

// The events on the streams of one device, by rising start.
struct Device {
  std::int32_t rank = -1, device = -1;
  std::vector<DeviceEvent> events;
};

// By how much a kernel may run on after its successor on the stream began, in nanoseconds: devices of compute
// capability 9.0 and later start a kernel while the one before it ends (programmatic dependent launch); on B200 4 µs
// were measured. Otherwise only rounding is allowed for.
std::int64_t overlap_allowed_ns(const std::map<std::string, Fact>& facts, std::int64_t resolution_ns);

// Gathers the events of every device, joins them to the calls that started them (counting there), and finds durations
// that cannot be: a stream runs one thing after the other, but for the kernels of one launch of a graph.
// 48 bytes for every event of a device.
std::vector<Device> gather_devices(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                                   HostCalls& calls, std::int64_t overlap_allowed_ns);

// By how much the clock of the devices is ahead of the host's, at least, where no kernel began less than a minute after
// its launch or, if negative, all began more than a millisecond before it; else 0: nothing tells them apart.
std::int64_t clock_gap_ns(const Timeline& timeline, const std::vector<Device>& devices);

}  // namespace varve
