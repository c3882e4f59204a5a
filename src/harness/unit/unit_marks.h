#pragma once
#include "harness/unit/executor.h"
#include "model/run_record.h"

namespace varve {

// Adds to a unit why a reader may distrust it, each mark with its cause: the hypervisor, other programs on the CPUs or
// on its GPUs, its own threads, heat, power, a disk. `processors` are the CPUs of the machine.
void add_condition_marks(UnitOutcome& outcome, double processors);

// Marks what only the run as a whole shows: timing units that ran at a clock 5 % below the median of all.
void mark_slow_clocks(Run& run);

}  // namespace varve
