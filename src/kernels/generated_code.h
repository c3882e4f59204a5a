#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace varve {

// Names of code that a process generated while it ran, from /tmp/perf-PID.map: a line a function, "START SIZE name"
// with hexadecimal numbers without 0x. Written by oneDNN (ONEDNN_JIT_PROFILE), V8, the JVM's agents, CPython (-X perf).
class GeneratedCode {
 public:
  static GeneratedCode parse(std::string_view text);
  // Reads the map of a process that this user ran. Error unless it is a regular file of at most 64 MiB, owned by this
  // user, and written after `not_before` (Unix time in seconds): process ids come around again, old maps stay.
  static Result<GeneratedCode> read(const std::string& path, double not_before);

  // The function at an address; nothing when no line covers it.
  std::optional<std::string> find(std::uint64_t address) const;

 private:
  struct Function {
    std::uint64_t end = 0;
    std::string name;
  };
  std::map<std::uint64_t, Function> functions_;  // by start; a later line for the same start replaces an earlier one
};

// By which settings a program that maps these files names the code that it generates: "node names its own with …".
// Empty: nobody here knows of one.
std::string how_generated_code_is_named(const std::set<std::string>& paths);

}  // namespace varve
