#include "world/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/units.h"
#include "world/path_walk.h"

namespace varve {

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::regular:
      return "a regular file";
    case FileKind::directory:
      return "a directory";
    case FileKind::link:
      return "a symbolic link";
    case FileKind::fifo:
      return "a FIFO";
    case FileKind::socket:
      return "a socket";
    case FileKind::device:
      return "a device";
  }
  return "something else";
}

namespace {
constexpr std::size_t kMaxEntries = 65536;
constexpr int kReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int kLookFlags = O_PATH | O_CLOEXEC;

template <class T>
Looked<T> failed(int error) {
  const PathFailure failure = path_failure(error);
  return {std::nullopt, failure.failure, failure.detail};
}

template <class T, class U>
Looked<T> failed_as(const Looked<U>& other) {
  return {std::nullopt, other.failure, other.detail};
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::link;
  if (S_ISFIFO(mode)) return FileKind::fifo;
  if (S_ISSOCK(mode)) return FileKind::socket;
  return FileKind::device;
}

int open_in_root(int root, const std::string& path, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed while a ".." was being resolved (openat2(2)); the kernel asks for another try.
  for (int attempt = 0; attempt < 16; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) return static_cast<int>(fd);
  }
  return -1;
}

// proc_pid_fd(5); empty where it is not known or the file has no name any more.
std::string path_of_descriptor(int fd) {
  constexpr std::string_view kDeleted = " (deleted)";
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), path.data(), path.size());
  path.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return path.starts_with('/') && !path.ends_with(kDeleted) ? path : "";
}

bool kernel_resolves(int root) {
  const FileHandle probe(open_in_root(root, ".", kLookFlags));
  return static_cast<bool>(probe);
}

struct ParentAndName {
  std::string parent, name;
};

ParentAndName split_last(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {"/", std::string(path)};
  return {std::string(path.substr(0, slash + 1)), std::string(path.substr(slash + 1))};
}

class RootedFiles : public Files {
 public:
  // `named`: the root was reached by its name, not through a link of proc into what may be another mount namespace.
  RootedFiles(FileHandle root, bool kernel, bool named) : root_(std::move(root)), kernel_(kernel) {
    if (kernel && named) prefix_ = path_of_descriptor(root_.fd());
  }

  Looked<std::string> read(std::string_view path, std::size_t cap) const override {
    const Looked<FileReader> file = open(path);
    if (!file) return failed_as<std::string>(file);
    return read_all(file->fd(), cap);
  }

