#pragma once
#include <string>
#include <vector>

#include "loading/consumer_loading.h"
#include "loading/python/package_start.h"
#include "world/files.h"

namespace varve {

// A package of libraries, and what its import runs.
struct ImportedPackage {
  std::string name;
  std::string folder;                         // of packages
  std::vector<const HeldLibrary*> libraries;  // borrowed
  std::vector<std::string> tops;              // modules at its top: "torch", "nvidia.dali"
  PackageStart start;
  bool is_module_of_its_folder = false;  // one module, in a folder of its name that holds no Python

  // "torch/_C.abi3.so" below the folder is the module torch._C.
  std::string module_of(const HeldLibrary& library) const;
  // It lies in folders without an __init__.py: nothing is run before who wants it imports it (the backends of gbgpu).
  bool runs_nothing_for(const HeldLibrary& library) const;
  // It lies in another package than the import runs, and that import is known to do without it (nixl_ep beside nixl).
  bool is_apart(const HeldLibrary& library) const;
  // All that there is to import is one module beside all folders (QuantumRingsLib.so), or in one of its own name.
  bool is_one_module() const;
};

// `folders`: of packages; the package is in one of them. What its import imports: the folder of its name or the first
// that its row names; else all that it puts into the folder of packages with an __init__.py, below those that several
// packages share (nvidia.dali). `files` must live longer.
ImportedPackage imported_package(const Files& files, const std::vector<std::string>& folders, const std::string& name,
                                 const std::vector<const HeldLibrary*>& libraries);

// Frameworks that the import of a package imports, and packages that are a part of a namespace (cuda.bindings), that
// none of the folders of packages holds.
std::vector<std::string> lacking_modules(const Files& files, const std::vector<std::string>& folders,
                                         const PackageStart& start);
// Whether a folder of packages holds a folder or a file of that name: "torch", "cuda.bindings".
bool holds_module(const Files& files, std::string folder, const std::string& module);
// Modules that the import compiles, since none of the folders of packages holds them.
std::vector<std::string> modules_to_compile(const Files& files, const std::vector<std::string>& folders,
                                            const PackageStart& start);

}  // namespace varve
