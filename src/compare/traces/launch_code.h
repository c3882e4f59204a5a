#pragma once
#include <string>

#include "model/answers/trace_comparison.h"

namespace varve {

// What is known of two launches of one name beside their shapes.
struct LaunchedName {
  bool is_compiled = false;  // a compiler wrote it for the program: then block, shared memory and grid are of the code
  bool same_shapes = false;  // they served one operation with one set of shapes
};

// What two launches of one name say of its code. Sizes that are not told say nothing.
Exchange exchange_of(const Launch& a, const Launch& b, const LaunchedName& name);

// What of two launches tells two codes apart, each side alone; the rest is 0.
struct CodePair {
  Launch a, b;
};
CodePair code_of(const Launch& a, const Launch& b, const LaunchedName& name);

// "registers 32 → 64, block 128 → 256": how two codes differ.
std::string code_detail(const Launch& a, const Launch& b);

}  // namespace varve
