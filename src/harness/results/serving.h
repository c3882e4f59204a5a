#pragma once
#include "harness/results/result_text.h"

namespace varve {

// What the clients of inference servers write alike (vLLM's and sglang's have one ancestor). `end_to_end` is how the
// member for the time of a whole request is spelled between statistic and "_ms": "e2el", "e2e_latency".
void read_serving(const Json& result, const char* end_to_end, ResultMetrics& metrics);

// Whether it has the members that both have.
bool is_serving(const Json& result);

}  // namespace varve
