#pragma once
#include <string>
#include <vector>

#include "binary/loader/loader.h"
#include "loading/binaries.h"
#include "loading/loading_ground.h"

namespace varve {

// What the loader would take for the names that binaries ask for.
class DependencyResolver {
 public:
  // `program`: what would load them, a Python whose RPATH counts too; empty: not known. The ground's files must live
  // longer.
  DependencyResolver(const LoadingGround& ground, const std::string& program);

  // One row a name, DT_NEEDED first, then those opened late.
  std::vector<Dependency> resolve(const ReadBinary& read) const;

 private:
  LoaderContext context_;
  LoadedSet program_;
};

}  // namespace varve
