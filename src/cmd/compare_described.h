#pragma once
#include <string>

#include "base/exit_status.h"
#include "cmd/document_files.h"

namespace varve {

// Whether two names on the command line are compared by what they say of a stack and not by what was measured: one of
// them is a text, a captured stack, or "here", this machine as it is now.
bool are_described(const std::string& a, const std::string& b);

// Tells what differs between them; against "here" also whether the software of `a` would run on this machine.
// ok: nothing differs and nothing is open; failed: it would not run here; inconclusive: else.
ExitStatus compare_described(const std::string& a, const std::string& b, bool explain, const OutputOptions& output);

}  // namespace varve
