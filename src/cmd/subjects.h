#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/capture_stack.h"
#include "cmd/texts/texts.h"
#include "world/world.h"

namespace varve {

// What a verb looks at: this machine, unless one of these is given.
struct SubjectOptions {
  std::optional<int> process;
  std::string root, image, environment;
};

// Sets kind, path and process of the capture.
void choose_subject(const SubjectOptions& options, CaptureOptions& capture);

// A lock is held against the same again: sets kind and path of the capture to the environment, root or image that the
// lock is of; leaves them for one of this machine. file: of the lock. Error: it is of files or of a process.
Status choose_locked(const World& world, const std::string& file, const Stack& lock, CaptureOptions& plan);

// What is judged: a stack, and the text that it was read from, where it was.
struct NamedSubject {
  Stack stack;
  std::optional<ReadText> text;
};

// The stacks of what was named without saying what it is (a Varve document, "-" for one on stdin, a container image, an
// environment, a root directory, a binary, a text that describes a machine: its content tells), then that of the
// subject of the plan, which is left out where something was named and the plan is of this machine. Error: nothing is
// there, it is none of these, or it cannot be captured.
Result<std::vector<NamedSubject>> capture_subjects(const World& world, const CaptureOptions& plan,
                                                   const std::vector<std::string>& named, const Knowledge& knowledge);

// The stack of a document: a capture, or that of a run; or of a text that describes a machine.
Result<Stack> stack_of_document(const std::string& file, const Knowledge& knowledge);

// The path from the root, for a name on the command line; links in it resolved as far as it exists.
std::string from_root(const std::string& name);

}  // namespace varve
