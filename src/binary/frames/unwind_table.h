#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "binary/frames/frame_rules.h"
#include "world/file_reader.h"

namespace varve {

// A function as its unwind table describes it, in virtual addresses of the file; `rules` are those at the address that
// was asked for.
struct FunctionFrame {
  std::uint64_t start = 0, end = 0;
  FrameRules rules;
};

// The call frame tables of a file for x86-64: .eh_frame, found through the sorted index .eh_frame_hdr (Linux Standard
// Base 5.0, core, 10.6; DWARF 5, 6.4). Holds 8 bytes a function; what describes one is read when it is asked for.
class UnwindTable {
 public:
  // Errors: not ELF for x86-64, no index, an index that is not sorted by code or points outside the file.
  static Result<UnwindTable> read(const FileReader& reader, const std::string& where);

  // Nothing where no function is described: assembly without directives, code made with
  // -fno-asynchronous-unwind-tables.
  std::optional<FunctionFrame> find(std::uint64_t virtual_address) const;
  std::size_t size() const { return functions_.size(); }

 private:
  struct Function {
    std::int32_t code = 0, description = 0;  // from the index
  };
  struct Segment {
    std::uint64_t start = 0, size = 0, file_offset = 0;
  };
  struct Common;
  explicit UnwindTable(FileReader reader) : reader_(std::move(reader)) {}
  std::optional<std::string> bytes_at(std::uint64_t virtual_address, std::uint64_t size) const;
  std::optional<std::string> entry_at(std::uint64_t virtual_address) const;
  std::optional<Common> common_at(std::uint64_t virtual_address) const;

  FileReader reader_;
  std::uint64_t index_ = 0;  // virtual address of .eh_frame_hdr
  std::vector<Segment> segments_;
  std::vector<Function> functions_;  // by code
};

}  // namespace varve
