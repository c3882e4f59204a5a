#pragma once
#include <map>
#include <string>
#include <vector>

#include "loading/binary_collection.h"
#include "loading/consumer_loading.h"
#include "package/environments.h"

namespace varve {

// An environment as its consumers need it, kept until all environments have been read.
struct LibrariesOfEnvironment {
  std::size_t environment = 0;         // index in Stack::environments
  std::string program;                 // its Python, links resolved; empty: none was found
  std::string python;                  // "3.11"; empty: not known
  bool has_own_python = false;         // the program is the environment's own, not one that was found elsewhere
  std::vector<std::string> folders;    // of packages
  std::string library_path = {};       // a folder that its program puts first on LD_LIBRARY_PATH
  std::string interpreter = {};        // a libpython that its program opens for all: it was frozen
  bool shares = false;                 // the system's packages and the user's own are seen with these
  std::vector<HeldLibrary> libraries;  // sorted by path
  std::map<std::string, std::string> for_other_pythons = {};  // modules that its Python does not import: the package
};

// The libraries of an environment that were read, before they are moved to the stack. `paths` are those of the
// reading, links and all.
LibrariesOfEnvironment environment_libraries(const LoadingGround& ground, const EnvironmentPlace& place,
                                             const EnvironmentReading& reading, const BinaryCollection& found);

// A Python that would import from a place: the environment's own, that of the prefix around a folder of packages, or
// one of the same version on PATH or where programs usually are; links resolved. Empty: none is there.
std::string find_python(const LoadingGround& ground, const EnvironmentPlace& place);

}  // namespace varve
