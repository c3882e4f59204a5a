#pragma once
#include <string>
#include <string_view>

#include "model/fact.h"

namespace varve {

// What stays the same when a library is updated: the file name without the soname's version and without the version
// or digest that wheels put into it. "libopenblas64_p-r0-0cf96a72.3.23.dev.so" -> "libopenblas64_p", "libc.so.6" ->
// "libc".
std::string library_stem(std::string_view path);

// The layer a mapped file belongs to: GPU driver, GPU runtime, a library that brings kernels for computing, a Python
// package, or else the operating system.
Layer library_layer(std::string_view path);

bool is_gpu_driver_library(std::string_view path);   // libcuda, libamdhip64: whoever maps it has used a GPU
bool is_gpu_runtime_library(std::string_view path);  // libcudart; for AMD libamdhip64 is both

}  // namespace varve
