#pragma once
#include "model/run_record.h"

namespace varve {

// With the rule WarmupRule::found: the first rounds of a run that stand apart from the rest by the primary metric, on
// whichever side they do so longest, become warm-up units, which no verdict rests on. Where less than half is left on a
// side, none do, and the finding VRV-RUN-NO-STEADY-STATE says so.
void find_warmup(Run& run);

}  // namespace varve
