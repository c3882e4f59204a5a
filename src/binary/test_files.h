#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace varve::test {

// A folder that is there as long as the test is.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "varve-test-XXXXXX").string();
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Compiles C (x.c) or C++ (x.cc) or assembly (x.s) with the system's compiler; false when that does not work here.
inline bool compile(const std::string& source, const std::string& output, const std::string& flags) {
  std::string compiler = source.ends_with(".cc") ? "g++" : "gcc";
  std::string command = compiler + " " + flags + " -o '" + output + "' '" + source + "' 2>/dev/null";
  return std::system(command.c_str()) == 0;
}

}  // namespace varve::test
