#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace varve {

// A kind of file that is taken for a trace and is none that can be read, and what to give instead.
struct ForeignFile {
  bool (*recognises)(std::string_view beginning);
  const char* what;        // "it is a report of Nsight Systems …"
  const char* what_to_do;  // "Export it first: …"
};

// By the first bytes of a file, some thousand where it has so many; nullptr: it is no such file. A new kind is one row.
const ForeignFile* find_foreign_file(std::span<const std::byte> beginning);

}  // namespace varve
