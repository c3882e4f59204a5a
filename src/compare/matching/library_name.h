#pragma once
#include <string>
#include <string_view>

#include "model/fact.h"

namespace varve {

// What stays the same when a library is updated (base/library_file_name.h).
std::string library_stem(std::string_view path);

// The layer a mapped file belongs to, by its row in data/libraries.json, else by its place: a Python package, the
// operating system, or the user's own, which counts as framework.
Layer library_layer(std::string_view path);

// Code that the program made while it ran, in a file whose name changes with every run.
bool is_generated_file(const std::string& path);

}  // namespace varve
