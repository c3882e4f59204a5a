#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// Whether the file begins like a static library (ar), a thin one included.
bool is_archive(const FileReader& file);

// Calls `visit` for every member of a static library that is a file, in order, with its name and its bytes; those that
// hold the symbol index and long names are passed over. Format: "!<arch>\n", then members with a header of 60 bytes
// (name 16, date 12, owner 6, group 6, mode 8, size 10 in decimal, "`\n"), aligned to 2 bytes; names as in System V and
// GNU ("/12" points into the member "//", a name ends with "/") and in BSD ("#1/12": the name stands before the bytes).
// Error: no archive, a thin one (its members are other files), a header that is none, a member that ends outside.
Status for_each_member(const FileReader& file, const std::string& where,
                       const std::function<void(const std::string& name, const FileReader& member)>& visit);

}  // namespace varve
