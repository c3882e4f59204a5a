#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// Calls `use` with the path of every row of a wheel's RECORD ("path,sha256=…,size", CSV with quotes: the packaging
// specification "Recording installed projects"), as it is written: relative to the folder of packages. Reads the file
// in pieces; rows of more than 64 KiB are skipped. Error: the file cannot be read, or is larger than 256 MiB.
Status read_record(const FileReader& file, const std::string& where, const std::function<void(std::string_view)>& use);

// The same with what each row says of the file's content.
struct RecordRow {
  std::string_view path;
  std::string_view content = {};  // "sha256=…,size"; neither has quotes or commas of its own

  std::string_view digest() const { return content.substr(0, content.find(',')); }  // empty: not stated
  std::optional<std::uint64_t> size() const;                                        // bytes
};
Status read_record_rows(const FileReader& file, const std::string& where,
                        const std::function<void(const RecordRow&)>& use);

// One row, the path without its quotes (then in `unquoted`) and empty for a row that has none.
RecordRow record_row(std::string_view row, std::string& unquoted);

// `path` below `folder` with "." and ".." taken away; empty when it leads above the root or is absolute.
std::string path_below(std::string_view folder, std::string_view path);

// "libx.so", "libx.so.12", "x.cpython-311-x86_64-linux-gnu.so"; not "x.so.py".
bool is_shared_library_name(std::string_view path);

}  // namespace varve
