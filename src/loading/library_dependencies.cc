#include "loading/library_dependencies.h"

#include <elf.h>

#include "base/text.h"

namespace varve {

DependencyResolver::DependencyResolver(const LoadingGround& ground, const std::string& program)
    : context_(loader_context(ground, EM_X86_64)) {
  if (program.empty()) return;
  if (Result<LoadedSet> started = start_loaded_set(context_, program)) program_ = std::move(*started);
}

std::vector<Dependency> DependencyResolver::resolve(const ReadBinary& read) const {
  LoadedSet set = program_;
  LoadedObject object{.path = read.binary.path,
                      .real_path = read.binary.path,
                      .names = {},
                      .why = {},
                      .loader = {},
                      .dynamic = read.dynamic};
  if (!set.objects.empty()) object.loader = 0;
  set.objects.push_back(std::move(object));
  std::vector<Dependency> dependencies = resolve_dependencies(context_, set, set.objects.size() - 1, read.opened);
  for (Dependency& dependency : dependencies) {
    dependency.name = clean_utf8(dependency.name, 256);
    dependency.path = clean_utf8(dependency.path);
    dependency.why = clean_utf8(dependency.why);
  }
  return dependencies;
}

}  // namespace varve
