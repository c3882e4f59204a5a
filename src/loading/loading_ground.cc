#include "loading/loading_ground.h"

#include "binary/loader/loader_configuration.h"
#include "world/world.h"

namespace varve {

namespace {
// /etc/ld.so.cache of a root; empty when there is none that can be read.
LoaderCache read_cache_of(const Files& files) {
  const Looked<FileReader> file = files.open("/etc/ld.so.cache");
  if (!file) return {};
  Result<LoaderCache> cache = read_loader_cache(*file, "/etc/ld.so.cache");
  return cache ? std::move(*cache) : LoaderCache{};
}
}  // namespace

LoaderContext loader_context(const LoadingGround& ground, std::uint16_t machine) {
  if (!ground.memory->cache) ground.memory->cache = read_cache_of(ground.files);
  LoaderContext context = loader_context(ground.files, &*ground.memory->cache, machine);
  context.memory = ground.memory;
  context.library_path = split_library_path(environment_value(ground.environment, "LD_LIBRARY_PATH"));
  context.preload = split_preload(environment_value(ground.environment, "LD_PRELOAD"));
  context.cpu_level = ground.cpu_level;
  context.working_directory = ground.working_directory;
  if (ground.runs_ldconfig) {
    // What the cache is made of: these come before the loader's own folders (elf/ldconfig.c).
    std::vector<std::string> directories = configured_directories(ground.files);
    for (std::string& directory : context.default_directories) directories.push_back(std::move(directory));
    context.default_directories = std::move(directories);
  }
  return context;
}

std::optional<DynamicSection> dynamic_of(const LoadingGround& ground, const std::string& path) {
  const auto before = ground.read_before.find(path);
  if (before != ground.read_before.end()) return before->second.dynamic;
  const Looked<FileReader> file = path.empty() ? Looked<FileReader>{} : ground.files.open(path);
  if (!file) return std::nullopt;
  Result<DynamicSection> dynamic = read_dynamic_section(*file, path);
  return dynamic ? std::optional(std::move(*dynamic)) : std::nullopt;
}

}  // namespace varve
