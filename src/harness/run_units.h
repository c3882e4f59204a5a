#pragma once
#include <string>
#include <vector>

#include "harness/benchmark.h"
#include "harness/unit/executor.h"
#include "harness/variant.h"

namespace varve {

// Executes the planned units in order through `executor` and adds them to `run`, with findings for what went wrong;
// then one evidence unit a side whose timing units loaded oneDNN. Stops at the first unit that fails in any way: the
// run keeps every unit so far, that one included, and becomes incomplete. Resolves protocol.primary_metric. `home` is
// shortened in what is quoted from the program.
void execute_units(const RunPlan& plan, const std::vector<PreparedVariant>& variants, Executor& executor,
                   RunObserver& observer, const std::string& home, Run& run);

}  // namespace varve
