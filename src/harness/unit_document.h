#pragma once
#include <cstdint>

#include "harness/plan.h"
#include "harness/unit/executor.h"
#include "model/run_record.h"

namespace varve {

// The size of the environment pad of unit number `index`, 0 to 4095 bytes, drawn from `seed`.
int environment_pad(std::uint64_t seed, std::size_t index);

// What a run says of a unit, without its profiles. `started_seconds` since the run began.
Unit make_unit(const PlannedUnit& planned, int index, int pad, double started_seconds, UnitOutcome& outcome);

// Adds what was seen of a unit while it ran, and closes each account by what the unit used of its quantity.
void take_profiles(const ProfileRecord& seen, Unit& unit, KernelTable& kernels);

}  // namespace varve
