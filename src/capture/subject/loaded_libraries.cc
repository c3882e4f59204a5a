#include "capture/subject/loaded_libraries.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/library_file_name.h"
#include "base/redact.h"
#include "base/text.h"
#include "binary/elf/build_id.h"

namespace varve {

namespace {
bool is_elf(const FileReader& file) {
  char magic[4] = {};
  return file.read_value(0, magic) && std::string_view(magic, 4) ==
                                          "\x7f"
                                          "ELF";
}

void read_identity(const Looked<FileReader>& file, const std::string& path, Library& library) {
  if (!file) {
    library.build_id_missing = file.detail;
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

// The same bytes stand under the name again, as after an installation of the same version.
bool is_there_again(const Files& files, const FileMapping& one, const Looked<FileReader>& mapped) {
  if (!one.replaced || !mapped) return false;
  const std::string path(without_deleted_mark(one.path));
  const Looked<FileReader> named = files.open(path);
  if (!named || named->size() != mapped->size()) return false;
  const Result<std::string> before = read_build_id(*mapped, path), now = read_build_id(*named, path);
  return before && now && !before->empty() && *before == *now;
}

bool by_path(const Library& a, const Library& b) { return a.path < b.path; }
}  // namespace

std::vector<Library> libraries_among(const Files& files, const std::vector<FileMapping>& mapped) {
  std::vector<Library> libraries;
  for (const FileMapping& one : mapped) {
    const Looked<FileReader> file = files.open(one.path);
    // What the loader maps stands in several pieces; a file that is only read does in one.
    if (!one.executable && (one.count < 2 || !file || !is_elf(*file))) continue;
    const bool again = is_there_again(files, one, file);
    Library library{.path = one.deleted ? std::string(without_deleted_mark(one.path)) : one.path,
                    .build_id = {},
                    .build_id_missing = {},
                    .deleted = one.deleted && !again,
                    .replaced = one.replaced && !again};
    read_identity(file, library.path, library);
    libraries.push_back(std::move(library));
  }
  std::sort(libraries.begin(), libraries.end(), by_path);
  return libraries;
}

std::string mapped_path(const Library& library) {
  return library.deleted ? library.path + std::string(kDeletedMark) : library.path;
}

Result<std::vector<Library>> mapped_libraries(const World& world, int process) {
  const std::string proc = fmt::format("/proc/{}", process);
  Looked<std::unique_ptr<Files>> root = world.files.below(proc + "/root");
  const Looked<std::vector<FileMapping>> mapped = mapped_files(world.files, proc, root ? root->get() : nullptr);
  if (!mapped) {
    std::string hint;
    if (mapped.failure == LookFailure::denied) hint = "Run Varve as the user of that process, or with CAP_SYS_PTRACE";
    if (mapped.failure == LookFailure::absent) hint = "The process may have ended";
    return Error{fmt::format("listing the libraries of process {}", process), proc + "/maps", mapped.detail, hint};
  }
  const std::unique_ptr<Files> files = files_of_process(
      world.files, root ? std::move(*root) : no_files(LookFailure::denied, "permission denied"), *mapped);
  std::vector<Library> libraries = libraries_among(*files, *mapped);
  const std::string home = environment_value(world.environment, "HOME");
  for (Library& library : libraries) library.path = clean_utf8(shorten_home(library.path, home));
  std::sort(libraries.begin(), libraries.end(), by_path);
  return libraries;
}

}  // namespace varve
