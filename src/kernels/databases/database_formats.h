#pragma once
#include "kernels/trace/trace.h"

namespace varve {

extern const TraceFormat kNsightSystems;
extern const TraceFormat kNvprof;
extern const TraceFormat kRocpd;
extern const TraceFormat kRocprofDatabase;
extern const TraceFormat kRpd;

}  // namespace varve
