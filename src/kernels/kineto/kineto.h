#pragma once
#include "kernels/trace/trace.h"

namespace varve {

// Traces of PyTorch's profiler, Kineto, in Chrome's trace event format: an object with the list traceEvents beside what
// the trace discloses of the stack, or that list alone. What its events are stands at KinetoKind, how damage is passed
// over at EventScanner, how kernels find their operators at OperatorLinks.
//
//   {"schemaVersion": 1, "deviceProperties": [{"id": 0, "name": "NVIDIA H100 80GB HBM3", …}], "cupti_version": 22, …
//    "traceEvents": [
//      {"ph": "X", "cat": "kernel", "name": "…", "pid": 0, "tid": 7, "ts": 1414456661859.938, "dur": 10.464,
//       "args": {"External id": 1541, "device": 0, "stream": 7, "correlation": 56581, "grid": [1568, 1, 4], …}},
//      …],
//    "traceName": "…"}
//
// Times are microseconds with up to three decimals, whole ones until 2023; since 2024 they count from
// baseTimeNanoseconds, which may stand behind the events, and so is a fact (trace.base_time_ns) and no part of any
// time. The members of the outer object come in any order.
extern const TraceFormat kKineto;

}  // namespace varve
