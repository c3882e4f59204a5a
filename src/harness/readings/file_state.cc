#include "harness/readings/file_state.h"

#include <sys/stat.h>

namespace varve {

FileState file_state(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {true, status.st_dev, status.st_ino, static_cast<unsigned long long>(status.st_size),
          static_cast<long long>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
}

bool same_file(const FileState& before, const FileState& now) {
  return before.exists && now.exists && before.device == now.device && before.inode == now.inode &&
         before.size == now.size && before.changed_ns == now.changed_ns;
}

std::string path_in(const std::string& directory, const std::string& path) {
  return directory.empty() || path.starts_with('/') ? path : directory + "/" + path;
}

}  // namespace varve
