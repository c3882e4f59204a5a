#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "binary/loader/loader_search.h"
#include "loading/binaries.h"
#include "world/files.h"

namespace varve {

// Where programs are loaded: whose files, with which settings, and how deep binaries are looked into. What it refers to
// must live longer.
struct LoadingGround {
  const Files& files;                                    // the root of the programs
  const std::map<std::string, ReadBinary>& read_before;  // by real path: asked for by name, or of a compressed layer
  std::map<std::string, std::string> environment;        // PATH, LD_LIBRARY_PATH, LD_PRELOAD, CUDA_HOME, …
  std::string home;                                      // of the user; shortened to ~ in paths that a document shows
  std::string working_directory;                         // empty: not known
  bool runs_ldconfig = false;                            // before a program starts: what ld.so.conf names is searched
  int cpu_level = 1;                                     // of the psABI: 3 stands for x86-64-v3
  BinaryOptions how = {};
  std::string cache_folder = {};                                             // of BinaryCache
  std::function<void(const std::string& what, double share)> progress = {};  // of exact passes; may be empty
  // What the loader found, for all that is loaded here: files do not change while one capture runs. Never null.
  std::shared_ptr<LoaderMemory> memory = std::make_shared<LoaderMemory>();
};

// The loader of the ground for one machine (EM_X86_64, EM_AARCH64). The ground's files must outlive it.
LoaderContext loader_context(const LoadingGround& ground, std::uint16_t machine);
// What the loader would read of a file; nothing when it is no ELF file. Those of compressed layers were read before.
std::optional<DynamicSection> dynamic_of(const LoadingGround& ground, const std::string& path);

}  // namespace varve
