#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/environment.h"
#include "package/environments.h"
#include "package/file_faults.h"
#include "tables/package_table.h"

namespace varve {

// A package that is installed, and where its list of files is.
struct InstalledPackage {
  Package package;
  const PackageRow* row = nullptr;        // never null
  std::string folder;                     // of packages; empty for what only conda knows
  std::string metadata;                   // "torch-2.15.0.dist-info", below `folder`
  std::string conda_record;               // its JSON in conda-meta; empty: none
  std::vector<std::string> stated;        // Requires-Dist as they stand, or conda's "depends"
  std::vector<std::string> conda_files;   // conda's list of files that are libraries or compilers, below the prefix
  bool asks_for_framework = false;        // whatever else is installed
  std::vector<std::string> tops = {};     // its folders there, of one without metadata; empty: the row's, or its name
  std::vector<std::string> sources = {};  // folders that hold its files: of a package installed to be edited

  // No row names it and it asks for no framework: it counts only where one of its libraries uses CUDA.
  bool is_candidate() const { return row == &unlisted_extension() && !asks_for_framework; }
};

// The packages of an environment, sorted by name, with the CUDA they were built for and their requirements of packages
// that data/packages.json lists, as far as these apply on Linux and x86-64, joined with what is installed. Of conda's
// own packages only those that it lists. Reads each package's METADATA, and conda's records.
std::vector<InstalledPackage> read_packages(const Files& files, const EnvironmentPlace& place);

// Shared libraries with GPU code or loading it, and compilers.
struct PackageFiles {
  std::vector<std::string> libraries;           // sorted, each once
  std::map<std::string, std::string> packages;  // by library: the name of the package that lists it
  std::vector<CarriedCompiler> compilers;       // with paths as they are
  std::set<std::string> with_python;            // packages that list modules in Python
  FileClaims claims;                            // which package lists which library
  // Modules that only other Pythons import, by path: the package.
  std::map<std::string, std::string> for_other_pythons = {};
};

// From the packages' lists of files (RECORD, conda's "files"); for packages without one (dpkg's, setup.py's), from a
// listing of their folders and their lib. Modules that the environment's Python does not import are left out. Also
// tells the CUDA of packages with a library for each CUDA.
PackageFiles files_of_packages(const Files& files, const EnvironmentPlace& place,
                               std::vector<InstalledPackage>& packages);

// Whether a file is a module that only other Pythons import (PEP 3149): "_C.cpython-313-x86_64-linux-gnu.so" for "311",
// whose free-threaded build is "314t". `python` empty: nobody knows.
bool is_for_another_python(std::string_view path, std::string_view python);

// The compiler that a path is of by its name and folder; nothing: it is of none.
std::optional<GpuCompiler> gpu_compiler_at(std::string_view path);
// Such a compiler, or code in LLVM's bitcode that one links with: libdevice.10.bc, taichi's runtime_cuda.bc.
bool is_part_of_compiler(std::string_view path);

}  // namespace varve
