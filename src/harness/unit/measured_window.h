#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/unit/metrics.h"
#include "model/window.h"

namespace varve {

// The window of a unit that its evidence is taken from.
struct UnitWindow {
  std::vector<Stretch> stretches;  // CLOCK_MONOTONIC; empty: the whole unit
  std::string fault;               // why what the program wrote is not used
};

// The window that the lines of `metric` tell of; an empty name is the first metric that was written. Only one inside
// the unit's life is used (its beginning and end by CLOCK_MONOTONIC).
UnitWindow unit_window(const WrittenMetrics& written, const std::string& metric, const Stretch& life);

// In short, and since the beginning of the unit. At least one stretch.
MeasuredWindow measured_window(const std::vector<Stretch>& stretches, const Stretch& life);

}  // namespace varve
