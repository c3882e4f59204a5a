#pragma once
#include <string>
#include <vector>

#include "loading/imports/environment_ground.h"

namespace varve {

// Packages of frameworks whose import comes before that of a package: those that it asks for as an extension, and those
// that hold what `libraries`, its own, ask for by name.
std::vector<std::string> frameworks_needed(const EnvironmentGround& here, const Package& package,
                                           const std::vector<const HeldLibrary*>& libraries);

// What is imported before a package: `frameworks`, and any other package that it asks for and whose import its own
// comes to at once (cudaq for cudaq_qec). `start`: what its import runs. The packages are the environment's.
std::vector<const Package*> imported_before(const EnvironmentGround& here, const Package& package,
                                            const PackageStart& start, const std::vector<std::string>& frameworks);

// What an import opens of other packages before its own libraries need it: what packages hold for others to load, or
// nothing; unknown where their Python cannot be read.
enum class Preloads { unknown, wheels, nothing };

// Who opens what for whom in an environment.
class Preloading {
 public:
  explicit Preloading(EnvironmentGround& here);

  // What is opened before it is needed, by the package or by what is imported before it. Of a framework whose files
  // cannot be read the best is assumed.
  Preloads of(const Package& package, const PackageStart& start, const std::vector<const Package*>& before) const;

  // Whether a library that another package holds is opened for `imported` before its file of the package `asker` needs
  // it.
  bool takes(Preloads preloads, const ImportedPackage& imported, const std::string& asker, const HeldLibrary& held);

 private:
  struct OtherPackage {
    std::vector<std::string> tops;
    bool opens_wheels = false;
  };

  EnvironmentGround& here_;
  bool opener_looks_;                              // cuda-pathfinder into the folders of packages
  std::map<std::string, OtherPackage> of_others_;  // by package
};

}  // namespace varve
