#pragma once
#include <functional>
#include <string>

#include "base/exit_status.h"

namespace CLI {
class App;
}

namespace varve {

// Where the answer of a verb goes: text for people on stdout, the document there with --json, or into a file with -o.
struct OutputOptions {
  bool json = false;
  std::string file;
};

void declare_output(CLI::App& command, OutputOptions& options);

// Writes what the options ask for. Without --json the text goes to stdout as well when -o names a file. Returns
// `status`, or tool_or_input when writing failed (said on stderr); when only the file failed, stdout still gets its
// part.
ExitStatus write_answer(const OutputOptions& options, const std::function<std::string()>& document,
                        const std::function<std::string()>& text, ExitStatus status = ExitStatus::ok);

}  // namespace varve
