#pragma once
#include <vector>

#include "model/components.h"
#include "model/stack.h"

namespace varve {

// What the ground of an image is called as its components.
inline constexpr const char* kDistribution = "distribution";
inline constexpr const char* kCLibrary = "C library";

// What an image, or another foreign root, is made of: the packages of its environments with their Python, its CUDA
// toolkits with their parts, libraries of CUDA that belong to neither, its distribution. Frameworks first, in the order
// of the roles. A name that stands there in two versions is told apart by its path.
std::vector<Component> components_of(const Stack& stack);

// Its packages, and its Python where it holds any.
std::vector<Component> components_of(const Environment& environment);

// The parts of a toolkit, its compiler first; what its own files do not name, by its libraries among `binaries`. The
// driver that its installer offers beside it is none.
std::vector<Component> components_of(const Toolkit& toolkit, const std::vector<Binary>& binaries);

// "libcublas.so.12.4.5.8", "/x/libcublas.so" → "cublas".
std::string component_of_library(const std::string& path);

}  // namespace varve
