#include "binary/loader/loader_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "base/text.h"

namespace varve {
namespace {

constexpr std::size_t kMostRememberedFolders = 200'000;  // paths; files name libraries and directories without end

// The directories under glibc-hwcaps, best first (x86-64 psABI; sysdeps/x86_64/dl-hwcaps_subdirs.c).
int level_of(std::string_view capability) {
  if (!capability.starts_with("x86-64-v") || capability.size() != 9) return 0;
  return capability.back() - '0';
}

bool has_capability(const LoaderContext& context, std::string_view capability) {
  int level = level_of(capability);
  return level >= 2 && level <= context.cpu_level;
}

bool is_folder(const LoaderContext& context, const std::string& path) {
  const auto kind = context.files.kind(path);
  return kind && *kind == FileKind::directory;
}

// open_verify() of glibc: a file of another word size or machine is passed over, anything else that
// is not a matching ELF file ends the search with an error.
LoaderFile look_at_file(const LoaderContext& context, const std::string& path) {
  auto reader = context.files.open(path);
  if (!reader && reader.failure == LookFailure::unreadable) {
    // A library in a compressed layer of an image, of which only the name is left.
    // A folder of that name ends the search: "cannot read file data" (glibc, elf/dl-load.c).
    const auto kind = context.files.kind(path);
    if (kind && *kind == FileKind::directory) return {LoaderFit::unfit, {}};
    if (!kind && kind.failure == LookFailure::unreadable && is_folder(context, path.substr(0, path.rfind('/')))) {
      return {LoaderFit::closed, {}};
    }
    return {kind && *kind == FileKind::regular ? LoaderFit::fits : LoaderFit::absent, {}};
  }
  if (!reader) return {};
  Elf64_Ehdr header{};
  bool whole = reader->read_value(0, header);
  if (!whole && !reader->read_value(0, header.e_ident)) return {LoaderFit::unfit, {}};
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {LoaderFit::unfit, {}};
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return {LoaderFit::passed_over, {}};
  if (header.e_ident[EI_DATA] != ELFDATA2LSB || !whole) return {LoaderFit::unfit, {}};
  const bool loadable = header.e_type == ET_DYN || header.e_type == ET_EXEC;
  return {loadable ? LoaderFit::fits : LoaderFit::unfit, header.e_machine};
}

LoaderFile known_file(const LoaderContext& context, const std::string& path) {
  if (!context.memory) return look_at_file(context, path);
  const auto known = context.memory->files.find(path);
  if (known != context.memory->files.end()) return known->second;
  const LoaderFile file = look_at_file(context, path);
  if (context.memory->files.size() < kMostRememberedFolders) context.memory->files.emplace(path, file);
  return file;
}

LoaderFit fit_of(const LoaderContext& context, const std::string& path) {
  if (path.size() >= PATH_MAX) return LoaderFit::absent;
  const LoaderFile file = known_file(context, path);
  const bool foreign = file.machine && context.machine != EM_NONE && *file.machine != context.machine;
  return foreign ? LoaderFit::passed_over : file.fit;
}

// The same few directories are searched for every name of every library, and hardly one of them has such folders.
bool has_capability_folders(const LoaderContext& context, const std::string& path) {
  if (!context.memory) return context.files.exists(path);
  std::map<std::string, bool>& known = context.memory->capability_folders;
  const auto found = known.find(path);
  if (found != known.end()) return found->second;
  const bool there = context.files.exists(path);
  if (known.size() < kMostRememberedFolders) known.emplace(path, there);
  return there;
}

bool is_below(std::string_view path, const std::vector<std::string>& directories) {
  return std::any_of(directories.begin(), directories.end(), [path](const std::string& directory) {
    return path.starts_with(directory) && path.substr(directory.size()).starts_with("/") &&
           path.rfind('/') == directory.size();
  });
}

}  // namespace

std::string real_path(const LoaderContext& context, const std::string& path) {
  if (!context.memory) return context.files.resolve(path).value.value_or("");
  const auto known = context.memory->real_paths.find(path);
  if (known != context.memory->real_paths.end()) return known->second;
  std::string real = context.files.resolve(path).value.value_or("");
  if (context.memory->real_paths.size() < kMostRememberedFolders) context.memory->real_paths.emplace(path, real);
  return real;
}

std::optional<Resolution> look_at(const LoaderContext& context, const std::string& path) {
  LoaderFit fit = fit_of(context, path);
  if (fit == LoaderFit::absent || fit == LoaderFit::passed_over) return std::nullopt;
  return Resolution{path, {}, fit == LoaderFit::unfit, fit == LoaderFit::closed, {}};
}

std::optional<Resolution> search_directory(const LoaderContext& context, const std::string& directory,
                                           const std::string& name) {
  auto start = absolute_path(context, directory);
  if (!start) return std::nullopt;
  if (!start->ends_with('/')) *start += '/';
  if (context.machine == EM_X86_64 && context.cpu_level >= 2 &&
      has_capability_folders(context, *start + "glibc-hwcaps")) {
    for (int level = std::min(context.cpu_level, 4); level >= 2; --level) {
      auto found = look_at(context, fmt::format("{}glibc-hwcaps/x86-64-v{}/{}", *start, level, name));
      if (found) return found;
    }
  }
  return look_at(context, *start + name);
}

std::optional<Resolution> search_cache(const LoaderContext& context, const std::string& name,
                                       bool default_directories) {
  if (!context.cache) return std::nullopt;
  const LoaderCacheEntry* best = nullptr;
  for (const LoaderCacheEntry* entry : context.cache->find(name, context.machine)) {
    if (entry->legacy_capability && !context.legacy_capabilities) continue;
    if (!entry->capability.empty() && !has_capability(context, entry->capability)) continue;
    if (!default_directories && is_below(entry->path, context.default_directories)) continue;
    if (!best || level_of(entry->capability) > level_of(best->capability)) best = entry;
  }
  return best ? look_at(context, best->path) : std::nullopt;
}

std::string expand_tokens(const LoaderContext& context, std::string_view text, const std::string& origin) {
  struct Token {
    std::string_view name;
    const std::string* value;
  };
  const Token tokens[] = {{"ORIGIN", &origin}, {"LIB", &context.library_token}, {"PLATFORM", &context.platform}};
  std::string expanded;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = std::min(text.find('$', at), text.size());
    expanded += text.substr(at, next - at);
    at = next;
    if (at == text.size()) break;
    std::string_view rest = text.substr(at + 1);
    auto token = std::find_if(std::begin(tokens), std::end(tokens), [rest](const Token& candidate) {
      if (rest.starts_with('{')) return rest.substr(1).starts_with(std::string(candidate.name) + "}");
      return rest.starts_with(candidate.name);
    });
    if (token == std::end(tokens)) {
      expanded += '$';
      ++at;
      continue;
    }
    expanded += *token->value;
    at += 1 + token->name.size() + (rest.starts_with('{') ? 2 : 0);
  }
  return expanded;
}

