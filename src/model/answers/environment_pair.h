#pragma once
#include <string>
#include <utility>

#include "model/stack.h"

namespace varve {

// Whether a stack was read from a text: its lists may name only a part of what is there.
bool is_of_text(const Stack& stack);

// A version that says no more than another may be its beginning: "2.4.0" of "2.4.0+cu121".
bool may_be_same_release(const std::string& a, const std::string& b);

// The environments of two stacks that belong together: the two that share the most packages which use a GPU stack, of
// these the most of one version; then those of one path. `wanted` names that of A; empty: any. nullptr: there are none.
struct EnvironmentPair {
  const Environment* a = nullptr;
  const Environment* b = nullptr;
};
EnvironmentPair pair_environments(const Stack& a, const Stack& b, const std::string& wanted = {});

}  // namespace varve
