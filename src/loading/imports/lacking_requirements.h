#pragma once
#include <string>
#include <vector>

#include "loading/imports/imported_package.h"

namespace varve {

// Modules that the import of a package imports at once and that are nowhere, though its metadata asks for the package
// of that name whatever the machine: "typing_extensions" of torch, "numpy". Frameworks are in lacking_modules.
std::vector<std::string> lacking_requirements(const Files& files, const std::vector<std::string>& folders,
                                              const ImportedPackage& package);

}  // namespace varve
