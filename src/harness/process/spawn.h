#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "world/files.h"

namespace varve {

// A program that was just started as the leader of its own process group.
struct SpawnedProcess {
  pid_t process = -1;
  FileHandle exit_notice;  // readable when it has ended (a pidfd); none on a kernel without them (before Linux 5.3)
  FileHandle output;       // the reading end of its stdout and stderr, non-blocking
  // The writing end. While we hold it, the end of the program does not show as the end of the output: without it, every
  // program would wake Varve twice, once for its pipe and once for itself.
  FileHandle writer;
};

// Where a program is started, and what it writes to.
struct SpawnPlace {
  std::string directory;  // empty: where Varve stands
  int output = -1;        // a descriptor above 2, to be closed at exec, that takes stdout and stderr; -1: a new pipe
  // A variable of the program that names that pipe, "DEVICE:INODE" as fstat(2) has them, so that what runs in the
  // program can see whether its output goes there; empty: none.
  std::string pipe_variable;
};

// Starts `program` (a path) with these arguments, the first being its name, and this environment ("NAME=VALUE"). Its
// stdin is `input` (above 2, and to be closed at exec), its stdout and stderr one pipe or file. It is killed when the
// calling thread ends. The calling thread sleeps until the program was loaded (vfork), which copies no page tables: the
// cost does not grow with Varve.
Result<SpawnedProcess> spawn_process(const std::string& program, const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment, int input,
                                     const SpawnPlace& place = {});

// A new empty file to be such an output; what stood there is cut off. Invalid when it cannot be opened.
FileHandle open_output_file(const std::string& path);

// /dev/null, to be such an input. Invalid when it cannot be opened.
FileHandle open_empty_input();

}  // namespace varve
