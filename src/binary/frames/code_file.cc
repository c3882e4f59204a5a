#include "binary/frames/code_file.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <span>
#include <tuple>
#include <vector>

#include "binary/elf/note_sections.h"

namespace varve {

namespace {
constexpr std::size_t kMostKept = 500'000;  // answers of a kind
constexpr std::uint64_t kMostSlots = 1'000'000;
constexpr std::uint64_t kLongestTail = 64 * 1024;  // of code that is searched for a jump
constexpr std::uint64_t kLongestDispatcher = 256;
constexpr std::uint64_t kStubBytes = 16;

// ".gopclntab", in files that can be loaded anywhere ".data.rel.ro.gopclntab" (Go's linker).
bool has_tables_of_go(const FileReader& reader, const std::string& where) {
  const auto sections = read_named_sections(reader, where);
  return sections && std::any_of(sections->begin(), sections->end(),
                                 [](const NamedSection& section) { return section.name.ends_with(".gopclntab"); });
}
}  // namespace

CodeFile::CodeFile(const FileReader& reader, const std::string& where, const SymbolTable& symbols) : symbols_(symbols) {
  if (auto image = read_dynamic_image(reader, where)) image_ = std::move(*image);
  if (auto table = UnwindTable::read(reader, where)) unwinding_ = std::move(*table);
  has_own_tables_ = has_tables_of_go(reader, where);
}

void CodeFile::trim() {
  const auto trim_one = [](auto& map) {
    if (map.size() >= kMostKept) map.clear();
  };
  trim_one(function_of_);
  trim_one(rules_);
  trim_one(calls_);
  trim_one(ways_);
}

std::optional<std::string> CodeFile::code(std::uint64_t address, std::uint64_t size) const {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (!image_ || !image_->read_address(address, std::as_writable_bytes(std::span(bytes)))) return std::nullopt;
  return bytes;
}

const CodeFile::Function& CodeFile::function_at(std::uint64_t address) {
  static const Function kNone;
  const auto known = function_of_.find(address);
  if (known != function_of_.end()) return *known->second;
  const std::optional<CodeRange> range = symbols_.find(address);
  const Function* function = &kNone;
  if (range) {
    const auto place = functions_.try_emplace(range->start, Function{range->start, range->end, range->symbol}).first;
    function = &place->second;
  }
  return *(function_of_[address] = function);
}

const FrameRules* CodeFile::rules_at(std::uint64_t address) {
  if (!unwinding_) return nullptr;
  const auto known = rules_.find(address);
  if (known != rules_.end()) return known->second.get();
  auto function = unwinding_->find(address);
  auto& rules = rules_[address];
  if (function) rules = std::make_unique<FrameRules>(std::move(function->rules));
  return rules.get();
}

CallSite CodeFile::call_before_address(std::uint64_t address) {
  const auto known = calls_.find(address);
  if (known != calls_.end()) return known->second;
  CallSite site;
  if (address >= kLongestCall) {
    if (const auto bytes = code(address - kLongestCall, kLongestCall)) {
      site = call_before(std::as_bytes(std::span(*bytes)), address);
    }
  }
  return calls_[address] = site;
}

// The slots of the procedure linkage table and what they are for: DT_JMPREL (gABI, "Dynamic Linking").
void CodeFile::read_slots() {
  slots_read_ = true;
  const auto table = image_->value(DT_JMPREL), size = image_->value(DT_PLTRELSZ), symbols = image_->value(DT_SYMTAB);
  if (!table || !size || !symbols || image_->value(DT_PLTREL) != DT_RELA) return;
  std::vector<Elf64_Rela> rows(static_cast<std::size_t>(std::min(*size / sizeof(Elf64_Rela), kMostSlots)));
  if (!image_->reader.holds(0, rows.size() * sizeof(Elf64_Rela))) return;
  if (!image_->read_address(*table, std::as_writable_bytes(std::span(rows)))) return;
  for (const Elf64_Rela& row : rows) {
    Elf64_Sym symbol{};
    const std::uint64_t at = *symbols + std::uint64_t{ELF64_R_SYM(row.r_info)} * sizeof symbol;
    if (!read_at(*image_, at, symbol)) continue;
    slots_[row.r_offset] = {symbol.st_shndx == SHN_UNDEF ? 0 : symbol.st_value};
  }
}

bool CodeFile::find_way(std::uint64_t target, const CodeFile& other, const Function& function) {
  if (!image_) return false;
  std::uint64_t called = target;
  if (const auto stub = code(target, kStubBytes)) {
    if (const auto slot = stub_slot(std::as_bytes(std::span(*stub)), target)) {
      if (!slots_read_) read_slots();
      const auto place = slots_.find(*slot);
      if (place == slots_.end()) return true;  // a slot filled in while the program runs
      if (place->second.defined_at == 0) return &other != this;
      called = place->second.defined_at;
      if (&other == this && called == function.start) return true;
    }
  }
  const Function& first = function_at(called);
  if (first.end <= first.start || &first == &function) return false;
  const std::uint64_t size = std::min(first.end - called, kLongestTail);
  const auto bytes = code(called, size);
  if (!bytes) return false;
  const std::uint64_t wanted = &other == this ? function.start : 0;
  const TailJump jump = tail_jump(std::as_bytes(std::span(*bytes)), called, wanted);
  // Two bytes are found by chance in much code: a dispatcher that jumps to what it chose is short.
  return jump == TailJump::direct || (jump == TailJump::indirect && size <= kLongestDispatcher);
}

bool CodeFile::leads_to(std::uint64_t target, const CodeFile& other, const Function& function, std::uint64_t address) {
  if (&other == this && target >= function.start && target <= address) return true;
  const std::tuple key(target, &other, function.start);
  const auto known = ways_.find(key);
  if (known != ways_.end()) return known->second;
  return ways_[key] = find_way(target, other, function);
}

}  // namespace varve
