#pragma once
#include <elf.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// The headers of a 64-bit little-endian ELF file, checked against its size. ELF-64 Object File Format 1.5; Elf64_* as
// in <elf.h>. Counts above 65 535 stand in section 0 (e_shnum 0, e_phnum PN_XNUM): read from there.
struct ElfHeaders {
  Elf64_Ehdr file{};
  std::vector<Elf64_Phdr> segments;
  std::vector<Elf64_Shdr> sections;
};

// Error: no ELF file, a class or byte order that is not read here, tables that point outside the file or count more
// than 1 million rows. With `sections` false that table is left unread.
Result<ElfHeaders> read_elf_headers(const FileReader& reader, const std::string& where, bool sections);

}  // namespace varve
