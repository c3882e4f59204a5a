#pragma once
#include <cstdint>

#include "harness/plan.h"
#include "harness/unit/executor.h"
#include "model/run_record.h"

namespace varve {

// The sizes of the environment pads, 0 to 4095 bytes. SplitMix64 (Steele, Lea and Flood 2014,
// doi 10.1145/2714064.2660195): the same pads for a seed on every machine.
class PadSource {
 public:
  explicit PadSource(std::uint64_t seed) : state_(seed) {}
  int next();

 private:
  std::uint64_t state_;
};

// What a run says of a unit, without its profiles. `started_seconds` since the run began.
Unit make_unit(const PlannedUnit& planned, int index, int pad, double started_seconds, UnitOutcome& outcome);

// Adds what was seen of a unit while it ran, and closes each account by what the unit used of its quantity.
void take_profiles(const ProfileRecord& seen, Unit& unit, KernelTable& kernels);

}  // namespace varve
