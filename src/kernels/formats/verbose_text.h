#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace varve {

// Libraries that tell of their work on the standard output of a program, among whatever else it prints.
enum class VerboseLibrary { none, onednn, mkl };

// Whose line this is, by its first word.
VerboseLibrary verbose_library(std::string_view line);

// Whose the first such line is: a program may print much before.
VerboseLibrary first_verbose_library(std::span<const std::byte> beginning);

}  // namespace varve
