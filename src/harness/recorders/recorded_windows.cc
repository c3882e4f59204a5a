#include "harness/recorders/recorders.h"
#include "kernels/whereabouts.h"

namespace varve {

TraceWindows windows_of(const UnitOutcome& outcome) {
  TraceWindows windows{outcome.stretches, true};
  const std::int64_t offset_ns = unix_offset_ns();
  for (Stretch& stretch : windows.stretches) {
    stretch.start_ns += offset_ns;
    stretch.end_ns += offset_ns;
  }
  return windows;
}

}  // namespace varve
