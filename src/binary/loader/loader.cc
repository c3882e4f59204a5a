#include "binary/loader/loader.h"

#include <algorithm>

#include "base/text.h"
#include "binary/loader/loader_search.h"
#include "model/words/lookup_way.h"

namespace varve {
namespace {

constexpr std::size_t kMostObjects = 4096;
constexpr std::size_t kMostMissing = 4096;
constexpr std::size_t kMostRemembered = 16'384;  // files
constexpr std::size_t kMostDirectories = 1024;   // of one RPATH or RUNPATH

std::string directory_of(const std::string& path) {
  std::size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// $ORIGIN: of a program the directory of its real path (the kernel's), of a library that of the path it was found by.
std::string origin_of(const LoadedObject& object) {
  return directory_of(object.loader || object.real_path.empty() ? object.path : object.real_path);
}

std::optional<Resolution> search_path(const LoaderContext& context, LookupWay tag, const std::string& text,
                                      const LoadedObject& owner, const std::string& name) {
  std::vector<std::string_view> pieces = split(text, ':');
  pieces.resize(std::min(pieces.size(), kMostDirectories));
  for (std::string_view piece : pieces) {
    auto found = search_directory(context, expand_tokens(context, piece, origin_of(owner)), name);
    if (!found) continue;
    found->why = lookup_text(tag, piece);
    return found;
  }
  return std::nullopt;
}

// RPATH of the asker, then of each one that loaded it, at last of the program; each only where it has no RUNPATH.
std::optional<Resolution> search_rpaths(const LoaderContext& context, const LoadedSet& set, std::size_t asker,
                                        const std::string& name) {
  if (set.objects[asker].dynamic.runpath) return std::nullopt;
  std::optional<Resolution> closed;
  std::size_t at = asker;
  for (std::size_t steps = 0; steps <= set.objects.size(); ++steps) {
    const LoadedObject& object = set.objects[at];
    if (object.dynamic.rpath && !object.dynamic.runpath) {
      auto found = search_path(context, LookupWay::rpath, *object.dynamic.rpath, object, name);
      if (found && at != asker) found->why += " of " + file_name(object.path);
      if (found && !found->closed) return found;
      if (!closed) closed = found;
    }
    if (at == 0) break;
    at = object.loader.value_or(0);
  }
  return closed;
}

std::optional<Resolution> search_library_path(const LoaderContext& context, const LoadedSet& set,
                                              const std::string& name) {
  for (const std::string& directory : context.library_path) {
    auto found = search_directory(context, expand_tokens(context, directory, origin_of(set.objects[0])), name);
    if (!found) continue;
    found->why = to_string(LookupWay::library_path);
    return found;
  }
  return std::nullopt;
}

std::optional<Resolution> search_defaults(const LoaderContext& context, const std::string& name) {
  for (const std::string& directory : context.default_directories) {
    auto found = search_directory(context, directory, name);
    if (!found) continue;
    found->why = to_string(LookupWay::default_directory);
    return found;
  }
  return std::nullopt;
}

// List after list. A path that cannot be opened ends the list that it stands in (glibc, open_path in elf/dl-load.c).
std::optional<Resolution> search_everywhere(const LoaderContext& context, const LoadedSet& set, std::size_t asker,
                                            const std::string& name) {
  const LoadedObject& object = set.objects[asker];
  std::optional<Resolution> closed;
  const auto is_found = [&](const std::optional<Resolution>& found) {
    if (!found || !found->closed) return found.has_value();
    if (!closed) closed = found;
    return false;
  };
  if (auto found = search_rpaths(context, set, asker, name); is_found(found)) return found;
  if (auto found = search_library_path(context, set, name); is_found(found)) return found;
  if (object.dynamic.runpath) {
    auto found = search_path(context, LookupWay::runpath, *object.dynamic.runpath, object, name);
    if (is_found(found)) return found;
  }
  if (auto found = search_cache(context, name, !object.dynamic.no_default_directories)) {
    found->why = to_string(LookupWay::cache);
    if (is_found(found)) return found;
  }
  if (object.dynamic.no_default_directories) return closed;
  if (auto found = search_defaults(context, name); is_found(found)) return found;
  return closed;
}

std::optional<std::size_t> loaded_as(const LoadedSet& set, const std::string& name) {
  for (std::size_t i = 0; i < set.objects.size(); ++i) {
    const LoadedObject& object = set.objects[i];
    // The program's own name is no library's; its path counts like any other.
    if (object.path == name || object.dynamic.soname == name ||
        std::find(object.names.begin(), object.names.end(), name) != object.names.end()) {
      return i;
    }
  }
  return std::nullopt;
}

Result<LoadedObject> read_object(const LoaderContext& context, const std::string& path) {
  const std::string real = real_path(context, path);
  if (context.memory) {
    const auto known = context.memory->dynamics.find(real);
    if (known != context.memory->dynamics.end()) return LoadedObject{path, real, {}, {}, {}, known->second};
  }
  auto reader = context.files.open(path);
  if (!reader) {
    return Error{"following what a file loads", path, reader.detail.empty() ? "it cannot be opened" : reader.detail,
                 "give the path of an ELF file"};
  }
  auto dynamic = read_dynamic_section(*reader, path);
  if (!dynamic) return dynamic.error();
  if (context.memory && !real.empty() && context.memory->dynamics.size() < kMostRemembered) {
    context.memory->dynamics.emplace(real, *dynamic);
  }
  return LoadedObject{path, real.empty() ? path : real, {}, {}, {}, std::move(*dynamic)};
}

// The object of a name: one that is there, or a new one at the end. Nothing: not found (noted in `missing`).
std::optional<std::size_t> take(const LoaderContext& context, LoadedSet& set, std::size_t asker,
                                const std::string& name, DependencyKind kind) {
  Resolution found = resolve_dependency(context, set, asker, name);
  if (found.loaded) {
    auto& names = set.objects[*found.loaded].names;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return found.loaded;
  }
  auto object = found.path.empty() || found.unfit || set.objects.size() >= kMostObjects
                    ? Result<LoadedObject>(Error{})
                    : read_object(context, found.path);
  if (!object) {
    if (set.missing.size() < kMostMissing) set.missing.push_back({name, kind, found.path, found.why});
    return std::nullopt;
  }
  object->why = found.why;
  object->loader = asker;
  object->names.push_back(name);
  set.objects.push_back(std::move(*object));
  return set.objects.size() - 1;
}

// What the objects from `first` on need, and what that needs.
void load_from(const LoaderContext& context, LoadedSet& set, std::size_t first) {
  for (std::size_t at = first; at < set.objects.size(); ++at) {
    const std::vector<std::string> needed = set.objects[at].dynamic.needed;
    for (const std::string& name : needed) (void)take(context, set, at, name, DependencyKind::needed);
  }
}

}  // namespace

Resolution resolve_dependency(const LoaderContext& context, const LoadedSet& set, std::size_t asker,
                              const std::string& name) {
  if (auto loaded = loaded_as(set, name))
    return {set.objects[*loaded].path, lookup_text(LookupWay::loaded), false, false, loaded};
  // The loader itself is in every process under its SONAME, which is the name of its file.
  const std::string& interpreter = set.objects[0].dynamic.interpreter;
  std::optional<Resolution> found;
  if (!interpreter.empty() && file_name(interpreter) == name) {
    found = look_at(context, interpreter);
    if (found) found->why = to_string(LookupWay::interpreter);
  } else if (name.find('/') != name.npos) {
    auto path = absolute_path(context, expand_tokens(context, name, origin_of(set.objects[asker])));
    found = path ? look_at(context, *path) : std::nullopt;
    if (found) found->why = to_string(LookupWay::path);
  } else if (!name.empty()) {
    found = search_everywhere(context, set, asker, name);
  }
  if (!found) return {{}, lookup_text(LookupWay::nowhere), false, false, {}};
  if (found->closed) {
    found->unfit = true;
    found->why += "; its symbolic links run in a circle, and the loader looks no further there";
    return *found;
  }
  if (found->unfit) {
    found->why += "; it is no library of this machine, and the loader stops there";
    return *found;
  }
  const std::string real = real_path(context, found->path);
  for (std::size_t i = 0; !real.empty() && i < set.objects.size(); ++i) {
    if (set.objects[i].real_path == real) found->loaded = i;
  }
  return *found;
}

Result<LoadedSet> start_loaded_set(const LoaderContext& context, const std::string& path) {
  auto object = read_object(context, path);
  if (!object) return object.error();
  object->why = to_string(LookupWay::program);
  LoadedSet set;
  set.objects.push_back(std::move(*object));
  return set;
}

void load_needed(const LoaderContext& context, LoadedSet& set) {
  for (const std::string& name : context.preload) (void)take(context, set, 0, name, DependencyKind::needed);
  load_from(context, set, 0);
}

std::optional<std::size_t> load_library(const LoaderContext& context, LoadedSet& set, std::size_t asker,
                                        const std::string& name) {
  const std::size_t before = set.objects.size();
  auto index = take(context, set, asker, name, DependencyKind::opened);
  load_from(context, set, before);
  return index;
}

std::vector<Dependency> resolve_dependencies(const LoaderContext& context, const LoadedSet& set, std::size_t asker,
                                             std::span<const std::string> opened) {
  std::vector<Dependency> rows;
  auto add = [&](const std::string& name, DependencyKind kind) {
    Resolution found = resolve_dependency(context, set, asker, name);
    const std::string real = found.path.empty() ? "" : real_path(context, found.path);
    rows.push_back({name, kind, real.empty() ? found.path : real, found.why});
  };
  const std::vector<std::string>& needed = set.objects[asker].dynamic.needed;
  for (const std::string& name : needed) add(name, DependencyKind::needed);
  for (const std::string& name : opened) {
    if (std::find(needed.begin(), needed.end(), name) == needed.end()) add(name, DependencyKind::opened);
  }
  return rows;
}

}  // namespace varve
