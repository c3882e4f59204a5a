#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// Calls `use` with the path of every row of a wheel's RECORD ("path,sha256=…,size", CSV with quotes: the packaging
// specification "Recording installed projects"), as it is written: relative to the folder of packages. Reads the file
// in pieces; rows of more than 64 KiB are skipped. Error: the file cannot be read, or is larger than 256 MiB.
Status read_record(const FileReader& file, const std::string& where, const std::function<void(std::string_view)>& use);

// The path of one row, without its quotes; empty for a row that has none.
std::string_view record_path(std::string_view row, std::string& unquoted);

// `path` below `folder` with "." and ".." taken away; empty when it leads above the root or is absolute.
std::string path_below(std::string_view folder, std::string_view path);

// "libx.so", "libx.so.12", "x.cpython-311-x86_64-linux-gnu.so"; not "x.so.py".
bool is_shared_library_name(std::string_view path);

}  // namespace varve
