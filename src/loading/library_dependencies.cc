#include "loading/library_dependencies.h"

#include <elf.h>

#include <algorithm>
#include <initializer_list>

#include "base/text.h"
#include "binary/loader/loader_search.h"

namespace varve {

namespace {
// The psABI's level of a processor by its flags (x86-64 psABI, table 3.1), which chooses glibc-hwcaps folders.
int cpu_level(const Looked<std::string>& cpuinfo) {
  if (!cpuinfo) return 1;
  const std::size_t at = cpuinfo->find("\nflags");
  if (at == std::string::npos) return 1;
  const std::string_view line = std::string_view(*cpuinfo).substr(at + 1, cpuinfo->find('\n', at + 1) - at - 1);
  const std::vector<std::string_view> flags = split_words(line);
  const auto has = [&](std::initializer_list<std::string_view> wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](std::string_view flag) {
      return std::find(flags.begin(), flags.end(), flag) != flags.end();
    });
  };
  if (!has({"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"})) return 1;
  if (!has({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"})) return 2;
  return has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}) ? 4 : 3;
}
}  // namespace

LoaderCache subject_loader_cache(const Subject& subject) {
  const Looked<FileReader> file = subject.files.open("/etc/ld.so.cache");
  if (!file) return {};
  Result<LoaderCache> cache = read_loader_cache(*file, "/etc/ld.so.cache");
  return cache ? std::move(*cache) : LoaderCache{};
}

LoaderContext subject_loader_context(const Subject& subject, const LoaderCache& cache, std::uint16_t machine) {
  LoaderContext context = loader_context(subject.files, &cache, machine);
  context.library_path = split_library_path(environment_value(subject.environment, "LD_LIBRARY_PATH"));
  context.preload = split_preload(environment_value(subject.environment, "LD_PRELOAD"));
  context.cpu_level = cpu_level(subject.cpuinfo);
  for (const auto& [path, read] : subject.read_before) context.memory->dynamics.emplace(path, read.dynamic);
  if (!subject.own_files || subject.options.process) {
    context.working_directory = subject.world.files.read_link(subject.proc + "/cwd").value.value_or("");
  }
  return context;
}

DependencyResolver::DependencyResolver(const Subject& subject, const std::string& program)
    : cache_(subject_loader_cache(subject)), context_(subject_loader_context(subject, cache_, EM_X86_64)) {
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
