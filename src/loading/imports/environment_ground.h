#pragma once
#include <map>
#include <string>
#include <vector>

#include "loading/consumer_loading.h"
#include "loading/environment_libraries.h"
#include "loading/imports/imported_package.h"
#include "loading/python/library_openers.h"

namespace varve {

// All that is needed to follow the packages of one environment. Borrows what it is made of.
struct EnvironmentGround {
  // `environments`: those that share their folders with this one lend it what they hold.
  EnvironmentGround(const LoadingGround& ground, const LibrariesOfEnvironment& libraries,
                    const std::vector<LibrariesOfEnvironment>& environments, Stack& stack);

  const Environment& environment() const { return stack.environments[libraries.environment]; }
  const std::vector<const HeldLibrary*>& of_package(const std::string& name) const;  // empty: it has none
  ImportedPackage imported(const std::string& name, const std::vector<const HeldLibrary*>& libraries) const;
  // By its name, or as a library that has the function that Python calls in a module of its name.
  bool is_module(const HeldLibrary& library);
  // Reads at once the symbols that tell which of the libraries are modules.
  void read_symbols_of(const std::vector<const HeldLibrary*>& libraries);

  const LoadingGround& ground;
  const LibrariesOfEnvironment& libraries;
  Stack& stack;
  LoadedFiles files;
  LibraryOpeners openers;
  LoaderContext context;
  HeldByName held;
  std::map<std::string, std::vector<const HeldLibrary*>> own,
      by_package;                                      // of this environment; of those it shares with too
  std::vector<const HeldLibrary*> for_other_machines;  // of this environment; in neither of these
  bool is_whole = false;                               // nothing is imported from elsewhere

 private:
  void hold(const LibrariesOfEnvironment& other);
};

}  // namespace varve
