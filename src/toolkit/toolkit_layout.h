#pragma once
#include <string>

#include "model/answers/toolkit_survey.h"
#include "world/files.h"

namespace varve {

// The layout of the toolkit at a path with links resolved: NVIDIA's own, Debian's, conda's, that of wheels from 13 on
// (nvidia/cu13) and before (nvidia/cuda_nvcc with its siblings).
ToolkitLayout read_toolkit_layout(const Files& files, const std::string& path, ToolkitKind kind);

// Whether the prefix holds a toolkit alone, so that whatever lies in it is the toolkit's: not /usr/local with an nvcc
// in its bin, and no conda prefix.
bool is_prefix_of_its_own(const Files& files, const std::string& path, ToolkitKind kind);

}  // namespace varve
