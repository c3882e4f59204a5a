#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/elf/elf_headers.h"

namespace varve {

// An ELF file as the loader would see it: by virtual address, from the segments alone, so that files stripped of their
// section headers are read too. Copies share the descriptor.
struct DynamicImage {
  FileReader reader;
  ElfHeaders headers;              // segments only
  FileReader names;                // the same file, buffered by itself: tables and their names stand far apart
  std::vector<Elf64_Dyn> rows;     // of PT_DYNAMIC up to DT_NULL; empty: statically linked
  std::uint64_t strings = 0;       // file offset of the string table (DT_STRTAB)
  std::uint64_t strings_size = 0;  // DT_STRSZ, cut at the end of the file

  // The value of the first row with this tag.
  std::optional<std::uint64_t> value(std::int64_t tag) const;
  // Where a virtual address stands in the file; nothing when its `length` bytes are not all in one PT_LOAD and in the
  // file.
  std::optional<std::uint64_t> offset_of(std::uint64_t address, std::uint64_t length) const;
  // A string of the string table; nothing when it is longer than `cap` or outside the table.
  std::optional<std::string> string_at(std::uint64_t index, std::size_t cap = 4096) const;
  // Fills `into` from a virtual address; false when it is not in the file.
  bool read_address(std::uint64_t address, std::span<std::byte> into) const;
};

// Error: as read_elf_headers; more than 4096 program headers, PT_DYNAMIC outside the file or longer than 65 536 rows.
// `where` names the file.
Result<DynamicImage> read_dynamic_image(const FileReader& reader, const std::string& where);

// A value at a virtual address; false when it is not in the file.
template <class T>
bool read_at(const DynamicImage& image, std::uint64_t address, T& into) {
  return image.read_address(address, std::as_writable_bytes(std::span(&into, 1)));
}

// What an error of these readers says: where, and what was found there.
Error broken_dynamic(const std::string& where, std::string found);

// A symbol that the file defines and exports.
struct ExportedSymbol {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  bool is_function = false;
};

// Looks one name up through DT_GNU_HASH (or DT_HASH): a handful of small preads, whatever the size of the table.
// Of several versions of one name the first. Nothing: not exported, or the tables are damaged.
std::optional<ExportedSymbol> find_exported(const DynamicImage& image, std::string_view name);

}  // namespace varve