  Looked<std::vector<std::string>> list(std::string_view path) const override {
    using Names = std::vector<std::string>;
    Looked<FileHandle> directory = enter(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    if (!directory) return failed_as<Names>(directory);
    const int own = ::fcntl(directory->fd(), F_DUPFD_CLOEXEC, 0);  // the stream closes its descriptor itself
    if (own < 0) return failed<Names>(errno);
    DIR* stream = ::fdopendir(own);
    if (stream == nullptr) {
      const int error = errno;
      ::close(own);
      return failed<Names>(error);
    }
    Names names;
    for (const dirent* entry = ::readdir(stream); entry != nullptr; entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (names.size() == kMaxEntries) {
        ::closedir(stream);
        return {std::nullopt, LookFailure::unreadable, fmt::format("more than {} entries", kMaxEntries)};
      }
      names.emplace_back(name);
    }
    ::closedir(stream);
    std::sort(names.begin(), names.end());
    return {std::move(names), {}, {}};
  }

  Looked<std::string> read_link(std::string_view path) const override {
    const auto [parent, name] = split_last(path);
    const Looked<FileHandle> directory = enter(parent, kLookFlags | O_DIRECTORY);
    if (!directory) return failed_as<std::string>(directory);
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(directory->fd(), name.c_str(), target.data(), target.size());
    if (size < 0) {
      if (errno == EINVAL) return {std::nullopt, LookFailure::unreadable, "not a symbolic link"};
      return failed<std::string>(errno);
    }
    target.resize(static_cast<std::size_t>(size));
    return {std::move(target), {}, {}};
  }

  Looked<FileKind> kind(std::string_view path) const override {
    const Looked<struct stat> status = look(path);
    if (!status) return failed_as<FileKind>(status);
    return {kind_of(status->st_mode), {}, {}};
  }

  Looked<std::uint64_t> size(std::string_view path) const override {
    const Looked<struct stat> status = look(path);
    if (!status) return failed_as<std::uint64_t>(status);
    if (!S_ISREG(status->st_mode)) return not_regular<std::uint64_t>(kind_of(status->st_mode));
    return {static_cast<std::uint64_t>(status->st_size), {}, {}};
  }

  Looked<FileAccess> access(std::string_view path) const override {
    const Looked<struct stat> status = look(path);
    if (!status) return failed_as<FileAccess>(status);
    return {FileAccess{.mode = status->st_mode & 07777u, .owner = status->st_uid, .group = status->st_gid}, {}, {}};
  }

  Looked<std::string> resolve(std::string_view path) const override {
    if (!prefix_.empty()) {
      const Looked<FileHandle> file = enter(path, kLookFlags);
      if (!file) return failed_as<std::string>(file);
      if (std::optional<std::string> told = told_by_kernel(*file)) return {std::move(*told), {}, {}};
    }
    WalkedPath walked;
    if (const int error = walk_path(root_.fd(), path, walked); error != 0) return failed<std::string>(error);
    return {walked.resolved(), {}, {}};
  }

  Looked<FileReader> open(std::string_view path) const override {
    // Looking at the kind first keeps devices closed: opening one can already do something (/dev/nvidia0, a watchdog).
    const Looked<FileKind> found = kind(path);
    if (!found) return failed_as<FileReader>(found);
    if (*found != FileKind::regular) return not_regular<FileReader>(*found);
    return checked(enter(path, kReadFlags));
  }

  Looked<FileReader> open_magic_link(std::string_view path) const override {
    const auto [parent, name] = split_last(path);
    const Looked<FileHandle> directory = enter(parent, kLookFlags | O_DIRECTORY);
    if (!directory) return failed_as<FileReader>(directory);
    if (!is_proc(directory->fd())) return open(path);
    struct stat status = {};
    if (::fstatat(directory->fd(), name.c_str(), &status, 0) != 0) return failed<FileReader>(errno);
    if (!S_ISREG(status.st_mode)) return not_regular<FileReader>(kind_of(status.st_mode));
    const int fd = ::openat(directory->fd(), name.c_str(), kReadFlags);
    if (fd < 0) return failed<FileReader>(errno);
    return checked({FileHandle(fd), {}, {}});
  }

  Looked<std::unique_ptr<Files>> below(std::string_view directory) const override {
    using View = std::unique_ptr<Files>;
    const auto [parent, name] = split_last(directory);
    const Looked<FileHandle> above = enter(parent, kLookFlags | O_DIRECTORY);
    if (!above) return failed_as<View>(above);
    Looked<FileHandle> root;
    if (!name.empty() && is_proc(above->fd())) {
      const int fd = ::openat(above->fd(), name.c_str(), kLookFlags | O_DIRECTORY);
      if (fd < 0) return failed<View>(errno);
      root.value.emplace(fd);
    } else {
      root = enter(directory, kLookFlags | O_DIRECTORY);
    }
    if (!root) return failed_as<View>(root);
    return {std::make_unique<RootedFiles>(std::move(*root), kernel_, false), {}, {}};
  }

 private:
  // Where the kernel says that an open file is, below the root: one look instead of one for each component. Nothing
  // where it does not say (no proc, a file that was removed).
  std::optional<std::string> told_by_kernel(const FileHandle& file) const {
    const std::string told = path_of_descriptor(file.fd());
    if (prefix_ == "/") return told.starts_with('/') ? std::optional(told) : std::nullopt;
    if (told == prefix_) return "/";
    if (!told.starts_with(prefix_ + "/")) return std::nullopt;
    return told.substr(prefix_.size());
  }

  // What is at a path, once links are followed. Of the host's own root the kernel answers with one call: nothing is
  // outside of it. Not so where links of the kernel's own lie (/proc, and /dev/fd that points there).
  Looked<struct stat> look(std::string_view path) const {
    struct stat status = {};
    const bool is_plain = prefix_ == "/" && is_path(path) && path.starts_with('/') && !path.starts_with("/proc") &&
                          !path.starts_with("/dev");
    if (is_plain) {
      if (::stat(std::string(path).c_str(), &status) != 0) return failed<struct stat>(errno);
      return {status, {}, {}};
    }
    const Looked<FileHandle> file = enter(path, kLookFlags);
    if (!file) return failed_as<struct stat>(file);
    if (::fstat(file->fd(), &status) != 0) return failed<struct stat>(errno);
    return {status, {}, {}};
  }

  template <class T>
  static Looked<T> not_regular(FileKind kind) {
    return {std::nullopt, LookFailure::unreadable, fmt::format("{}, not a regular file", to_string(kind))};
  }

  static bool is_proc(int fd) {
    struct statfs status = {};
    return ::fstatfs(fd, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
  }

  // The name may have been given to something else between the look and the opening.
  static Looked<FileReader> checked(Looked<FileHandle> file) {
    if (!file) return failed_as<FileReader>(file);
    Result<FileReader> reader = FileReader::open(std::move(*file), "");
    if (!reader) return {std::nullopt, LookFailure::unreadable, reader.error().found};
    return {std::move(*reader), {}, {}};
  }

  static Looked<std::string> read_all(int fd, std::size_t cap) {
    const auto too_large = [&] {
      return Looked<std::string>{std::nullopt, LookFailure::unreadable, "larger than " + format_bytes(cap)};
    };
    struct stat status = {};
    if (::fstat(fd, &status) == 0 && status.st_size > 0 && static_cast<std::size_t>(status.st_size) > cap &&
        !is_kernel_made(fd)) {
      return too_large();
    }
    std::string text;
    char buffer[16384];
    while (true) {
      const ssize_t size = ::read(fd, buffer, sizeof buffer);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return failed<std::string>(errno);
      if (size == 0) return {std::move(text), {}, {}};
      text.append(buffer, static_cast<std::size_t>(size));
      if (text.size() > cap) return too_large();
    }
  }

  // The sizes that proc and sysfs state are not those of the content.
  static bool is_kernel_made(int fd) {
    struct statfs status = {};
    return ::fstatfs(fd, &status) == 0 && (status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC);
  }

  static bool is_path(std::string_view path) {
    return !path.empty() && path.size() < PATH_MAX && path.find('\0') == std::string_view::npos;
  }

  Looked<FileHandle> enter(std::string_view path, int flags) const {
    if (!is_path(path)) {
      return {std::nullopt, LookFailure::unreadable, "not a path"};
    }
    if (!kernel_) {
      FileHandle file;
      if (const int error = walk_and_open(root_.fd(), path, flags, file); error != 0) return failed<FileHandle>(error);
      return {std::move(file), {}, {}};
    }
    const int fd = open_in_root(root_.fd(), std::string(path), flags);
    if (fd < 0) return failed<FileHandle>(errno);
    return {FileHandle(fd), {}, {}};
  }

  FileHandle root_;
  bool kernel_;
  std::string prefix_;  // the root's own path; empty: not known
};
}  // namespace

Looked<std::unique_ptr<Files>> open_root(const std::string& directory, Resolver resolver) {
  FileHandle root(::open(directory.c_str(), kLookFlags | O_DIRECTORY));
  if (!root) return failed<std::unique_ptr<Files>>(errno);
  const bool kernel = resolver == Resolver::kernel || (resolver == Resolver::automatic && kernel_resolves(root.fd()));
  return {std::make_unique<RootedFiles>(std::move(root), kernel, true), {}, {}};
}

}  // namespace varve
