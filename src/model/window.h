#pragma once
#include <cstdint>
#include <string>

namespace varve {

// From one moment to another, in nanoseconds of one clock.
struct Stretch {
  std::int64_t start_ns = 0, end_ns = 0;
  bool operator==(const Stretch&) const = default;
};

// The part of a unit's life that a metric speaks of: one stretch of time or several. In nanoseconds since the unit was
// started.
struct MeasuredWindow {
  std::int64_t start_ns = 0;   // of the first
  std::int64_t end_ns = 0;     // of the last
  std::int64_t length_ns = 0;  // of all together: what lies between them is not in it
  int stretches = 1;
  std::string marks;  // "step_N": from the first to the last of these, which the program marked; empty: as its
                      // metric's lines say
  bool operator==(const MeasuredWindow&) const = default;
};

}  // namespace varve
