#pragma once
#include <cstdint>
#include <span>

#include "model/window.h"

namespace varve {

// Where a moment is, seen from windows.
enum class Whereabouts { before, inside, between, after };

// `windows` by rising start, apart from each other, on the clock of `time_ns`. Without windows everything is inside.
Whereabouts whereabouts(std::uint64_t time_ns, std::span<const Stretch> windows);

// What CLOCK_MONOTONIC is behind the UNIX clock now, in nanoseconds.
std::int64_t unix_offset_ns();

}  // namespace varve
