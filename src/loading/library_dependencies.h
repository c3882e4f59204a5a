#pragma once
#include <map>
#include <string>
#include <vector>

#include "binary/loader/loader.h"
#include "capture/subject/subject.h"
#include "loading/binaries.h"

namespace varve {

// /etc/ld.so.cache of the subject's root; empty when there is none.
LoaderCache subject_loader_cache(const Subject& subject);
// The loader of the subject with its LD_LIBRARY_PATH and LD_PRELOAD. The cache and the subject must live longer.
LoaderContext subject_loader_context(const Subject& subject, const LoaderCache& cache, std::uint16_t machine);

// What the loader of the subject would take for the names that binaries ask for.
class DependencyResolver {
 public:
  // `program`: what would load them, a Python whose RPATH counts too; empty: not known. The subject must live longer.
  DependencyResolver(const Subject& subject, const std::string& program);

  // One row a name, DT_NEEDED first, then those opened late.
  std::vector<Dependency> resolve(const ReadBinary& read) const;

 private:
  LoaderCache cache_;
  LoaderContext context_;
  LoadedSet program_;
};

}  // namespace varve
