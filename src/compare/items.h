#pragma once
#include <vector>

#include "compare/sides.h"
#include "model/comparison.h"

namespace varve {

// Everything that must be the same on both sides, in the order of the layers, with its state as the sides show it:
// host facts, settings, command, program, libraries loaded, work done. In one document what the machine is, is
// `shared`. `follows` and `under_test` are not decided here.
std::vector<ControlItem> list_items(const Sides& sides);

// Libraries mapped by the units of either side (in library_items.cc).
void add_library_items(const Sides& sides, std::vector<ControlItem>& items);

// A unit mapped the user half of a GPU driver.
bool used_gpu(const std::vector<const Unit*>& units);

}  // namespace varve
