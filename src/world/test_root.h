#pragma once
// For tests only: root directories made on the spot, and worlds over them with a clock that stands still.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "world/world.h"

namespace varve {

// A directory below the system's temporary one, removed at the end.
class TestRoot {
 public:
  TestRoot() {
    std::string name = (std::filesystem::temp_directory_path() / "varve-root-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TestRoot(const TestRoot&) = delete;
  TestRoot& operator=(const TestRoot&) = delete;
  ~TestRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  void write(const std::string& name, const std::string& text) const {
    const std::string path = prepare(name);
    std::ofstream(path, std::ios::binary) << text;
  }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_symlink(target, prepare(name));
  }
  std::string prepare(const std::string& name) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    return path.string();
  }

 private:
  std::string path_;
};

// 2026-01-02T03:04:05Z, an empty environment, nothing known without a file.
inline World test_world(const Files& files) {
  return {.files = files,
          .environment = {},
          .now = [] { return std::chrono::system_clock::from_time_t(1767323045); },
          .monotonic_seconds = [] { return 1.0; },
          .user_id = 1000,
          .is_this_machine = false,
          .architecture = {},
          .c_library = {}};
}

}  // namespace varve
