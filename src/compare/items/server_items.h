#pragma once
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// What units were clients of: the server's program with its package, every option of its command that is not the same,
// the files that it names with the settings in which they differ. Where a command starts more than one program it is
// one item as a whole. Only where a plan says so.
void add_server_items(const Sides& sides, std::vector<ControlItem>& items);

// Both commands of the units are the same but for the port at which each side's server answers.
bool command_differs_by_address(const Sides& sides);

}  // namespace varve
