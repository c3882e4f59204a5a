#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "binary/loader/loader.h"

namespace varve {

// Whether a file is one that the loader takes: what open_verify() of glibc makes of it. `closed`: a path in a folder
// that is there cannot be opened, and not for want of the file or of a permission: its links run in a circle.
enum class LoaderFit { absent, passed_over, fits, unfit, closed };

// What a file is to a loader of any machine.
struct LoaderFile {
  LoaderFit fit = LoaderFit::absent;     // to a loader of its own machine
  std::optional<std::uint16_t> machine;  // that it is made for; nothing: not known
};

// Valid as long as the files of one root do not change: one capture. Its contexts may be of several machines.
struct LoaderMemory {
  std::optional<LoaderCache> cache;  // /etc/ld.so.cache, once it was looked for
  std::map<std::string, LoaderFile> files;
  std::map<std::string, bool> capability_folders;  // whether a directory has a glibc-hwcaps
  std::map<std::string, std::string> real_paths;   // empty: it does not resolve
  // Of files by their real paths; those of a compressed layer, which cannot be opened again, are put here beforehand.
  std::map<std::string, DynamicSection> dynamics;
};

// The path with all links resolved; empty when it does not resolve.
std::string real_path(const LoaderContext& context, const std::string& path);

// One look for a name in directories or in the cache. `why` is set by the caller. A result that is `closed` ends the
// list of directories that it stands in, and no other.
std::optional<Resolution> search_directory(const LoaderContext& context, const std::string& directory,
                                           const std::string& name);
std::optional<Resolution> search_cache(const LoaderContext& context, const std::string& name, bool default_directories);
// The path itself; nothing when there is no file or it is of another machine.
std::optional<Resolution> look_at(const LoaderContext& context, const std::string& path);

// Replaces $ORIGIN, $LIB and $PLATFORM (also as ${ORIGIN}; ld.so(8)); `origin` is a directory.
std::string expand_tokens(const LoaderContext& context, std::string_view text, const std::string& origin);
// A path that starts at the root: relative ones start in the working directory; nothing when that is not known.
std::optional<std::string> absolute_path(const LoaderContext& context, const std::string& path);

}  // namespace varve
