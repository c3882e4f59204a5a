#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/binary.h"
#include "world/file_reader.h"

namespace varve {

struct BinaryOptions {
  bool coverage = false;     // headers of the GPU code
  bool exact = false;        // whole sections
  std::string cache_folder;  // of exact passes; empty: none
};

// What one file says about itself, and what the loader needs to know of it.
struct ReadBinary {
  Binary binary;  // without dependencies
  std::vector<std::string> needed, opened;
  std::string rpath, runpath;
};

// Error when it is no 64-bit little-endian ELF file or archive of them. `path` is its name inside the subject.
Result<ReadBinary> read_binary(const FileReader& file, const std::string& path, const BinaryOptions& options);

}  // namespace varve