std::optional<std::string> absolute_path(const LoaderContext& context, const std::string& path) {
  if (path.starts_with('/')) return path;
  if (context.working_directory.empty()) return std::nullopt;
  return path.empty() ? context.working_directory : context.working_directory + "/" + path;
}

LoaderContext loader_context(const Files& files, const LoaderCache* cache, std::uint16_t machine) {
  LoaderContext context{files, cache, machine, {}, {}, {}, "lib64", machine == EM_AARCH64 ? "aarch64" : "x86_64"};
  context.memory = std::make_shared<LoaderMemory>();
  const std::string triplet = context.platform + "-linux-gnu";
  if (files.exists("/lib/" + triplet) || files.exists("/usr/lib/" + triplet)) {
    context.library_token = "lib/" + triplet;
    context.default_directories = {"/lib/" + triplet, "/usr/lib/" + triplet, "/lib", "/usr/lib"};
  } else {
    context.default_directories = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
  }
  return context;
}

std::vector<std::string> split_library_path(std::string_view value) {
  std::vector<std::string> pieces;
  if (value.empty()) return pieces;
  for (std::size_t at = 0; at <= value.size();) {
    std::size_t end = std::min(value.find_first_of(":;", at), value.size());
    pieces.emplace_back(value.substr(at, end - at));
    at = end + 1;
  }
  return pieces;
}

std::vector<std::string> split_preload(std::string_view value) {
  std::vector<std::string> pieces;
  for (std::string_view word : split_words(value)) {
    for (std::string_view piece : split(word, ':')) {
      if (!piece.empty()) pieces.emplace_back(piece);
    }
  }
  return pieces;
}

}  // namespace varve
