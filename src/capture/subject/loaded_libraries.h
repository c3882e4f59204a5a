#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/subject/process_files.h"
#include "model/stack.h"
#include "world/world.h"

namespace varve {

// The programs and shared objects among the files that a process has mapped, sorted by path, with build ids: files with
// an executable mapping, and other mapped files that are ELF. Lazily loaded libraries appear once they are used.
// `files`: of the process (files_of_process). Paths are as its root has them.
std::vector<Library> libraries_among(const Files& files, const std::vector<FileMapping>& mapped);

// Those of a running process at this moment. Paths are fit for a document: homes shortened, UTF-8. Error when the
// process is gone or may not be looked at; the message says which.
Result<std::vector<Library>> mapped_libraries(const World& world, int process);

// The path under which files_of_process has the library: with the kernel's mark where it is deleted.
std::string mapped_path(const Library& library);

}  // namespace varve
