#pragma once
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/stack.h"
#include "world/world.h"

namespace varve {

// The programs and shared objects that a process has mapped at this moment, sorted by path, with build ids: files with
// an executable mapping, and other mapped files that are ELF. Lazily loaded libraries appear once they are used.
// Error when the process is gone or may not be looked at; the message says which.
// Paths are fit for a document: homes shortened, UTF-8.
Result<std::vector<Library>> mapped_libraries(const World& world, int process);

// The same with paths as the process's root has them, fit for opening the files.
Result<std::vector<Library>> mapped_library_files(const World& world, int process);

}  // namespace varve
