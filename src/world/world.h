#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "world/files.h"

namespace varve {

// Everything outside the program that capture looks at. Tests put a directory and a fixed clock in its place.
struct World {
  const Files& files;                              // not owned
  std::map<std::string, std::string> environment;  // of this process
  std::function<std::chrono::system_clock::time_point()> now;
  std::function<double()> monotonic_seconds;  // since some fixed moment
  unsigned user_id = 0;                       // effective
  // What the running program knows about itself without a file; empty in a world that is not this machine.
  bool is_this_machine = false;  // only then may its libraries be asked (NVML, libcuda)
  std::string architecture;      // uname's machine: "x86_64"
  std::string c_library;         // "glibc 2.36"
};

// This machine as this process sees it. The reference to the file system lives as long as the program.
World host_world();

// RFC 3339 in UTC with seconds: "2026-03-01T12:00:00Z".
std::string format_time(std::chrono::system_clock::time_point time);

// The variable's value, or "" when it is not set.
std::string environment_value(const std::map<std::string, std::string>& environment, const std::string& name);

}  // namespace varve
