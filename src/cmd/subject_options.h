#pragma once
#include <string>

#include "base/result.h"
#include "capture/capture_stack.h"

namespace CLI {
class App;
}

namespace varve {

// What a verb looks at: this machine, unless one of these is given.
struct SubjectOptions {
  std::optional<int> process;
  std::string root, image, environment;
};

// --pid, --root, --image, --env: each excludes the others.
void declare_subject(CLI::App& command, SubjectOptions& options);

// A check for options of CLI11: what is wrong, or an empty text. An empty value is most often a variable of the shell
// that was not set; taken for "not given", it would change what is judged without a word.
std::string not_empty(const std::string& text);

// Sets kind, path and process of the capture.
void choose_subject(const SubjectOptions& options, CaptureOptions& capture);

// The path from the root, for a name on the command line; links in it resolved as far as it exists.
std::string from_root(const std::string& name);

}  // namespace varve
