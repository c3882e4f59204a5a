#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "world/files.h"

namespace varve {

// Where machine code that ran is from.
struct CubinOrigin {
  std::string library;       // path of the file that holds it
  std::string build_id;      // of that file; empty when it has none
  std::string architecture;  // "sm_90"
};

// Machine code by the SHA-256 of its first `size` bytes.
struct WantedCubin {
  std::uint64_t size = 0;
  std::string sha256;

  auto operator<=>(const WantedCubin&) const = default;
};

// Looks for code in the fat binaries of libraries, whose headers tell where code of that size is: only that is
// decompressed, up to 1 GiB in all. What stands in none of them, or in a section not made for GPU code, is not found.
std::map<WantedCubin, CubinOrigin> find_cubins(const Files& files, const std::set<std::string>& libraries,
                                               const std::set<WantedCubin>& wanted);

}  // namespace varve
