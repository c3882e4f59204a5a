#pragma once
#include <set>
#include <string>
#include <vector>

#include "stack/library_dependencies.h"

namespace varve {

// The binaries that were read, with the paths as they are in the subject.
struct BinaryCollection {
  std::vector<Binary> binaries;
  std::set<std::string> runtimes;  // CUDA runtimes that are or stand inside: "13.2"
};

// Reads the files (each once, links resolved) that are ELF; `environment` is written into each. Files that cannot be
// read or are no ELF files are passed over: package lists name scripts and data too.
BinaryCollection read_binaries(const Subject& subject, const std::vector<std::string>& paths,
                               const std::string& environment, const DependencyResolver& resolver);

// The set as a fact; when there is none, why: nobody looked inside, or nothing was there.
Fact runtimes_fact(const BinaryCollection& collection, const std::string& source);

// Moves them to the stack, home directories shortened.
void add_binaries(const Subject& subject, BinaryCollection collection, Stack& stack);

}  // namespace varve
