#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world/file_reader.h"

namespace varve {

// Why a look at a file system found nothing. The names are those of Missing in model/fact.h.
enum class LookFailure { absent, denied, unreadable };

// What a look found, or why it found nothing: a failure is an ordinary answer here, not an Error.
template <class T>
struct Looked {
  std::optional<T> value;
  LookFailure failure = LookFailure::absent;  // meaningful only without a value
  std::string detail;                         // in words, for a failure: "a FIFO, not a regular file"

  explicit operator bool() const { return value.has_value(); }
  T& operator*() { return *value; }
  const T& operator*() const { return *value; }
  T* operator->() { return &*value; }
  const T* operator->() const { return &*value; }
};

enum class FileKind { regular, directory, link, fifo, socket, device };
std::string_view to_string(FileKind kind);  // "a FIFO"

// Who may use a file. Owner and group are numbers of the machine that the file is on.
struct FileAccess {
  unsigned mode = 0;  // permission bits: 0660
  unsigned owner = 0, group = 0;
};

inline constexpr std::size_t kReadCap = std::size_t{1} << 20;

// A read-only view of a file system below some root. Paths are absolute inside the root ("/proc/cpuinfo"; a missing
// first slash is supplied). Links are followed inside the root: an absolute link starts at the root again and ".."
// stops there, so no name inside a foreign root reaches a file outside it. Nothing but regular files is ever opened
// for reading, so that no device wakes up and no FIFO blocks.
class Files {
 public:
  virtual ~Files() = default;

  // The whole content. A file of more than `cap` bytes is unreadable, not cut.
  virtual Looked<std::string> read(std::string_view path, std::size_t cap = kReadCap) const = 0;
  // The names in a directory without "." and "..", sorted by byte. At most 65 536.
  virtual Looked<std::vector<std::string>> list(std::string_view path) const = 0;
  // The text of a link, not followed; also of the kernel's magic links such as /proc/1/exe.
  virtual Looked<std::string> read_link(std::string_view path) const = 0;
  // What the path is once links are followed.
  virtual Looked<FileKind> kind(std::string_view path) const = 0;
  // Its permission bits and owner, once links are followed. Nothing where the view does not keep them.
  virtual Looked<FileAccess> access(std::string_view) const {
    return {std::nullopt, LookFailure::unreadable, "owners are not kept"};
  }
  // The path inside the root with all links resolved.
  virtual Looked<std::string> resolve(std::string_view path) const = 0;
  // A regular file, opened for reading.
  virtual Looked<FileReader> open(std::string_view path) const = 0;
  // Its size in bytes; also where a view knows it of a file that it cannot open any more.
  virtual Looked<std::uint64_t> size(std::string_view path) const {
    const Looked<FileReader> file = open(path);
    return {file ? std::optional(file->size()) : std::nullopt, file.failure, file.detail};
  }
  // Like open, but when the last component is a magic link of a proc file system (/proc/1/map_files/…), it is followed.
  virtual Looked<FileReader> open_magic_link(std::string_view path) const = 0;
  // The view below a directory of this one. The last component may be a magic link (/proc/1/root).
  virtual Looked<std::unique_ptr<Files>> below(std::string_view directory) const = 0;

  bool exists(std::string_view path) const { return static_cast<bool>(kind(path)); }
};

// A view in which every look fails in the same way: what stands in the place of a root that cannot be opened.
std::unique_ptr<Files> no_files(LookFailure failure, std::string detail);

// How names are resolved inside the root: by the kernel (openat2, Linux 5.6) or by Varve's own walk over the
// components. `automatic` takes the kernel's way unless it is missing or forbidden (old kernel, seccomp).
enum class Resolver { automatic, kernel, walker };

// The file system below a directory of this machine; "/" is the host. A directory that cannot be opened is a failure.
Looked<std::unique_ptr<Files>> open_root(const std::string& directory, Resolver resolver = Resolver::automatic);

}  // namespace varve
