#pragma once
#include <string>

#include "compare/control.h"
#include "compare/sides/sides.h"

namespace varve {

// What changed from A to B, short enough for a title: "torch 2.1.2 → 2.15.0 and what came with it",
// "OPENBLAS_CORETYPE: (not set) → Haswell", "a.json → b.json". Empty: nothing recorded did.
std::string change_of(const Sides& sides, const ControlVerdict& verdict);

}  // namespace varve
