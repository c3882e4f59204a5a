#pragma once
#include <string>

#include "base/result.h"
#include "harness/benchmark.h"

namespace varve {

// "2" units a side, "30s" (seconds) or "5m" of warm-up, or "found": into a plan. Error for anything else.
Status set_warmup(const std::string& text, RunPlan& plan);

}  // namespace varve
