#include "capture/gpu/driver_files.h"

#include <elf.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "base/library_file_name.h"
#include "base/redact.h"
#include "base/text.h"
#include "binary/elf/build_id.h"
#include "binary/elf/note_sections.h"
#include "binary/loader/loader.h"
#include "binary/loader/loader_configuration.h"
#include "binary/version/driver_version.h"
#include "binary/version/static_runtime.h"
#include "capture/subject/loaded_libraries.h"
#include "loading/binary_cache.h"
#include "model/words/lookup_way.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kLibraries[] = {"libcuda", "libnvidia-ml", "libnvidia-ptxjitcompiler", "libnvidia-nvvm",
                                      "libcudadebugger"};

// Where drivers, container tools and distributions put them. A star stands for every name that begins so.
constexpr const char* kDirectories[] = {"/usr/lib/x86_64-linux-gnu",
                                        "/usr/lib/aarch64-linux-gnu",
                                        "/usr/lib/x86_64-linux-gnu/nvidia/*",
                                        "/usr/lib64",
                                        "/usr/lib64/nvidia",
                                        "/usr/lib",
                                        "/usr/lib/nvidia",
                                        "/usr/lib/aarch64-linux-gnu/nvidia",
                                        "/usr/lib/aarch64-linux-gnu/tegra",
                                        "/usr/lib/wsl/lib",
                                        "/usr/local/nvidia/lib64",
                                        "/usr/local/nvidia/lib",
                                        "/run/opengl-driver/lib",
                                        "/run/nvidia/driver/usr/lib/x86_64-linux-gnu",
                                        "/run/nvidia/driver/usr/lib64"};
// Below every /usr/local/cuda*.
constexpr const char* kToolkitDirectories[] = {"compat", "compat_orin", "compat-orin", "lib64/stubs",
                                               "targets/x86_64-linux/lib/stubs"};
constexpr std::size_t kMostFiles = 256;

struct Place {
  std::string directory;
  std::string found_by;
};

std::vector<std::string> expanded(const Files& files, const std::string& pattern) {
  if (!pattern.ends_with("*")) return {pattern};
  const std::size_t slash = pattern.rfind('/');
  const std::string prefix = pattern.substr(slash + 1, pattern.size() - slash - 2);
  std::vector<std::string> directories;
  const Looked<std::vector<std::string>> names = files.list(pattern.substr(0, slash));
  for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
    if (name.starts_with(prefix)) directories.push_back(pattern.substr(0, slash + 1) + name);
  }
  return directories;
}

// In an image those folders of /etc/ld.so.conf that come before the system's, into which a container is given the
// driver: NVIDIA's container toolkit runs ldconfig there, and what its configuration names first is found first
// (internal/ldconfig of nvidia-container-toolkit, whose 00-nvcr-*.conf is to come after a 00-cuda-compat.conf).
std::vector<std::string> before_the_driver(const Subject& subject, const LoaderContext& context) {
  std::vector<std::string> directories;
  if (subject.options.kind != SubjectKind::image) return directories;
  const std::vector<std::string>& system = context.default_directories;
  for (std::string& directory : configured_directories(subject.files)) {
    if (std::find(system.begin(), system.end(), directory) != system.end()) break;
    directories.push_back(std::move(directory));
  }
  return directories;
}

std::vector<Place> search_places(const Subject& subject, const LoaderCache& cache, const LoaderContext& context) {
  std::vector<Place> places;
  for (const std::string& directory : context.library_path) {
    if (directory.starts_with('/')) places.push_back({directory, lookup_text(LookupWay::library_path)});
  }
  for (const std::string& directory : before_the_driver(subject, context)) {
    places.push_back({directory, "/etc/ld.so.conf"});
  }
  for (const LoaderCacheEntry& entry : cache.entries) {
    const bool ours = std::any_of(std::begin(kLibraries), std::end(kLibraries), [&](std::string_view library) {
      return entry.name.starts_with(std::string(library) + ".so");
    });
    if (ours) places.push_back({entry.path.substr(0, entry.path.rfind('/')), lookup_text(LookupWay::cache)});
  }
  for (const char* pattern : kDirectories) {
    for (const std::string& directory : expanded(subject.files, pattern)) places.push_back({directory, "directory"});
  }
  for (const std::string& toolkit : expanded(subject.files, "/usr/local/cuda*")) {
    for (const char* below : kToolkitDirectories) places.push_back({toolkit + "/" + below, "directory"});
  }
  return places;
}

