#pragma once
#include <string>
#include <vector>

#include "model/stack.h"
#include "rules/log/log_reader.h"

namespace varve {

// Completes a stack with what a log states: facts that have no value, and, where the stack has no environment, the
// packages that the log lists, as an environment named "log". Returns the ids of facts that the log states otherwise.
std::vector<std::string> complete_stack(Stack& stack, const LogReading& log);

}  // namespace varve
