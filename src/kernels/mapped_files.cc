#include "kernels/mapped_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "binary/elf/build_id.h"

namespace varve {
namespace {

// Device, inode, size, time of modification in nanoseconds: all zero for a file that cannot be reached.
using FileIdentity = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

FileIdentity identity_on_disk(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? identity_of(status) : FileIdentity{};
}

struct OpenFile {
  int fd = -1;
  struct stat status {};
  std::string problem;  // why it could not be opened, "" when it was

  explicit OpenFile(const std::string& path) : fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
    if (fd < 0 || fstat(fd, &status) != 0) {
      problem = std::strerror(errno);
    } else if (!S_ISREG(status.st_mode)) {
      problem = "it is not a regular file";
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd >= 0) close(fd);
  }
  FileIdentity identity() const { return identity_of(status); }
};

// Whether the file on disk is the one that was mapped: by build id, else by inode. `id` is the file's own build id.
bool is_the_mapped_file(const ExecutableMapping& mapping, const OpenFile& file, const std::string& id) {
  if (!mapping.build_id.empty()) return mapping.build_id == id;
  if (mapping.deleted) return false;
  return mapping.inode == 0 || mapping.inode == file.status.st_ino;
}

void read_identity(const ExecutableMapping& mapping, MappedFile& mapped) {
  OpenFile file(mapping.path);
  mapped.on_disk = file.identity();
  mapped.path = mapping.path;
  mapped.build_id = mapping.build_id;
  if (!file.problem.empty()) {
    mapped.unreadable = file.problem;
    if (mapped.build_id.empty()) mapped.build_id_missing = file.problem;
    return;
  }
  auto reader = FileReader::open(file.fd, mapping.path);
  auto id = reader ? read_build_id(*reader, mapping.path) : reader.error();
  if (!is_the_mapped_file(mapping, file, id ? *id : "")) {
    mapped.unreadable = "the file was replaced after it was mapped";
    if (mapped.build_id.empty()) mapped.build_id_missing = mapped.unreadable;
    return;
  }
  if (!mapped.build_id.empty()) return;
  if (!id) {
    mapped.build_id_missing = id.error().found;
  } else if (id->empty()) {
    mapped.build_id_missing = "the file has none";
  } else {
    mapped.build_id = *id;
  }
}

}  // namespace

MappedFile& SymbolCache::Files::find(const ExecutableMapping& mapping) {
  Entry& entry = entry_of(mapping);
  if (mapping.build_id.empty()) return look_at(mapping, entry);
  entry.file.path = mapping.path;
  entry.file.build_id = mapping.build_id;
  return entry.file;
}

SymbolCache::Files::Entry& SymbolCache::Files::entry_of(const ExecutableMapping& mapping) {
  return entries_[{mapping.path, mapping.build_id, mapping.inode, mapping.deleted}];
}

MappedFile& SymbolCache::Files::look_at(const ExecutableMapping& mapping, Entry& entry) {
  if (entry.look == look_) return entry.file;
  if (entry.look == 0 || identity_on_disk(mapping.path) != entry.file.on_disk) {
    entry.file = MappedFile();
    read_identity(mapping, entry.file);
  }
  entry.look = look_;
  return entry.file;
}

MappedFile& SymbolCache::Files::find_with_symbols(const ExecutableMapping& mapping) {
  MappedFile& mapped = look_at(mapping, entry_of(mapping));
  if (mapped.symbols_read) return mapped;
  mapped.symbols_read = true;
  if (!mapped.unreadable.empty()) return mapped;
  OpenFile file(mapping.path);
  if (!file.problem.empty() || file.identity() != mapped.on_disk) {
    mapped.unreadable = "the file was replaced after it was mapped";
    return mapped;
  }
  auto symbols = SymbolTable::read(file.fd, mapping.path);
  if (symbols) {
    mapped.symbols = std::move(*symbols);
  } else {
    mapped.unreadable = symbols.error().found;
  }
  return mapped;
}

MappedFile& SymbolCache::Files::find_with_code(const ExecutableMapping& mapping) {
  MappedFile& mapped = find_with_symbols(mapping);
  if (mapped.code_read || !mapped.symbols) return mapped;
  mapped.code_read = true;
  FileHandle file(::open(mapping.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file || fstat(file.fd(), &status) != 0 || identity_of(status) != mapped.on_disk) return mapped;
  if (auto reader = FileReader::open(std::move(file), mapping.path)) {
    mapped.code = std::make_unique<CodeFile>(*reader, mapping.path, *mapped.symbols);
  }
  return mapped;
}

}  // namespace varve
