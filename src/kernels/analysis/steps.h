#pragma once
#include <vector>

#include "kernels/analysis/device_events.h"
#include "kernels/analysis/host_sweep.h"
#include "model/answers/kernels_record.h"

namespace varve {

// The steps of the program that a trace shows, by rising start and without overlap. They are annotated (ranges of one
// thread whose names end in a counted step: "ProfilerStep#12", "iter_3"), or else the rounds in which the kernels of
// the busiest stream repeat, cut where its longest pauses are; where there are no kernels, the outermost operations of
// the busiest thread. Or none, with the reason. Without their parts.
//
// The kernels of an annotated step are those that were launched in it, of a round those that began in it. An annotated
// step is complete when everything that was launched in it has its kernel; beginnings and ends of rounds that are cut
// off are not. At most 10 000 steps.
TraceSteps find_steps(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                      const std::vector<Device>& devices, const HostCalls& calls);

// The annotation that a name is an instance of, with N for its number: "ProfilerStep#N"; empty for any other name.
std::string step_annotation(std::string_view name);

}  // namespace varve
