#pragma once
// For tests only: the fake driver of tests/fake_driver, built on the spot, and the real ones that a tester names.
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "driver/jit_compiler.h"
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

// What the compilers of several real branches say against a text, for the oldest and the newest GPU that each knows: a
// line each, "" for nothing. None without those drivers.
inline std::optional<std::string> what_real_drivers_refuse(const std::string& ptx) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> drivers = {{"470", {"sm_35", "sm_86"}},
                                                                                 {"525", {"sm_50", "sm_90"}},
                                                                                 {"535", {"sm_50", "sm_90"}},
                                                                                 {"550", {"sm_50", "sm_90"}}};
  std::string refused;
  for (const auto& [major, gpus] : drivers) {
    const std::string library = real_driver_library(major, "libnvidia-ptxjitcompiler.so.1");
    if (library.empty()) return std::nullopt;
    for (const std::string& gpu : gpus) {
      const auto compiled = compile_ptx(library, ptx, gpu);
      const bool is_made = compiled && compiled->ok && compiled->program_bytes > 500;
      if (!is_made) refused += major + " " + gpu + ": " + (compiled ? compiled->log : to_text(compiled.error())) + "\n";
    }
  }
  return refused;
}

}  // namespace varve::test
