#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "loading/library_dependencies.h"
#include "model/stack.h"

namespace varve {

// The binaries that were read, with the paths as they are in the root.
struct BinaryCollection {
  std::vector<Binary> binaries;
  std::set<std::string> runtimes;  // CUDA runtimes that are or stand inside: "13.2"
};

// Reads the files (each once, links resolved) that are ELF; `environment` is written into each, and the package that
// `packages` has for its path, when it is given. Files that cannot be read or are no ELF files are passed over: package
// lists name scripts and data too.
BinaryCollection read_binaries(const LoadingGround& ground, const std::vector<std::string>& paths,
                               const std::string& environment, const DependencyResolver& resolver,
                               const std::map<std::string, std::string>* packages = nullptr);

// Versions that the bytes of libraries do not tell, or only as the number of their SONAME, by what stands beside them:
// the record of the wheel of libraries that lists them, else a library of the same family that the same package has in
// the same folder. Files that are not what their package installed are left alone.
void infer_versions(const Environment& environment, BinaryCollection& collection);

// The set as a fact; when there is none, why: nobody looked inside, or nothing was there.
Fact runtimes_fact(const BinaryCollection& collection, const std::string& source);

// Moves them to the stack, home directories shortened.
void add_binaries(const LoadingGround& ground, BinaryCollection collection, Stack& stack);

}  // namespace varve
