#pragma once
#include <memory>
#include <vector>

#include "harness/benchmark.h"
#include "harness/unit/executor.h"
#include "harness/unit/recorder.h"
#include "harness/variant.h"

namespace varve {

// Executes the planned units in order through `executor` and adds them to `run`, with findings for what went wrong;
// then for each side one evidence unit for each recorder that it gets. Of a run that is taken up again the units that
// are there stay, and new ones begin with a round of their own. Stops at the first unit that fails in any way, or after
// as many as the plan lets pass, unless it is one of evidence: the run keeps every unit so far, that one included, and
// becomes incomplete. Resolves protocol.primary_metric. What is quoted from the program has the home directory of
// `world` shortened.
void execute_units(const RunPlan& plan, const std::vector<PreparedVariant>& variants,
                   const std::vector<std::unique_ptr<Recorder>>& recorders, const World& world, Executor& executor,
                   RunObserver& observer, Run& run);

}  // namespace varve
