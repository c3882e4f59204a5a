#pragma once
#include "kernels/trace/trace.h"

namespace varve {

// The spool that Varve's own recorder leaves (src/inject/spool_file.h): sums, and no events.
extern const TraceFormat kCudaSpool;

}  // namespace varve
