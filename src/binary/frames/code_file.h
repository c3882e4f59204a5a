#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>

#include "binary/elf/dynamic_section_image.h"
#include "binary/elf/symbols.h"
#include "binary/frames/call_site.h"
#include "binary/frames/unwind_table.h"

namespace varve {

// The code of a file for x86-64, asked again and again about the same few places while stacks are walked: every answer
// is kept. Addresses are virtual addresses of the file. One thread at a time.
class CodeFile {
 public:
  // What the file does not have (an index of unwind tables, procedure linkage) is not known, and no error. `symbols`
  // stays the caller's and must live longer.
  CodeFile(const FileReader& reader, const std::string& where, const SymbolTable& symbols);

  struct Function {
    std::uint64_t start = 0, end = 0;  // both 0: no code
    std::string symbol;                // empty: what lies between its neighbours
  };
  const Function& function_at(std::uint64_t address);
  // The rules at an address; nullptr where the function has no unwind table.
  const FrameRules* rules_at(std::uint64_t address);
  // What call returns to an address.
  CallSite call_before_address(std::uint64_t address);

  // Whether a direct call of `target` in this file may end up in `function` of `other`, which stands at `address`: at
  // once, through this file's procedure linkage table, or by a jump at the end of what was called.
  bool leads_to(std::uint64_t target, const CodeFile& other, const Function& function, std::uint64_t address);

  // Whether stacks above its functions may be scanned for what can be a return address. Not where the runtime moves and
  // cuts the stacks themselves, and keeps tables of its own that are not read here (Go): what lies above is of nobody.
  bool stacks_can_be_scanned() const { return !has_own_tables_; }

  // Forgets answers where there are very many. What rules_at() gave is gone then; functions stay.
  void trim();
  const SymbolTable& symbols() const { return symbols_; }

 private:
  struct Slot {
    std::uint64_t defined_at = 0;  // 0: in another file
  };
  bool find_way(std::uint64_t target, const CodeFile& other, const Function& function);
  std::optional<std::string> code(std::uint64_t address, std::uint64_t size) const;
  void read_slots();

  const SymbolTable& symbols_;
  std::optional<DynamicImage> image_;
  std::optional<UnwindTable> unwinding_;
  std::map<std::uint64_t, Slot> slots_;
  bool slots_read_ = false, has_own_tables_ = false;
  std::map<std::uint64_t, Function> functions_;  // by start
  std::unordered_map<std::uint64_t, const Function*> function_of_;
  std::unordered_map<std::uint64_t, std::unique_ptr<FrameRules>> rules_;
  std::unordered_map<std::uint64_t, CallSite> calls_;
  std::map<std::tuple<std::uint64_t, const CodeFile*, std::uint64_t>, bool> ways_;
};

}  // namespace varve
