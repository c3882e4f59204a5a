#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "world/files.h"

namespace varve {

// Resolving a path inside a root one component at a time, with nothing but openat(O_NOFOLLOW): what openat2 does with
// RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS, for kernels that lack or forbid it, and for learning the resolved name.

// The directories entered so far and the last component, all opened with O_PATH.
struct WalkedPath {
  struct Step {
    std::string name;
    FileHandle handle;
  };
  std::vector<Step> steps;  // empty: the root itself

  std::string resolved() const;  // "/usr/lib/libcuda.so.550.54"
};

// 0, or an errno: ELOOP after 40 links and for magic links, ENAMETOOLONG for more than 256 components.
int walk_path(int root, std::string_view path, WalkedPath& walked);

// The file that the path leads to, opened with `flags`. 0 or an errno.
int walk_and_open(int root, std::string_view path, int flags, FileHandle& file);

// An errno as an answer.
struct PathFailure {
  LookFailure failure;
  std::string detail;
};
PathFailure path_failure(int error);

}  // namespace varve
