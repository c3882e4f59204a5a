#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/elf/dynamic_section.h"
#include "binary/loader/loader_cache.h"
#include "model/binary.h"
#include "world/files.h"

namespace varve {

struct LoaderMemory;  // what was found about files already (loader_search.h)

// What the dynamic loader of glibc (ld.so(8); elf/dl-load.c) knows besides the files themselves. Nothing is executed,
// so any root can be asked. musl's loader searches in another order and is not modelled.
struct LoaderContext {
  const Files& files;
  const LoaderCache* cache = nullptr;     // of the same root; borrowed
  std::uint16_t machine = 0;              // files of another machine are passed over, as the loader does
  std::vector<std::string> library_path;  // LD_LIBRARY_PATH, split; leave empty for setuid programs
  std::vector<std::string> preload;       // LD_PRELOAD, split
  std::vector<std::string> default_directories;
  std::string library_token, platform;   // what $LIB and $PLATFORM stand for
  int cpu_level = 1;                     // x86-64-vN of the machine: glibc-hwcaps subdirectories up to it
  bool legacy_capabilities = false;      // glibc before 2.37: rows of the cache made for tls or avx512_1 count
  std::string working_directory;         // empty: not known, relative names in paths are passed over
  std::shared_ptr<LoaderMemory> memory;  // the same few files are asked for again and again; may be null
};

// The context of a root: its default directories and $LIB (Debian's multiarch or lib64, by what exists there).
// `machine` is EM_X86_64 or EM_AARCH64.
LoaderContext loader_context(const Files& files, const LoaderCache* cache, std::uint16_t machine);
// LD_LIBRARY_PATH (":" and ";" separate; an empty piece is the working directory) and LD_PRELOAD (":" and blanks).
std::vector<std::string> split_library_path(std::string_view value);
std::vector<std::string> split_preload(std::string_view value);

// One file that a process has loaded, or would load.
struct LoadedObject {
  std::string path;       // as the loader composed it: $ORIGIN of a library is the directory of this, links and all
  std::string real_path;  // with all links resolved
  std::vector<std::string> names;     // under which it was asked for
  std::string why;                    // "RUNPATH $ORIGIN/../../cublas/lib", "LD_LIBRARY_PATH", "the program"
  std::optional<std::size_t> loader;  // index of the object that asked for it first
  DynamicSection dynamic;
};

// Where a name leads.
struct Resolution {
  std::string path;     // empty: not found
  std::string why;      // "RUNPATH $ORIGIN", "already loaded", "not found"; with a remark where the loader would stop
  bool unfit = false;   // found, but no ELF file of this kind: the loader gives up there instead of searching on
  bool closed = false;  // its links run in a circle; unfit, where nothing was found in the lists after it
  std::optional<std::size_t> loaded;  // index of an object that is loaded already
};

// The objects of one process in the order of loading; [0] is the program or the library that was asked about.
struct LoadedSet {
  std::vector<LoadedObject> objects;
  std::vector<Dependency> missing;  // names that were asked for and not found, or found unfit
};

// What the loader would take for a name that objects[asker] asks for, by DT_NEEDED or dlopen: what is loaded already,
// then RPATH of the asker, its loaders and the program (only where the asker has no RUNPATH), LD_LIBRARY_PATH, RUNPATH
// of the asker, the cache, the default directories. A name with a slash is a path.
Resolution resolve_dependency(const LoaderContext& context, const LoadedSet& set, std::size_t asker,
                              const std::string& name);

// Starts a set with a program (or with a library, whose loader is not known). Nothing but the file itself is loaded.
// Error: the file cannot be opened or read.
Result<LoadedSet> start_loaded_set(const LoaderContext& context, const std::string& path);
// Loads what the program preloads and what everything in the set needs, breadth first as the loader does it. At most
// 4096 objects.
void load_needed(const LoaderContext& context, LoadedSet& set);
// Opens a library as dlopen called from objects[asker] would, with everything it needs; the index of its object, or
// nothing when it was not found (then `missing` says so).
std::optional<std::size_t> load_library(const LoaderContext& context, LoadedSet& set, std::size_t asker,
                                        const std::string& name);

// One row for each DT_NEEDED of objects[asker] and each of the names it opens late, with real paths.
std::vector<Dependency> resolve_dependencies(const LoaderContext& context, const LoadedSet& set, std::size_t asker,
                                             std::span<const std::string> opened);

}  // namespace varve
