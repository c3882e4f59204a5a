#include "toolkit/toolkit_link.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/text.h"
#include "toolkit/toolkit_reader.h"

namespace varve {

namespace {
constexpr const char* kDoing = "moving the link to a toolkit";
constexpr int kLockTries = 200;
constexpr useconds_t kLockPause = 50'000;  // µs; with the tries ten seconds

Error link_error(const std::string& where, const std::string& found, const std::string& hint) {
  return {kDoing, clean_utf8(where), clean_utf8(found), hint};
}

Error system_error(const std::string& where, int number) {
  const bool rights = number == EACCES || number == EPERM || number == EROFS;
  return link_error(where, std::strerror(number),
                    rights ? "You may not write there: run it with the rights to, or use varve toolkit env" : "");
}

struct Split {
  std::string folder, name;
};

Split split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

bool is_kept_by_alternatives(const std::string& text) { return text.starts_with("/etc/alternatives/"); }

// A directory on this machine, held open and closed at the end.
class Folder {
 public:
  explicit Folder(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (descriptor_ >= 0) close(descriptor_);  // and gives the lock back
  }
  int descriptor() const { return descriptor_; }

  // Another program that holds it is waited for.
  bool lock() const {
    for (int i = 0; i < kLockTries; ++i) {
      if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
      if (errno != EWOULDBLOCK && errno != EINTR) return errno == ENOLCK || errno == ENOTSUP;  // no locks there
      usleep(kLockPause);
    }
    return false;
  }

  std::optional<std::string> link_text(const std::string& name) const {
    std::string text(4096, '\0');
    const ssize_t size = readlinkat(descriptor_, name.c_str(), text.data(), text.size());
    if (size < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(size));
    return text;
  }

