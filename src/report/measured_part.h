#pragma once
#include <string>
#include <vector>

#include "report/run_summary.h"

namespace varve {

// Which part of the units their evidence is of, and where they ran.

// "tokens/s speaks of 2.0 s of 6.1 s of a unit, from 4.0 s on (metric lines)"; "all of a unit: …" and why.
std::string window_text(const Run& run, const Variant& variant);
// "outside of what tokens/s speaks of: 3.9 s of CPU time a unit, 3.8 s of it before, 0.1 s after"; empty where there is
// no window.
std::string outside_text(const Run& run, const Variant& variant, const SideProfile& side);
// The window of each side, its threads and CPUs, as rows.
std::vector<Remark> measured_part_remarks(const Run& run);

}  // namespace varve
