#include "capture/subject/process_files.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/library_file_name.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostMaps = std::size_t{64} << 20;
constexpr std::size_t kMostFiles = 8192;

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

struct Mapping {
  std::string address;  // of the first one
  bool executable = false;
  int count = 0;
};

// By path, as the kernel tells it.
std::map<std::string, Mapping> parse_maps(std::string_view text) {
  std::map<std::string, Mapping> mappings;
  for (const std::string_view raw : split(text, '\n')) {
    const std::optional<MapsLine> line = parse_line(raw);
    if (!line || !line->path.starts_with('/')) continue;
    if (line->path.starts_with("/dev/") || line->path.starts_with("/SYSV") || line->path.starts_with("//")) continue;
    Mapping& mapping = mappings[decode_path(line->path)];
    if (mapping.address.empty()) mapping.address = line->address;
    ++mapping.count;
    mapping.executable = mapping.executable || line->permissions.find('x') != std::string_view::npos;
    if (mappings.size() > kMostFiles) break;
  }
  return mappings;
}

// The root of a process, but for the files that it has mapped.
class ProcessFiles : public Files {
 public:
  ProcessFiles(const Files& files, std::unique_ptr<Files> root, const std::vector<FileMapping>& mapped)
      : files_(files), root_(std::move(root)) {
    for (const FileMapping& file : mapped) mapped_.emplace(file.path, file);
  }

  Looked<FileReader> open(std::string_view path) const override {
    const FileMapping* file = find(path);
    if (file == nullptr) return root_->open(path);
    Looked<FileReader> reader = files_.open_magic_link(file->link);
    if (reader) return reader;
    if (is_named(*file)) return root_->open(path);
    reader.detail = file->deleted ? "the file was removed, and reading it through the process is not permitted"
                                  : "it lies outside the process's root, and reading it through the process is not "
                                    "permitted";
    return reader;
  }
  Looked<std::string> resolve(std::string_view path) const override {
    const FileMapping* file = find(path);
    if (file != nullptr && !is_named(*file)) return {file->path, {}, {}};
    return root_->resolve(path);
  }
  Looked<FileKind> kind(std::string_view path) const override {
    const FileMapping* file = find(path);
    if (file != nullptr && !is_named(*file)) return {FileKind::regular, {}, {}};
    return root_->kind(path);
  }
  Looked<std::string> read(std::string_view path, std::size_t cap) const override { return root_->read(path, cap); }
  Looked<std::vector<std::string>> list(std::string_view path) const override { return root_->list(path); }
  Looked<std::string> read_link(std::string_view path) const override { return root_->read_link(path); }
  Looked<FileAccess> access(std::string_view path) const override { return root_->access(path); }
  Looked<FileReader> open_magic_link(std::string_view path) const override { return root_->open_magic_link(path); }
  Looked<std::unique_ptr<Files>> below(std::string_view directory) const override { return root_->below(directory); }

 private:
  const FileMapping* find(std::string_view path) const {
    const auto at = mapped_.find(path);
    return at == mapped_.end() ? nullptr : &at->second;
  }
  // Whether its name leads to it.
  static bool is_named(const FileMapping& file) { return !file.deleted && !file.outside; }

  const Files& files_;
  std::unique_ptr<Files> root_;
  std::map<std::string, FileMapping, std::less<>> mapped_;
};
}  // namespace

std::optional<std::string> path_in_root(std::string_view path, std::string_view root_link) {
  if (root_link.empty() || root_link == "/") return std::string(path);
  const bool inside = path.size() > root_link.size() && path.starts_with(root_link) && path[root_link.size()] == '/';
  return inside ? std::optional(std::string(path.substr(root_link.size()))) : std::nullopt;
}

Looked<std::vector<FileMapping>> mapped_files(const Files& files, const std::string& proc, const Files* root) {
  const Looked<std::string> maps = files.read(proc + "/maps", kMostMaps);
  if (!maps) return {std::nullopt, maps.failure, maps.detail};
  const std::string root_link = files.read_link(proc + "/root").value.value_or("/");
  std::vector<FileMapping> found;
  for (const auto& [path, mapping] : parse_maps(*maps)) {
    const std::optional<std::string> inside = path_in_root(path, root_link);
    FileMapping file{.path = inside.value_or(path),
                     .link = proc + "/map_files/" + mapping.address,
                     .executable = mapping.executable,
                     .count = mapping.count,
                     .outside = !inside && !path.starts_with("/memfd:")};
    // A file may also be called so. It is, when it can be found under that name.
    file.deleted = file.path.ends_with(kDeletedMark) && !(root != nullptr && root->exists(file.path));
    file.replaced = file.deleted && inside && root != nullptr && root->exists(without_deleted_mark(file.path));
    found.push_back(std::move(file));
  }
  return {std::move(found), {}, {}};
}

std::unique_ptr<Files> files_of_process(const Files& files, std::unique_ptr<Files> root,
                                        const std::vector<FileMapping>& mapped) {
  return std::make_unique<ProcessFiles>(files, std::move(root), mapped);
}

}  // namespace varve
