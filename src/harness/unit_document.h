#pragma once
#include "harness/plan.h"
#include "harness/split_mix.h"
#include "harness/unit/executor.h"
#include "model/run_record.h"

namespace varve {

// The sizes of the environment pads, 0 to 4095 bytes.
class PadSource {
 public:
  explicit PadSource(std::uint64_t seed) : random_(seed) {}
  int next();

 private:
  SplitMix random_;
};

// What a run says of a unit, without its profiles. `started_seconds` since the run began.
Unit make_unit(const PlannedUnit& planned, int index, int pad, double started_seconds, UnitOutcome& outcome);

// Adds what was seen of a unit while it ran, and closes each account by what the unit used of its quantity.
void take_profiles(const ProfileRecord& seen, Unit& unit, KernelTable& kernels);

}  // namespace varve
