#pragma once

namespace varve {

// The exit status of every verb: a contract for scripts, the same everywhere.
enum class ExitStatus : int {
  ok = 0,             // sound, same, faster; a document was written
  failed = 1,         // a rule of severity error failed, or a regression in a controlled comparison
  usage = 2,          // the command line was wrong
  inconclusive = 3,   // not comparable, ambiguous, or cannot tell (confounded stays here even when slower)
  tool_or_input = 4,  // Varve, its input or the measured command failed
};

}  // namespace varve
