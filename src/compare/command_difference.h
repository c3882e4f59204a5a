#pragma once
#include "compare/sides.h"

namespace varve {

// Whether the two commands, which are not the same, differ in the content of one file only, and that is recorded: a
// program of machine code, or a file that both name in the same place, in the same folder on both sides. Anything else
// that differs between commands may stand for other packages, threads, processors or files, none of which is recorded.
bool command_follows_from_a_file(const Sides& sides);

}  // namespace varve
