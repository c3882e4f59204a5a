#include "capture/subject/loaded_libraries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/redact.h"
#include "base/text.h"
#include "binary/elf/build_id.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostMaps = std::size_t{64} << 20;
constexpr std::size_t kMostFiles = 8192;
constexpr std::string_view kDeleted = " (deleted)";

struct MappedFile {
  std::string address;  // "55ec90d5f000-55ec90d61000" of the first mapping, the name of its link in map_files
  bool executable = false;
};

struct MapsLine {
  std::string_view address, permissions, path;
};

// proc_pid_maps(5): "55ec90d61000-55ec90d66000 r-xp 00002000 fe:00 247026                     /usr/bin/cat". The path
// is the rest of the line and may hold blanks.
std::optional<MapsLine> parse_line(std::string_view line) {
  MapsLine parsed;
  for (int field = 0; field < 5; ++field) {
    const std::size_t end = line.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    if (field == 0) parsed.address = line.substr(0, end);
    if (field == 1) parsed.permissions = line.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(' ', end), line.size()));
  }
  parsed.path = line;
  return parsed;
}

// Of the characters in a path the kernel escapes only the line end here; a backslash stands for itself.
std::string decode_path(std::string_view text) {
  std::string path;
  for (std::size_t at = 0; at < text.size();) {
    const bool escaped = text.substr(at, 4) == "\\012";
    path += escaped ? '\n' : text[at];
    at += escaped ? 4 : 1;
  }
  return path;
}

// Mapped files by path. Left out are what the kernel makes itself ([vdso], anon_inode:) and devices: opening one of
// those can do something.
std::map<std::string, MappedFile> parse_maps(std::string_view text) {
  std::map<std::string, MappedFile> files;
  for (const std::string_view raw : split(text, '\n')) {
    const std::optional<MapsLine> line = parse_line(raw);
    if (!line || !line->path.starts_with('/')) continue;
    if (line->path.starts_with("/dev/") || line->path.starts_with("/SYSV") || line->path.starts_with("//")) continue;
    MappedFile& file = files[decode_path(line->path)];
    if (file.address.empty()) file.address = line->address;
    file.executable = file.executable || line->permissions.find('x') != std::string_view::npos;
    if (files.size() > kMostFiles) break;
  }
  return files;
}

// Through the mapping itself where that is permitted: it reaches deleted files and cannot be fooled by a file of the
// same name. Else by name, inside the process's own root.
Looked<FileReader> open_mapped(const Files& files, const Files* root, const std::string& proc, const std::string& path,
                               const MappedFile& mapped) {
  Looked<FileReader> file = files.open_magic_link(proc + "/map_files/" + mapped.address);
  if (file || path.ends_with(kDeleted)) return file;
  if (root != nullptr) return root->open(path);
  return {std::nullopt, LookFailure::denied, "permission denied"};
}

bool is_elf(const FileReader& file) {
  char magic[4] = {};
  return file.read_value(0, magic) && std::string_view(magic, 4) ==
                                          "\x7f"
                                          "ELF";
}

void read_identity(const Looked<FileReader>& file, const std::string& path, Library& library) {
  if (!file) {
    library.build_id_missing = file.detail;
    if (library.deleted)
      library.build_id_missing = "the file was removed, and reading it through the process is not permitted";
    return;
  }
  if (!is_elf(*file)) {
    library.build_id_missing = "not an ELF file";
    return;
  }
  const Result<std::string> build_id = read_build_id(*file, path);
  if (!build_id) {
    library.build_id_missing = clean_utf8(build_id.error().found, 256);
  } else if (build_id->empty()) {
    library.build_id_missing = "the file has none";
  } else {
    library.build_id = *build_id;
  }
}

bool by_path(const Library& a, const Library& b) { return a.path < b.path; }
}  // namespace

Result<std::vector<Library>> mapped_library_files(const World& world, int process) {
  const std::string proc = fmt::format("/proc/{}", process);
  const std::string doing = fmt::format("listing the libraries of process {}", process);
  const Looked<std::string> maps = world.files.read(proc + "/maps", kMostMaps);
  if (!maps) {
    std::string hint;
    if (maps.failure == LookFailure::denied) hint = "Run Varve as the user of that process, or with CAP_SYS_PTRACE";
    if (maps.failure == LookFailure::absent) hint = "The process may have ended";
    return Error{doing, proc + "/maps", maps.detail, hint};
  }
  const Looked<std::unique_ptr<Files>> root = world.files.below(proc + "/root");
  std::vector<Library> libraries;
  for (const auto& [path, mapped] : parse_maps(*maps)) {
    // The kernel appends a mark; a file may also be called so. It is, when it can be found under that name.
    const bool deleted = path.ends_with(kDeleted) && !(root && (*root)->exists(path));
    const std::string name = deleted ? path.substr(0, path.size() - kDeleted.size()) : path;
    const Looked<FileReader> file = open_mapped(world.files, root ? root->get() : nullptr, proc, path, mapped);
    if (!mapped.executable && !(file && is_elf(*file))) continue;
    Library library{.path = name, .build_id = {}, .build_id_missing = {}, .deleted = deleted};
    read_identity(file, name, library);
    libraries.push_back(std::move(library));
  }
  std::sort(libraries.begin(), libraries.end(), by_path);
  return libraries;
}

Result<std::vector<Library>> mapped_libraries(const World& world, int process) {
  Result<std::vector<Library>> libraries = mapped_library_files(world, process);
  if (!libraries) return libraries;
  const std::string home = environment_value(world.environment, "HOME");
  for (Library& library : *libraries) library.path = clean_utf8(shorten_home(library.path, home));
  std::sort(libraries->begin(), libraries->end(), by_path);
  return libraries;
}

}  // namespace varve
