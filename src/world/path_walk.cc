#include "world/path_walk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "base/text.h"

namespace varve {

namespace {
constexpr int kMaxLinks = 40;  // as in the kernel: MAXSYMLINKS
constexpr std::size_t kMaxDepth = 256;

// The components still to be walked, next one last.
void push_components(std::string_view path, std::vector<std::string>& pending) {
  const std::vector<std::string_view> parts = split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") pending.emplace_back(*part);
  }
}

// In a proc file system an absolute link is made by the kernel and means an open file, not its text.
bool is_magic(int directory, const std::string& target) {
  struct statfs status = {};
  return target.starts_with('/') && ::fstatfs(directory, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}
}  // namespace

std::string WalkedPath::resolved() const {
  std::string path;
  for (const Step& step : steps) path += "/" + step.name;
  return path.empty() ? "/" : path;
}

int walk_path(int root, std::string_view path, WalkedPath& walked) {
  std::vector<std::string> pending;
  push_components(path, pending);
  int links = 0;
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (!walked.steps.empty()) walked.steps.pop_back();
      continue;
    }
    if (walked.steps.size() >= kMaxDepth || pending.size() > 2 * PATH_MAX) return ENAMETOOLONG;
    const int directory = walked.steps.empty() ? root : walked.steps.back().handle.fd();
    FileHandle next(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return errno;
    struct stat status = {};
    if (::fstat(next.fd(), &status) != 0) return errno;
    if (!S_ISLNK(status.st_mode)) {
      walked.steps.push_back({name, std::move(next)});
      continue;
    }
    if (++links > kMaxLinks) return ELOOP;
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(next.fd(), "", target.data(), target.size());
    if (size < 0) return errno;
    target.resize(static_cast<std::size_t>(size));
    if (is_magic(directory, target)) return ELOOP;
    if (target.starts_with('/')) walked.steps.clear();
    push_components(target, pending);
  }
  return 0;
}

int walk_and_open(int root, std::string_view path, int flags, FileHandle& file) {
  WalkedPath walked;
  if (const int error = walk_path(root, path, walked); error != 0) return error;
  const bool at_root = walked.steps.empty();
  const int directory = walked.steps.size() < 2 ? root : walked.steps[walked.steps.size() - 2].handle.fd();
  const std::string name = at_root ? "." : walked.steps.back().name;
  file = FileHandle(::openat(directory, name.c_str(), flags | O_NOFOLLOW));
  return file ? 0 : errno;
}

PathFailure path_failure(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return {LookFailure::absent, "no such file"};
    case EACCES:
    case EPERM:
      return {LookFailure::denied, "permission denied"};
    case ELOOP:
      return {LookFailure::unreadable, "its symbolic links run in a circle or leave the file system"};
    default:
      return {LookFailure::unreadable, to_lower(std::generic_category().message(error))};
  }
}

}  // namespace varve
