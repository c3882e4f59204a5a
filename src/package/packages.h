#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/environment.h"
#include "package/environments.h"
#include "package/file_faults.h"
#include "tables/package_table.h"

namespace varve {

// A package of the table that is installed, and where its list of files is.
struct InstalledPackage {
  Package package;
  const PackageRow* row = nullptr;       // never null
  std::string folder;                    // of packages; empty for what only conda knows
  std::string metadata;                  // "torch-2.15.0.dist-info", below `folder`
  std::string conda_record;              // its JSON in conda-meta; empty: none
  std::vector<std::string> stated;       // Requires-Dist as they stand, or conda's "depends"
  std::vector<std::string> conda_files;  // conda's list of files that are libraries or compilers, below the prefix
};

// The packages of an environment that data/packages.json lists: sorted by name, with the CUDA they were built for and
// their requirements of other such packages that apply on Linux and x86-64, joined with what is installed. Reads each
// package's METADATA, and conda's records.
std::vector<InstalledPackage> read_packages(const Files& files, const EnvironmentPlace& place);

// Shared libraries with GPU code or loading it, and compilers.
struct PackageFiles {
  std::vector<std::string> libraries;           // sorted, each once
  std::map<std::string, std::string> packages;  // by library: the name of the package that lists it
  std::vector<CarriedCompiler> compilers;       // with paths as they are
  FileClaims claims;                            // which package lists which library
};

// From the packages' lists of files (RECORD, conda's "files"); for packages without one (dpkg's), from a listing of
// their folders and their lib. Also tells the CUDA of packages with a library for each CUDA.
PackageFiles files_of_packages(const Files& files, const EnvironmentPlace& place,
                               std::vector<InstalledPackage>& packages);

// The compiler that a path is of by its name and folder; nothing: it is of none.
std::optional<GpuCompiler> gpu_compiler_at(std::string_view path);

}  // namespace varve