// "libcuda" for "libcuda.so", "libcuda.so.1", "libcuda.so.550.54.15".
std::optional<std::string> library_named_by(std::string_view name) {
  for (const std::string_view library : kLibraries) {
    const std::string_view rest = name.substr(std::min(name.size(), library.size()));
    if (name.starts_with(library) && (rest == ".so" || rest.starts_with(".so."))) return std::string(library);
  }
  return std::nullopt;
}

DriverFileRole role_of(const std::string& path, const FileReader* file) {
  if (path.find("/stubs/") != std::string::npos) return DriverFileRole::stub;
  if (file != nullptr && file->size() == 0) return DriverFileRole::empty;
  if (path.find("/compat") != std::string::npos) return DriverFileRole::compat;
  return path.find("/wsl/") != std::string::npos ? DriverFileRole::wsl : DriverFileRole::driver;
}

Fact version_fact(const DriverFile& file) {
  if (file.role == DriverFileRole::stub) return missing_fact(Missing::not_applicable, file.path, "a stub to link with");
  if (file.role == DriverFileRole::empty) {
    return missing_fact(Missing::unreadable, file.path, "an empty file, not a driver");
  }
  const auto version = driver_version_in_name(file.path);
  return version ? known_fact(*version, "file name")
                 : missing_fact(Missing::unsupported, file.path, "its file name carries no version");
}

// Of a libcuda whose name tells no version, from its texts, once a build id.
Fact version_inside(const DriverFile& file, const FileReader& reader, const BinaryCache& cache) {
  const std::string source = file.path + ": its texts";
  const Json kept = cache.find(file.build_id, reader.size(), "driver_version");
  if (kept.is_string()) return known_fact(kept.get<std::string>(), source);
  const std::optional<std::string> version = driver_version_in_texts(reader);
  if (!version) return file.version;
  cache.keep(file.build_id, reader.size(), "driver_version", *version);
  return known_fact(*version, source);
}

// From the code of the file, once a build id.
Fact api_level_fact(const DriverFile& file, const FileReader& reader, const BinaryCache& cache) {
  const std::string source = file.path + ": constants in its code";
  const Json kept = cache.find(file.build_id, reader.size(), "api_level");
  if (kept.is_string()) return known_fact(kept.get<std::string>(), source, Standing::inferred);
  const std::optional<StoredVersion> level = api_level(reader);
  if (!level) return missing_fact(Missing::unreadable, source, "no such constant");
  cache.keep(file.build_id, reader.size(), "api_level", level->version);
  return known_fact(level->version, source, Standing::inferred);
}

DriverFile describe(const Subject& subject, const std::string& path, const std::string& library,
                    const std::string& found_by, const BinaryCache& cache) {
  DriverFile file{.library = library,
                  .path = path,
                  .found_by = found_by,
                  .build_id = {},
                  .version = {},
                  .api_level = {},
                  .compat_branches = {}};
  const Looked<FileReader> reader = subject.files.open(path);
  file.role = role_of(path, reader ? &*reader : nullptr);
  file.version = version_fact(file);
  file.api_level = missing_fact(Missing::not_applicable, path, "only libcuda offers an API");
  if (reader && file.role != DriverFileRole::empty) {
    const Result<std::string> build_id = read_build_id(*reader, path);
    if (build_id) file.build_id = *build_id;
  }
  if (library != "libcuda") return file;
  if (!reader) {
    const auto before = subject.read_before.find(path);  // of a compressed layer
    const bool told = before != subject.read_before.end() && !before->second.driver_version.empty();
    if (told && file.version.missing == Missing::unsupported) {
      file.version = known_fact(before->second.driver_version, path + ": its texts");
    }
    file.api_level = missing_because(reader, path);
  } else if (file.role == DriverFileRole::stub || file.role == DriverFileRole::empty) {
    file.api_level = missing_fact(Missing::not_applicable, path, "no driver");
  } else {
    if (!file.version.is_known()) file.version = version_inside(file, *reader, cache);
    file.api_level = api_level_fact(file, *reader, cache);
  }
  if (reader && file.role == DriverFileRole::compat) {
    const std::optional<ForwardCompatibility> note = read_forward_compatibility(*reader);
    for (const int branch : note ? note->driver_branches : std::vector<int>{}) {
      file.compat_branches.push_back(std::to_string(branch));
    }
  }
  return file;
}

