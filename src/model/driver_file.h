#pragma once
#include <string>
#include <vector>

#include "model/fact.h"

namespace varve {

enum class DriverFileRole {
  driver,  // installed by the driver
  compat,  // of a cuda-compat package: a newer user driver over an older kernel driver
  stub,    // to link against; never a driver
  wsl,     // Windows' driver
  empty,   // no bytes, as an image keeps of a mounted driver
};
std::string_view to_string(DriverFileRole role);
std::optional<DriverFileRole> driver_file_role_from(std::string_view text);

// A library of the user driver that was found: libcuda, libnvidia-ml, libnvidia-ptxjitcompiler, …
struct DriverFile {
  std::string library;   // "libcuda"
  std::string path;      // with links resolved
  std::string found_by;  // "LD_LIBRARY_PATH", "ld.so.cache", "directory"
  DriverFileRole role = DriverFileRole::driver;
  bool loaded_first = false;  // what the loader would take for the library's SONAME
  std::string build_id;
  Fact version;                              // "550.163.01"
  Fact api_level;                            // of libcuda: "12.4"
  std::vector<std::string> compat_branches;  // kernel driver branches that a compat library's note names; evidence only
};

}  // namespace varve
