#pragma once
#include <string>

#include "model/answers/stack_comparison.h"
#include "model/stack.h"

namespace varve {

struct StackSide {
  const Stack& stack;
  std::string label;             // "A.txt", "here"
  std::string environment = {};  // the path of the one that counts; empty: the one that fits the other side
};

// What differs between two stacks, what is the same, and what one of them or both do not tell: unknown never counts as
// same. Lists of a text may name a part of what is there, so that a package that it does not list is unknown.
StackComparison compare_stacks(const StackSide& a, const StackSide& b);

}  // namespace varve
