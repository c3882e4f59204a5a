#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/exit_status.h"

namespace CLI {
class App;
}

namespace varve {

// What stands behind `--` on the command line: the command to measure, and the second one behind a later
// `--against --`. Both are cut off before the options are read, so that the command's own options are never Varve's.
struct MeasuredCommands {
  std::vector<std::string> first, second;
};

using Action = std::function<ExitStatus()>;

// One verb of the program. `declare` adds its options to `command`, which is the one table that --help, the man page
// and the completions are made from, and returns what to do once they are read. What the options write to lives in the
// action.
struct Verb {
  const char* name;
  const char* summary;
  Action (*declare)(CLI::App& command, const MeasuredCommands& commands);
};

// In the order in which help lists them.
const std::vector<Verb>& all_verbs();

Action declare_capture(CLI::App& command, const MeasuredCommands& commands);
Action declare_check(CLI::App& command, const MeasuredCommands& commands);
Action declare_explain(CLI::App& command, const MeasuredCommands& commands);
Action declare_toolkit(CLI::App& command, const MeasuredCommands& commands);
Action declare_run(CLI::App& command, const MeasuredCommands& commands);
Action declare_compare(CLI::App& command, const MeasuredCommands& commands);
Action declare_report(CLI::App& command, const MeasuredCommands& commands);
Action declare_completions(CLI::App& command, const MeasuredCommands& commands);
Action declare_man(CLI::App& command, const MeasuredCommands& commands);

}  // namespace varve
