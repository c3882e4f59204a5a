#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace varve {

// A piece of executable code of a file, in virtual addresses of the file (those that objdump shows).
struct CodeRange {
  std::uint64_t start = 0, end = 0;
  std::string
      symbol;  // as in the file, not demangled; empty: code between two symbols, whose names are not in the file
};

// The functions of a 64-bit little-endian ELF file, from .symtab and .dynsym, and the way from an offset in the file
// to a virtual address. Holds 24 bytes a function; names are read from the file when they are asked for.
class SymbolTable {
 public:
  // Reads headers and symbols by pread; `fd` stays the caller's (a duplicate is kept). Errors: not ELF, ELF32 or
  // big-endian, headers that point outside the file. More than 16 million symbols are cut there.
  static Result<SymbolTable> read(int fd, const std::string& where);

  // The virtual address of a byte of the file, by the PT_LOAD segments (executable ones first).
  std::optional<std::uint64_t> virtual_address(std::uint64_t file_offset) const;

  // The function at a virtual address: the innermost symbol with a size, else the symbol without a size before it
  // (assembly), which reaches to the next symbol or the end of its section, nameless where the file has no .symtab
  // (stripped: functions that are not exported may follow it). Of several names for one place the global
  // one, then one without leading underscore, then the shorter, then the first in the alphabet. Without any, the gap
  // between the neighbours within the section. Nothing outside executable sections and segments.
  std::optional<CodeRange> find(std::uint64_t virtual_address) const;

  std::size_t size() const { return symbols_.size(); }

 private:
  struct Symbol {
    std::uint64_t start = 0, end = 0;
    std::uint32_t name = 0;  // offset in its string table
    std::uint8_t table = 0;  // 0 .symtab, 1 .dynsym
    std::uint8_t rank = 0;   // global before weak before local
    bool sized = false;
  };
  struct Span {  // a segment or section
    std::uint64_t start = 0, end = 0, file_offset = 0;
    bool executable = false;
  };
  struct File;
  friend struct SymbolReader;

  std::string best_name(std::size_t index) const;

  std::shared_ptr<const File> file_;  // the duplicate descriptor and the string tables' places
  std::vector<Span> segments_;        // PT_LOAD, executable ones first
  std::vector<Span> sections_;        // executable ones, by start, not overlapping
  std::vector<Symbol> symbols_;       // by start
  std::vector<std::uint64_t> reach_;  // largest end of the symbols up to each
};

}  // namespace varve
