#include "stack/library_dependencies.h"

#include <elf.h>

#include "base/text.h"

namespace varve {

namespace {
LoaderCache subject_cache(const Subject& subject) {
  const Looked<FileReader> file = subject.files.open("/etc/ld.so.cache");
  if (!file) return {};
  Result<LoaderCache> cache = read_loader_cache(*file, "/etc/ld.so.cache");
  return cache ? std::move(*cache) : LoaderCache{};
}
}  // namespace

DependencyResolver::DependencyResolver(const Subject& subject, const std::string& program)
    : cache_(subject_cache(subject)), context_(loader_context(subject.files, &cache_, EM_X86_64)) {
  context_.library_path = split_library_path(environment_value(subject.environment, "LD_LIBRARY_PATH"));
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
