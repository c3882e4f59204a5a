#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/environment.h"
#include "tables/package_table.h"
#include "world/files.h"

namespace varve {

// What the CUDA of a package is told from.
struct CudaClues {
  std::string folder;        // of packages, where row.cuda_file stands below
  std::string build;         // conda's build string: "cuda120py311h1"; empty
  std::string build_source;  // the file that has it
};

// The CUDA that a package was built for. In this order: the file that the row names (recorded), the local version
// ("+cu128"), the package's own version where that is CUDA's, the name ("cupy-cuda12x", "-cu12"), conda's build string,
// its pins of nvidia-*-cuNN (all inferred). A build without CUDA is absent, with what says so; a package that holds no
// CUDA code not applicable.
Fact cuda_of_package(const Files& files, const PackageRow& row, const Package& package, const CudaClues& clues);

// "128" → "12.8", "92" → "9.2", "12" → "12"; empty for what is no such number.
std::string cuda_from_digits(std::string_view digits);

}  // namespace varve
