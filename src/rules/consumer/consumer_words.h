#pragma once
#include <string>
#include <vector>

namespace varve {

// A source of many rules about consumers.
inline constexpr const char* kCompatibility = "NVIDIA, CUDA Compatibility (docs.nvidia.com/deploy/cuda-compatibility)";

// The first five of the lines, and how many more there are: "torch 2.5.0 in /venv, … and 3 more".
std::string named(std::vector<std::string> lines);

}  // namespace varve
