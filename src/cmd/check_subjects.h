#pragma once
#include <string>

#include "base/result.h"
#include "capture/capture_stack.h"
#include "rules/log/log_reader.h"
#include "world/world.h"

namespace varve {

// What somebody named on the command line, without saying what it is.
enum class NamedKind { document, image, environment, root, binary };

// By its content: a Varve document ("-" is one on stdin), a container image, an environment, a root directory, or a
// binary. Error: nothing is there, or it is none of these.
Result<NamedKind> kind_of_subject(const World& world, const std::string& name);

// The stack of a document: a capture, or that of a run.
Result<Stack> stack_of_document(const std::string& file);

// A lock is held against the same again: sets kind and path of the capture to the environment, root or image that the
// lock is of; leaves them for one of this machine. file: of the lock. Error: it is of files or of a process.
Status choose_locked(const World& world, const std::string& file, const Stack& lock, CaptureOptions& plan);

// A log of any size, "-" for stdin.
Result<LogReading> read_log_file(const std::string& file, const ErrorPatterns& patterns);

}  // namespace varve
