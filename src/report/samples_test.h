#pragma once
#include "model/check_result.h"
#include "model/comparison.h"
#include "model/run_record.h"

namespace varve::samples {

// Documents as a real benchmark of OpenBLAS gives them: A the default choice (Cooper Lake kernels), B with
// OPENBLAS_CORETYPE=Haswell, ten noisy pairs.
Stack stack();
Run run();
Comparison comparison();
Check check();

// Every number infinite or not a number, every list empty or hostile, names of 500 characters.
Run extreme_run();
Comparison extreme_comparison();
Check extreme_check();

}  // namespace varve::samples
