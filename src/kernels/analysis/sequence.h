#pragma once
#include <functional>
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

// The order of what ran on devices, without what they waited for in whole and in steps: that is in the partition. The
// steps are those that find_steps found; a kernel is of the step that it was launched in, of a round that in which it
// began. O(n log n); 40 bytes for an event of a device.
TraceSequence device_sequence(const Timeline& timeline, const std::vector<Device>& devices, const HostCalls& calls,
                              const TraceSteps& steps, const SequenceNames& names);

// When the steps of a sequence began and ended on one of its devices, by rising start: for divide_window.
std::vector<TimeSpan> step_spans(const Timeline& timeline, const Device& device, const HostCalls& calls,
                                 const TraceSteps& steps);

// The operations of all threads in the order of their beginnings, each with its own time; busy is when any of them ran.
TraceSequence operation_sequence(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                                 const TraceSteps& steps, const SequenceNames& names);

}  // namespace varve
