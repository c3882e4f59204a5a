#pragma once
#include <string>

namespace varve {

// A file as it was before a unit, so that what an earlier unit wrote is not taken for this one's.
struct FileState {
  bool exists = false;
  unsigned long long device = 0, inode = 0, size = 0;
  long long changed_ns = 0;
};
FileState file_state(const std::string& path);
// The path as a program sees it that runs in `directory`; an empty one is our own working folder.
std::string path_in(const std::string& directory, const std::string& path);
bool same_file(const FileState& before, const FileState& now);  // it was there, and nothing wrote to it since

}  // namespace varve
