#pragma once
#include <string>

#include "base/exit_status.h"
#include "base/result.h"
#include "model/answers/stack_comparison.h"

namespace varve {

// Whether two names on the command line are compared by what they say of a stack and not by what was measured: one of
// them is a text, a captured stack, or "here", this machine as it is now.
bool are_described(const std::string& a, const std::string& b);

// What differs between them; against "here" also whether the software of `a` would run on this machine.
Result<StackComparison> compare_described(const std::string& a, const std::string& b);

// ok: nothing differs and nothing is open; failed: it would not run here; inconclusive: else.
ExitStatus exit_status(const StackComparison& comparison);

}  // namespace varve
