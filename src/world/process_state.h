#pragma once
#include <optional>
#include <string>

#include "world/files.h"

namespace varve {

// Why a process has no files of its own, where it has none.
enum class ProcessKind {
  running,        // a program
  ended,          // a zombie: its parent has not asked yet how it ended
  kernel_thread,  // a thread of the kernel, which runs no file
};

// From the stat file in `proc`, "/proc/77" or "" where `files` begins there (proc_pid_stat(5)). Nothing: it cannot be
// read.
std::optional<ProcessKind> process_kind(const Files& files, const std::string& proc);

}  // namespace varve
