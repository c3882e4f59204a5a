#pragma once
#include <string>
#include <string_view>

#include "model/answers/toolkit_survey.h"
#include "world/files.h"

namespace varve {

// The layout of the toolkit at a path with links resolved: NVIDIA's own, Debian's, conda's, that of wheels from 13 on
// (nvidia/cu13) and before (nvidia/cuda_nvcc with its siblings).
ToolkitLayout read_toolkit_layout(const Files& files, const std::string& path, ToolkitKind kind);

// Debian's toolkit: its programs stand in /usr/bin, its headers and libraries where the system's do, and cicc beside
// wrappers named gcc and g++ in a folder that is for nvcc alone (package nvidia-cuda-toolkit).
bool is_debians_toolkit(std::string_view path);
inline constexpr const char* kDebianCompilers = "/usr/lib/nvidia-cuda-toolkit/bin";

// Whether the folder of programs is the system's, which is on every PATH and goes before nothing.
bool is_system_programs(std::string_view folder);

// What CUDA_HOME has to name: builds look for bin/nvcc below it. The toolkit's path, but /usr of Debian's.
std::string toolkit_home(const InstalledToolkit& installed);

// Whether the prefix holds a toolkit alone, so that whatever lies in it is the toolkit's: not /usr/local with an nvcc
// in its bin, and no conda prefix.
bool is_prefix_of_its_own(const Files& files, const std::string& path, ToolkitKind kind);

}  // namespace varve
