#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "binary/elf/dynamic_section_image.h"
#include "world/file_reader.h"

namespace varve {

// The symbol versions that a file wants of one library (.gnu.version_r): "libcublasLt.so.13" of libcublasLt.so.13.
struct VersionNeed {
  std::string file;
  std::vector<std::string> versions;
};

// What an ELF file tells the loader about itself. Texts are as in the file: "$ORIGIN" is not expanded.
struct DynamicSection {
  std::uint16_t machine = 0;  // e_machine: EM_X86_64, EM_AARCH64
  std::string interpreter;    // PT_INTERP: "/lib64/ld-linux-x86-64.so.2"; empty for libraries
  std::string soname;
  std::vector<std::string> needed;  // in the order of loading
  std::optional<std::string> rpath, runpath;
  bool no_default_directories = false;  // DF_1_NODEFLIB
  std::vector<VersionNeed> version_needs;
  std::vector<std::string> version_definitions;  // without the base version, which is the name of the file
};

// By the segments, in a few small preads. A statically linked file has nothing but its machine. gABI chapter 5 and
// the "Symbol Versioning" chapter of the LSB. Error: no 64-bit little-endian ELF file, tables or strings outside the
// file, more than 4096 libraries or 65 536 versions, or names of more than 8 MiB.
Result<DynamicSection> read_dynamic_section(const FileReader& reader, const std::string& where);
Result<DynamicSection> read_dynamic_section(const DynamicImage& image, const std::string& where);

}  // namespace varve
