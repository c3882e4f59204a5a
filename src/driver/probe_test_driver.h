#pragma once
// For tests only: the fake driver of tests/fake_driver, built on the spot, and the real ones that a tester names.
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "world/test_root.h"

namespace varve::test {

// A source file of tests/fake_driver as a shared library NAME below the root; its path, or "" without a compiler.
inline std::string build_fake(const TestRoot& root, const std::string& source, const std::string& name,
                              const std::string& flags = "") {
  const std::string output = root.prepare(name);
  const std::string command =
      "gcc -shared -fPIC -O1 " + flags + " -Wl,-soname," + name + " -o '" + output + "' '" + source + "' 2>/dev/null";
  return std::system(command.c_str()) == 0 ? output : "";
}

// An environment variable that is set as long as this lives.
class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Setting() { ::unsetenv(name_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
};

// What the fake libraries are told to do: "cuInit=100" (tests/fake_driver/steer.h).
class Steer : public Setting {
 public:
  explicit Steer(const std::string& text) : Setting("VARVE_FAKE", text) {}
};

// A library of a real driver: $VARVE_REAL_DRIVERS/MAJOR/**/NAME. "" without one.
inline std::string real_driver_library(const std::string& major, const std::string& name) {
  const char* drivers = std::getenv("VARVE_REAL_DRIVERS");
  std::error_code error;
  if (drivers == nullptr) return {};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(drivers) + "/" + major, error)) {
    if (entry.path().filename() == name) return entry.path().string();
  }
  return {};
}

}  // namespace varve::test
