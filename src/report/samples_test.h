#pragma once
#include "model/answers/check_result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_comparison.h"
#include "model/comparison.h"
#include "model/run_record.h"

namespace varve::samples {

// Documents as a real benchmark of OpenBLAS gives them: A the default choice (Cooper Lake kernels), B with
// OPENBLAS_CORETYPE=Haswell, ten noisy pairs.
Stack stack();
Run run();
Comparison comparison();
Check check();
// A trace of two ranks with 6 kernels, 2 copies, operations, calls, a region, steps and something to warn of.
KernelsRecord kernels();
// Attention of one kernel became one of three, 12 times a step, and a copy grew.
TraceComparison trace_comparison();

// Every number infinite or not a number, every list empty or hostile, names of 500 characters.
Run extreme_run();
Comparison extreme_comparison();
Check extreme_check();
KernelsRecord extreme_kernels();
TraceComparison extreme_trace_comparison();

}  // namespace varve::samples
