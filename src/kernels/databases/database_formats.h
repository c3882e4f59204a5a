#pragma once
#include "kernels/trace/trace.h"

namespace varve {

extern const TraceFormat kNsightSystems;

}  // namespace varve
