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
  std::vector<std::string> folders;    // of packages
  bool shares = false;                 // the system's packages and the user's own are seen with these
  std::vector<HeldLibrary> libraries;  // sorted by path
  std::map<std::string, std::string> for_other_pythons = {};  // modules that its Python does not import: the package
};

// The libraries of an environment that were read, before they are moved to the stack. `paths` are those of the
// reading, links and all.
LibrariesOfEnvironment environment_libraries(const LoadingGround& ground, const EnvironmentPlace& place,
                                             const EnvironmentReading& reading, const BinaryCollection& found);

// One consumer for each package with a role of framework or extension of every environment: its extension modules as
// they are imported (those of frameworks first that it needs libraries of), its other libraries one by one, and all
// that these open late. Only where whole sections were read.
void add_package_consumers(const LoadingGround& ground, const std::vector<LibrariesOfEnvironment>& environments,
                           Stack& stack);

// A Python that would import from a place: the environment's own, that of the prefix around a folder of packages, or
// one of the same version on PATH or where programs usually are; links resolved. Empty: none is there.
std::string find_python(const LoadingGround& ground, const EnvironmentPlace& place);

// A file as a program, or as any program would open it: a Python stands for that, whose own names some libraries want.
// `dynamic` is its own section. What it loads from elsewhere is added to the stack.
Consumer follow_file(const LoadingGround& ground, const std::string& path, const DynamicSection& dynamic, Stack& stack);

// A running program that has the files `mapped`, and what these would still open; files that are deleted have the
// kernel's mark. What that loads from elsewhere is added to the stack. The caller names the consumer.
Consumer follow_process(const LoadingGround& ground, const std::string& program, const std::vector<std::string>& mapped,
                        Stack& stack);

}  // namespace varve
