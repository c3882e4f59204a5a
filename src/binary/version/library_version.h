#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "binary/version/library_version_rows.h"
#include "model/fact.h"
#include "world/file_reader.h"

namespace varve {

// A version that a library's own bytes tell.
struct LibraryVersion {
  std::string value;  // "9.26.0"
  std::string how;    // "symbol cudnn_graph_version"; for `source` of a Fact
  // recorded: a symbol or a text that says so; inferred: a constant in the code of a getter, the name of the file.
  Standing standing = Standing::inferred;
  std::string runtime;      // the CUDA release it says it was built with: "13.4"; empty when it does not say
  std::string runtime_how;  // "constant of cudnnGetCudartVersion"
};

// The version of a library or tool of the CUDA stack, found without running it, by the first of `rows` that tells it
// (tables/libraries.h has them). `file_name` is the last component of its real path ("libcublasLt.so.12.1.3.1"): its
// numbers are the version where there is no better way. Reads the dynamic section, a few rows of the symbol table, one
// function, or the texts of the read-only data (at most 64 MiB: a few ms for the largest compilers). What the code says
// must agree with the major number of the SONAME, or it is not taken.
// Nothing: there is no row, it is no 64-bit ELF file, or its bytes do not tell.
std::optional<LibraryVersion> library_version(const FileReader& reader, std::string_view file_name,
                                              std::span<const VersionRow> rows);

}  // namespace varve
