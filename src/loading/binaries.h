#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "binary/elf/dynamic_section.h"
#include "binary/loader/symbol_scope.h"
#include "loading/binary_cache.h"
#include "model/binary.h"
#include "world/file_reader.h"

namespace varve {

struct BinaryOptions {
  bool coverage = false;  // headers of the GPU code
  bool exact = false;     // whole sections; what is found is cached
};

// What one file says about itself, and what the loader needs to know of it.
struct ReadBinary {
  Binary binary;  // without dependencies
  DynamicSection dynamic;
  std::vector<std::string> opened;  // names that it opens late; only from an exact pass
  // Of a file that cannot be opened a second time (in a compressed layer of an image); null: not read.
  std::shared_ptr<const DynamicSymbols> symbols = {};
  std::string driver_version = {};  // likewise, of a libcuda, by its texts; empty: not read, or they tell none
};

// Error when it is neither a 64-bit little-endian ELF file nor an archive of such files. `path` is its name inside the
// subject, with links resolved.
Result<ReadBinary> read_binary(const FileReader& file, const std::string& path, const BinaryOptions& options,
                               const BinaryCache& cache);

}  // namespace varve
