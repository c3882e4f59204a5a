#pragma once
#include <functional>
#include <unordered_map>
#include <vector>

#include "kernels/analysis/device_events.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_sequence.h"

namespace varve {

// Who knows what the events of a timeline are called in the record that is made of them.
struct SequenceNames {
  std::function<KernelId(NameId)> kernel_of;
  std::function<NameId(const DeviceEvent&)> operation_of;  // kNoName: not known
};

// Where an event stands in a sequence.
struct SequencePlace {
  std::uint32_t stream = 0, item = 0;
};

// The order of what ran on devices, without what they waited for in whole and in steps: that is in the partition. The
// steps are those that find_steps found; a kernel is of the step that it was launched in, of a round that in which it
// began. Adds the places of collectives, by event. O(n log n); 48 bytes for an event of a device.
TraceSequence device_sequence(const Timeline& timeline, const std::vector<Device>& devices, const HostCalls& calls,
                              const TraceSteps& steps, const SequenceNames& names,
                              std::unordered_map<std::uint32_t, SequencePlace>& collectives);

// When the steps of a sequence began and ended on one of its devices, by rising start: for divide_window. A step begins
// with the first thing that it ran, and an annotated one earlier with its annotation, as soon as what was launched
// before it ended: what the host does before its first kernel is of the step. It ends where the next one begins, the
// last with its annotation or with what it ran. Empty where nothing that the device ran is of a step.
std::vector<TimeSpan> step_spans(const Timeline& timeline, const Device& device, const HostCalls& calls,
                                 const TraceSteps& steps);

// The pauses of a device, in which nothing ran on it, between the first and the last thing that did.
void add_pauses(const Device& device, Durations& pauses);
// From the beginning of each call to that of the kernel that it launched; kernels in graphs have no call of their own.
void add_launch_latency(const Timeline& timeline, const Device& device, Durations& latency);

// The operations of all threads in the order of their beginnings, each with its own time; busy is when any of them ran.
TraceSequence operation_sequence(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                                 const TraceSteps& steps, const SequenceNames& names);

}  // namespace varve
