#pragma once
#include <string>

#include "model/environment.h"
#include "tables/package_table.h"
#include "world/files.h"

namespace varve {

// Sets what framework a package says that it was built for: by the file that its row names, else by the local part of
// its version ("+cu12torch2.8cxx11abiTRUE", "+pt24cu121"). `folder`: of packages; empty for what only conda knows.
void set_built_for(const Files& files, const PackageRow& row, const std::string& folder, Package& package);

// "torch 2.8" of a local version; empty when it does not say. Two or three digits without dots are major and minor.
std::string framework_in_local_version(std::string_view version);

}  // namespace varve
