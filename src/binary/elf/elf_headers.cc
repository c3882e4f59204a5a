#include "binary/elf/elf_headers.h"

#include <fmt/format.h>

#include <cstring>
#include <span>

namespace varve {
namespace {

constexpr std::uint64_t kMostHeaderRows = 1'000'000;

Error broken_headers(const std::string& where, std::string found) {
  return Error{"reading an ELF file", where, std::move(found), "the file is damaged or cut short; install it again"};
}

template <class Row>
bool read_rows(const FileReader& reader, std::uint64_t offset, std::uint64_t count, std::vector<Row>& rows) {
  if (count > kMostHeaderRows || !reader.holds(offset, count * sizeof(Row))) return false;
  rows.resize(count);
  return reader.read(offset, std::as_writable_bytes(std::span(rows)));
}

}  // namespace

Result<ElfHeaders> read_elf_headers(const FileReader& reader, const std::string& where, bool sections) {
  ElfHeaders headers;
  Elf64_Ehdr& file = headers.file;
  unsigned char ident[EI_NIDENT] = {};
  if (!reader.read_value(0, ident) || std::memcmp(ident, ELFMAG, SELFMAG) != 0) {
    return Error{"reading an ELF file", where, "it is no ELF file", ""};
  }
  if (ident[EI_CLASS] != ELFCLASS64) {
    return Error{"reading an ELF file", where, "it is a 32-bit ELF file", "only 64-bit files are read"};
  }
  if (ident[EI_DATA] != ELFDATA2LSB) {
    return Error{"reading an ELF file", where, "it is a big-endian ELF file", "only little-endian files are read"};
  }
  if (!reader.read_value(0, file)) return broken_headers(where, "it ends inside its header");

  Elf64_Shdr zeroth{};
  bool has_zeroth =
      file.e_shoff != 0 && file.e_shentsize == sizeof(Elf64_Shdr) && reader.read_value(file.e_shoff, zeroth);
  std::uint64_t segment_count = file.e_phnum;
  if (file.e_phnum == PN_XNUM && has_zeroth) segment_count = zeroth.sh_info;
  if (segment_count > 0) {
    if (file.e_phentsize != sizeof(Elf64_Phdr))
      return broken_headers(where, "its program headers have an unknown size");
    if (!read_rows(reader, file.e_phoff, segment_count, headers.segments)) {
      return broken_headers(where, "its program headers point outside the file");
    }
  }
  if (!sections || file.e_shoff == 0) return headers;
  if (file.e_shentsize != sizeof(Elf64_Shdr)) return broken_headers(where, "its section headers have an unknown size");
  if (!has_zeroth) return broken_headers(where, "its section headers point outside the file");
  std::uint64_t section_count = file.e_shnum != 0 ? file.e_shnum : zeroth.sh_size;
  if (!read_rows(reader, file.e_shoff, section_count, headers.sections)) {
    return broken_headers(where, "its section headers point outside the file");
  }
  return headers;
}

}  // namespace varve
