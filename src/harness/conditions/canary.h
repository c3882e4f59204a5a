#pragma once
#include <optional>

#include "model/conditions/unit_conditions.h"

namespace varve {

// Does a fixed piece of work in a child process, some 20 ms of it: its memory is not Varve's, whose peak is the floor
// of what can be said of a program's. Fills cpu_seconds and memory_seconds; nothing where no process can be made.
std::optional<Canary> take_canary();

}  // namespace varve
