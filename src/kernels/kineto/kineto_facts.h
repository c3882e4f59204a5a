#pragma once
#include <string_view>

#include "kernels/trace/trace.h"

namespace varve {

// What a member of a Kineto trace's outer object discloses of the stack, and of which rank it is. What identifies a
// machine, a job or a person (host_name, PT_PROFILER_JOB_*, paths, trace_id) is not told on; neither is a member that
// is no sound JSON.
void tell_kineto_facts(std::string_view key, std::string_view value, TraceSink& sink);

}  // namespace varve
