#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "world/files.h"

namespace varve {

enum class ToolkitKind { host, conda, wheels };
std::string_view to_string(ToolkitKind kind);

// Where the parts of a toolkit stand, each really there.
struct ToolkitLayout {
  std::string programs;                // the folder with nvcc, or ptxas where there is no nvcc; empty: neither
  std::vector<std::string> headers;    // folders to compile with
  std::vector<std::string> libraries;  // to link with and load from; none of the system's, no whole conda prefix
  std::vector<std::string> missing;    // of what compiling takes: nvcc, ptxas, cicc, cuda_runtime.h, libcudart
  bool has_nvcc = false;

  bool is_complete() const { return missing.empty(); }
};

// The layout of the toolkit at a path with links resolved: NVIDIA's own, Debian's, conda's, that of wheels from 13 on
// (nvidia/cu13) and before (nvidia/cuda_nvcc with its siblings).
ToolkitLayout read_toolkit_layout(const Files& files, const std::string& path, ToolkitKind kind);

// Whether the prefix holds a toolkit alone, so that whatever lies in it is the toolkit's: not /usr/local with an nvcc
// in its bin, and no conda prefix.
bool is_prefix_of_its_own(const Files& files, const std::string& path, ToolkitKind kind);

}  // namespace varve