  bool is_directory(const std::string& name) const {
    struct stat status {};
    return fstatat(descriptor_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  }

  // A link under a name that nothing has; empty: errno says why not.
  std::string make_beside(const std::string& name, const std::string& target) const {
    for (int i = 0; i < 1000; ++i) {
      const std::string beside = "." + name + ".varve-" + std::to_string(getpid()) + "-" + std::to_string(i);
      if (symlinkat(target.c_str(), descriptor_, beside.c_str()) == 0) return beside;
      if (errno != EEXIST) return {};
    }
    return {};
  }

  bool exchange(const std::string& a, const std::string& b) const {
    return renameat2(descriptor_, a.c_str(), descriptor_, b.c_str(), RENAME_EXCHANGE) == 0;
  }

  // Gives it a name that nothing has: "cuda.before-varve", "cuda.before-varve-2" …
  std::optional<std::string> put_aside(const std::string& from, const std::string& name) const {
    for (int i = 1; i < 1000; ++i) {
      const std::string aside = name + ".before-varve" + (i == 1 ? "" : "-" + std::to_string(i));
      if (renameat2(descriptor_, from.c_str(), descriptor_, aside.c_str(), RENAME_NOREPLACE) == 0) return aside;
      if (errno != EEXIST) return std::nullopt;
    }
    return std::nullopt;
  }

  // What runs that were killed have left: a link that was not needed yet, or a directory that waited for its new name.
  // The lock must be held, and not be one that the file system only pretends.
  void sweep(const std::string& name) const {
    const std::string start = "." + name + ".varve-";
    DIR* entries = fdopendir(openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (entries == nullptr) return;
    std::vector<std::string> left;
    while (const dirent* entry = readdir(entries)) {
      const std::string_view found = entry->d_name;
      if (!found.starts_with(start) || left.size() >= 1000) continue;
      const auto process = parse_integer(found.substr(start.size(), found.rfind('-') - start.size()));
      if (process && *process > 0 && kill(static_cast<pid_t>(*process), 0) != 0 && errno == ESRCH)
        left.emplace_back(found);
    }
    closedir(entries);
    for (const std::string& found : left) {
      if (link_text(found))
        remove(found);
      else if (is_directory(found))
        put_aside(found, name);
    }
  }

  void remove(const std::string& name) const { unlinkat(descriptor_, name.c_str(), 0); }
  void flush() const { fsync(descriptor_); }

 private:
  int descriptor_;
};

// Whether what the name says now is what the plan saw.
bool is_as_planned(const Folder& folder, const std::string& name, const LinkPlan& plan) {
  if (plan.place == LinkPlace::directory) return folder.is_directory(name);
  return folder.link_text(name) == plan.before;
}

Error changed(const LinkPlan& plan) {
  return link_error(plan.link, "it was changed by another program meanwhile", "Nothing was done; try again");
}

Result<LinkMove> replace(const Folder& folder, const Split& at, const LinkPlan& plan) {
  const std::string beside = folder.make_beside(at.name, plan.text);
  if (beside.empty()) return system_error(plan.link, errno);
  if (!folder.exchange(beside, at.name)) {
    const int number = errno;
    const bool cannot = number == EINVAL || number == ENOSYS || number == ENOTSUP;
    // Not every file system exchanges names. A link is then replaced, which is as atomic, only less watchful.
    if (cannot && plan.place != LinkPlace::directory && is_as_planned(folder, at.name, plan) &&
        renameat(folder.descriptor(), beside.c_str(), folder.descriptor(), at.name.c_str()) == 0) {
      return LinkMove{};
    }
    folder.remove(beside);
    return number == ENOENT ? changed(plan) : system_error(plan.link, number);
  }
  // What stood there has now the other name.
  if (!is_as_planned(folder, beside, plan)) {
    if (folder.exchange(beside, at.name)) folder.remove(beside);
    return changed(plan);
  }
  if (plan.place != LinkPlace::directory) {
    folder.remove(beside);
    return LinkMove{};
  }
  const std::optional<std::string> aside = folder.put_aside(beside, at.name);
  return LinkMove{(at.folder == "/" ? "/" : at.folder + "/") + aside.value_or(beside)};
}

// Whether the toolkit stands in a real directory of the link's name: a link there would lead to itself.
bool is_inside_link(const Files& files, const std::string& target, const std::string& link) {
  if (files.read_link(link)) return false;
  const std::string place = files.resolve(link).value.value_or("");
  return !place.empty() && (target == place || target.starts_with(place + "/"));
}

// The way from a folder to a path, both with links resolved: "cuda-12.9", "../../opt/cuda".
std::string relative_to(const std::string& folder, const std::string& path) {
  const std::string text = std::filesystem::path(path).lexically_relative(folder).string();
  return text.empty() ? path : text;
}

std::string refusal(const LinkPlan& plan) {
  switch (plan.place) {
    case LinkPlace::alternatives_link:
      return "update-alternatives keeps it (it leads to " + plan.before + ")";
    case LinkPlace::other_link:
      return "it leads to " + plan.before + ", where no toolkit is";
    case LinkPlace::directory:
      return "a directory stands there";
    default:
      return "neither a link nor a directory stands there";
  }
}

std::string refusal_hint(const LinkPlan& plan) {
  if (plan.place == LinkPlace::alternatives_link) {
    const std::string name = file_name(plan.before);
    return "Let it choose: update-alternatives --set " + name + " " + plan.target + "; --force replaces the link";
  }
  if (plan.place == LinkPlace::directory) return "--force keeps the directory beside under another name";
  if (plan.place == LinkPlace::other_link) return "--force replaces it";
  return "Remove it yourself if it is not needed";
}
}  // namespace

Result<LinkPlan> plan_toolkit_link(const Files& files, const std::string& link, const std::string& target, bool force) {
  LinkPlan plan{.link = link, .target = target, .text = target, .place = LinkPlace::nothing, .before = {}};
  const Split at = split_path(link);
  if (!link.starts_with('/') || at.name.empty() || at.name == "." || at.name == "..") {
    return link_error(link, "it is not the name of a link", "Give a path such as /usr/local/cuda");
  }
  const Looked<FileKind> folder = files.kind(at.folder);
  if (!folder || *folder != FileKind::directory) {
    return link_error(at.folder, folder ? "it is no directory" : folder.detail, "Make the folder first");
  }
  if (is_inside_link(files, target, link)) {
    return link_error(link, "the toolkit itself stands there", "Name another link, or another toolkit");
  }
  const Looked<std::string> text = files.read_link(link);
  if (text) {
    plan.before = *text;
    if (!text->starts_with('/')) plan.text = relative_to(files.resolve(at.folder).value.value_or(at.folder), target);
    plan.already = files.resolve(link).value == target;
    const bool leads = read_toolkit(files, link).has_value();
    plan.place = is_kept_by_alternatives(*text) ? LinkPlace::alternatives_link
                 : leads                        ? LinkPlace::toolkit_link
                                                : LinkPlace::other_link;
  } else if (const Looked<FileKind> kind = files.kind(link)) {
    plan.place = *kind == FileKind::directory ? LinkPlace::directory : LinkPlace::other;
  }
  if (plan.already) return plan;
  // Debian's stands in /usr/bin, /usr/include and among the system's libraries: no folder has all of it.
  if (!force && !files.exists(target + "/bin/nvcc")) {
    return link_error(target, "no bin/nvcc stands there, which builds look for below the link",
                      "Use varve toolkit env, which needs no link; --force leads the link there all the same");
  }
  const bool fine = plan.place == LinkPlace::nothing || plan.place == LinkPlace::toolkit_link;
  if (!fine && (!force || plan.place == LinkPlace::other)) {
    return link_error(link, refusal(plan), refusal_hint(plan));
  }
  if (is_kept_by_alternatives(link)) {
    return link_error(link, "update-alternatives keeps what is in /etc/alternatives", "Use update-alternatives --set");
  }
  return plan;
}

Result<LinkMove> move_toolkit_link(const LinkPlan& plan) {
  if (plan.already) return LinkMove{};
  const Split at = split_path(plan.link);
  const Folder folder(at.folder);
  if (folder.descriptor() < 0) return system_error(at.folder, errno);
  if (!folder.lock()) return link_error(at.folder, "another program has it locked", "Try again when it is done");
  folder.sweep(at.name);
  Result<LinkMove> moved = LinkMove{};
  if (plan.place == LinkPlace::nothing) {
    if (symlinkat(plan.text.c_str(), folder.descriptor(), at.name.c_str()) != 0) {
      return errno == EEXIST ? changed(plan) : system_error(plan.link, errno);
    }
  } else {
    moved = replace(folder, at, plan);
  }
  if (moved) folder.flush();
  return moved;
}

}  // namespace varve
