#pragma once
#include <map>
#include <set>
#include <string>

#include "rules/situation/consumer_view.h"
#include "rules/situation/library_facts.h"
#include "rules/situation/package_row.h"

namespace varve {

// The file at whose opening a chain of needs begins: one of the consumer's own, or one that was opened by name.
struct Head {
  const ConsumedLibrary* file = nullptr;
  bool by_name = false;
  bool all_needed = true;  // nothing on the way may be missing
};

// Not found, and none of the driver's, which are the driver's matter.
bool is_missing(const ConsumedLibrary& library);

// What of a consumer is there and what it lacks: the ground on which its losses are judged. Points into `view` and
// `index`, which must live as long.
struct ConsumerFiles {
  ConsumerFiles(const ConsumerView& consumer, const LibraryIndex& libraries);

  bool has_code(const std::string& path) const;
  bool is_own(const LibraryView& library) const;
  bool lacks_a_cuda_library(const ConsumedLibrary& file) const;
  Head head_of(const ConsumedLibrary& library) const;
  // A library of this name was found; of this name or of another version ("libcublas.so.11" for "libcublas.so.12").
  bool has(const std::string& name) const;
  bool has_any_version(const std::string& name) const;
  // Another own file whose path is the same but for numbers loads (dgl's, one for each release of torch).
  bool another_loads(const std::string& path) const;
  // An own module that is not this one loads.
  bool another_module_loads(const std::string& path) const;

  const ConsumerView& view;
  const LibraryIndex& index;
  const PackageRow* row = nullptr;  // of the consumer's package
  std::map<std::string, const LibraryView*> by_path;
  std::set<std::string> extends_absent;  // own files that are for a framework which is not here
  std::set<std::string> lack_cuda;       // own files that need a library of CUDA which is not found
  bool code_complete = false;            // a file with GPU code, no copy of a library of CUDA, lacks nothing
  bool own_code_loads = false;
  bool has_c_library = false;
  bool lacks_cuda = false;  // some file of it needs a library of CUDA which is not found

 private:
  void note_incomplete();
  void note_complete();

  std::map<std::string, std::set<std::string>> found_;  // stem → names that were found
  std::set<std::string> incomplete_;                    // paths of own files
  std::multimap<std::string, std::string> variants_;    // paths of own files that load, by path without numbers
};

}  // namespace varve