// The programs of the subject are of one architecture; the loader's own name says which.
std::uint16_t machine_of(const Files& files) {
  const bool arm = files.exists("/lib/ld-linux-aarch64.so.1") ||
                   (files.exists("/usr/lib/aarch64-linux-gnu") && !files.exists("/usr/lib/x86_64-linux-gnu"));
  return arm ? EM_AARCH64 : EM_X86_64;
}

LoaderContext context_of(const Subject& subject, const LoaderCache& cache) {
  LoaderContext context = loader_context(subject.files, &cache, machine_of(subject.files));
  context.library_path = split_library_path(environment_value(subject.environment, "LD_LIBRARY_PATH"));
  return context;
}

// What a program that is told nothing else would get for the SONAME.
std::string taken_by_loader(const Subject& subject, LoaderContext context, const std::string& library) {
  std::vector<std::string> first = before_the_driver(subject, context);
  context.default_directories.insert(context.default_directories.begin(), std::make_move_iterator(first.begin()),
                                     std::make_move_iterator(first.end()));
  LoadedSet set;
  set.objects.emplace_back();
  set.objects.front().dynamic.machine = context.machine;
  const Resolution found = resolve_dependency(context, set, 0, library + ".so.1");
  if (found.path.empty()) return "";
  return subject.files.resolve(found.path).value.value_or("");
}

}  // namespace

std::optional<std::string> driver_version_in_name(std::string_view path) {
  const std::string_view name = without_deleted_mark(path.substr(path.rfind('/') + 1));
  const std::size_t at = name.find(".so.");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view version = name.substr(at + 4);
  const std::size_t dot = version.find('.');
  const auto major = parse_integer(version.substr(0, dot));
  if (dot == std::string_view::npos || !major || *major < 10) return std::nullopt;
  return clean_utf8(version, 64);
}

std::vector<DriverFile> find_driver_files(const Subject& subject) {
  const Files& files = subject.files;
  LoaderCache loader;
  if (const Looked<FileReader> file = files.open("/etc/ld.so.cache")) {
    if (Result<LoaderCache> cache = read_loader_cache(*file, "/etc/ld.so.cache")) loader = std::move(*cache);
  }
  const BinaryCache cache(subject.options.cache_folder);
  const LoaderContext context = context_of(subject, loader);
  std::vector<DriverFile> found;
  std::set<std::string> seen_directories, seen_files;
  for (const Library& mapped : subject.libraries) {
    const std::optional<std::string> library = library_named_by(file_name(mapped.path));
    const std::string path = mapped_path(mapped);
    if (!library || !seen_files.insert(path).second) continue;
    found.push_back(describe(subject, path, *library, lookup_text(LookupWay::mapped), cache));
    found.back().loaded_first = found.back().role != DriverFileRole::stub;
  }
  for (const Place& place : search_places(subject, loader, context)) {
    const Looked<std::string> directory = files.resolve(place.directory);
    if (!directory || !seen_directories.insert(*directory).second) continue;
    for (const std::string& name : files.list(*directory).value.value_or(std::vector<std::string>{})) {
      const std::optional<std::string> library = library_named_by(name);
      if (!library || found.size() >= kMostFiles) continue;
      const Looked<std::string> path = files.resolve(*directory + "/" + name);
      if (!path || files.kind(*path).value != FileKind::regular) continue;
      if (seen_files.insert(*path).second) found.push_back(describe(subject, *path, *library, place.found_by, cache));
    }
  }
  for (const std::string library : kLibraries) {
    const bool mapped = std::any_of(found.begin(), found.end(), [&](const DriverFile& file) {
      return file.library == library && file.loaded_first;
    });
    const std::string first = mapped ? "" : taken_by_loader(subject, context, library);
    for (DriverFile& file : found) file.loaded_first = file.loaded_first || (!first.empty() && file.path == first);
  }
  std::stable_sort(found.begin(), found.end(), [](const DriverFile& a, const DriverFile& b) {
    const auto place = [](const DriverFile& file) {
      return std::find(std::begin(kLibraries), std::end(kLibraries), file.library) - std::begin(kLibraries);
    };
    return std::pair(place(a), !a.loaded_first) < std::pair(place(b), !b.loaded_first);
  });
  return found;
}

}  // namespace varve
