#include "binary/frames/unwind_table.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "binary/elf/elf_headers.h"
#include "binary/frames/frame_bytes.h"
#include "binary/frames/frame_program.h"

namespace varve {

namespace {
constexpr std::uint64_t kMostFunctions = 8'000'000;
constexpr std::uint64_t kLongestEntry = 1 << 20;
constexpr std::uint8_t kOmitted = 0xff, kRelativeToPlace = 0x10, kFormat = 0x0f, kIndirect = 0x80;

std::span<const std::byte> as_span(const std::string& text) { return std::as_bytes(std::span(text)); }

// A pointer in one of the encodings of the Linux Standard Base (10.5.1). `place` is the virtual address of the bytes.
std::uint64_t read_pointer(FrameBytes& bytes, std::uint8_t encoding, std::uint64_t place, bool& known) {
  const std::uint64_t at = place + bytes.position();
  std::uint64_t value = 0;
  switch (encoding & kFormat) {
    case 0x00:
    case 0x04:
    case 0x0c:
      value = bytes.value<std::uint64_t>();
      break;
    case 0x01:
      value = bytes.uleb();
      break;
    case 0x02:
      value = bytes.value<std::uint16_t>();
      break;
    case 0x03:
      value = bytes.value<std::uint32_t>();
      break;
    case 0x09:
      value = static_cast<std::uint64_t>(bytes.sleb());
      break;
    case 0x0a:
      value = static_cast<std::uint64_t>(std::int64_t{bytes.value<std::int16_t>()});
      break;
    case 0x0b:
      value = static_cast<std::uint64_t>(std::int64_t{bytes.value<std::int32_t>()});
      break;
    default:
      known = false;
  }
  const auto base = static_cast<std::uint8_t>(encoding & 0x70);
  if (base != 0 && base != kRelativeToPlace) known = false;
  return base == kRelativeToPlace ? at + value : value;
}

Error unwind_error(const std::string& where, const std::string& found) {
  return Error{"reading unwind tables", where, found, ""};
}
}  // namespace

// What the descriptions of many functions have in common (a CIE).
struct UnwindTable::Common {
  FrameCommon numbers;
  std::string program;
  std::uint8_t pointers = 0;  // how the descriptions write addresses
  bool has_augmentation = false;
  bool signal = false;
};

Result<UnwindTable> UnwindTable::read(const FileReader& reader, const std::string& where) {
  auto headers = read_elf_headers(reader, where, false);
  if (!headers) return headers.error();
  if (headers->file.e_machine != EM_X86_64) return unwind_error(where, "it is not for x86-64");
  UnwindTable table(reader.buffered());
  const Elf64_Phdr* index = nullptr;
  for (const Elf64_Phdr& row : headers->segments) {
    if (row.p_type == PT_LOAD) table.segments_.push_back({row.p_vaddr, row.p_filesz, row.p_offset});
    if (row.p_type == PT_GNU_EH_FRAME) index = &row;
  }
  if (index == nullptr) return unwind_error(where, "the file has no index of them");
  table.index_ = index->p_vaddr;
  struct {
    std::uint8_t version = 0, pointer = 0, count_format = 0, table_format = 0;
    std::int32_t frames = 0;
    std::uint32_t count = 0;
  } head;
  static_assert(sizeof head == 12);
  if (!reader.read_value(index->p_offset, head)) return unwind_error(where, "the index points outside the file");
  if (head.version != 1 || (head.pointer & kFormat) != 0x0b || head.count_format != 0x03 || head.table_format != 0x3b) {
    return unwind_error(where, "the index is written in a way that is not read here");
  }
  const std::uint64_t count = std::min<std::uint64_t>(head.count, kMostFunctions);
  if (!reader.holds(index->p_offset + sizeof head, count * sizeof(Function))) {
    return unwind_error(where, "the index points outside the file");
  }
  table.functions_.resize(count);
  if (!reader.read(index->p_offset + sizeof head, std::as_writable_bytes(std::span(table.functions_)))) {
    return unwind_error(where, "the index points outside the file");
  }
  if (!std::is_sorted(table.functions_.begin(), table.functions_.end(),
                      [](const Function& a, const Function& b) { return a.code < b.code; })) {
    return unwind_error(where, "the index is not sorted");
  }
  return table;
}

std::optional<std::string> UnwindTable::bytes_at(std::uint64_t address, std::uint64_t size) const {
  for (const Segment& segment : segments_) {
    if (address < segment.start || address - segment.start >= segment.size) continue;
    const std::uint64_t offset = address - segment.start;
    if (size > segment.size - offset || !reader_.holds(segment.file_offset, offset)) return std::nullopt;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    if (!reader_.read(segment.file_offset + offset, std::as_writable_bytes(std::span(bytes)))) return std::nullopt;
    return bytes;
  }
  return std::nullopt;
}

// An entry without its length. Nothing for the end mark, and for those longer than 4 GiB.
std::optional<std::string> UnwindTable::entry_at(std::uint64_t address) const {
  const auto length_bytes = bytes_at(address, sizeof(std::uint32_t));
  if (!length_bytes) return std::nullopt;
  const auto length = FrameBytes(as_span(*length_bytes)).value<std::uint32_t>();
  if (length < sizeof(std::uint32_t) || length > kLongestEntry) return std::nullopt;
  return bytes_at(address + sizeof length, length);
}

std::optional<UnwindTable::Common> UnwindTable::common_at(std::uint64_t address) const {
  const auto entry = entry_at(address);
  if (!entry) return std::nullopt;
  FrameBytes bytes(as_span(*entry));
  if (bytes.value<std::uint32_t>() != 0) return std::nullopt;  // a description
  Common common;
  const auto version = bytes.value<std::uint8_t>();
  if (version != 1 && version != 3) return std::nullopt;
  std::string augmentation;
  for (char c = bytes.value<char>(); c != 0 && augmentation.size() < 16; c = bytes.value<char>()) augmentation += c;
  common.numbers.code_factor = bytes.uleb();
  common.numbers.data_factor = bytes.sleb();
  common.numbers.return_register = version == 1 ? bytes.value<std::uint8_t>() : bytes.uleb();
  if (!augmentation.empty()) {
    if (augmentation[0] != 'z') return std::nullopt;
    common.has_augmentation = true;
    const std::uint64_t size = bytes.uleb();
    const std::size_t end = bytes.position() + static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.left()));
    bool known = true;
    for (const char c : augmentation.substr(1)) {
      if (c == 'R') common.pointers = bytes.value<std::uint8_t>();
      if (c == 'L') bytes.value<std::uint8_t>();
      if (c == 'S') common.signal = true;
      if (c == 'P') read_pointer(bytes, static_cast<std::uint8_t>(bytes.value<std::uint8_t>() & kFormat), 0, known);
    }
    if (!known || bytes.position() > end) return std::nullopt;
    bytes.take(end - bytes.position());
  }
  if (!bytes.ok() || common.numbers.return_register != kReturnAddress) return std::nullopt;
  common.program = entry->substr(bytes.position());
  return common;
}

std::optional<FunctionFrame> UnwindTable::find(std::uint64_t address) const {
  const auto relative = static_cast<std::int64_t>(address - index_);
  const auto after = std::upper_bound(functions_.begin(), functions_.end(), relative,
                                      [](std::int64_t wanted, const Function& each) { return wanted < each.code; });
  if (after == functions_.begin()) return std::nullopt;
  const std::uint64_t place = index_ + static_cast<std::uint64_t>(std::int64_t{std::prev(after)->description});
  const auto entry = entry_at(place);
  if (!entry) return std::nullopt;
  const std::uint64_t body = place + sizeof(std::uint32_t);
  FrameBytes bytes(as_span(*entry));
  const auto back = bytes.value<std::uint32_t>();
  if (back == 0) return std::nullopt;
  const auto common = common_at(body - back);
  if (!common || common->pointers == kOmitted || (common->pointers & kIndirect) != 0) return std::nullopt;
  bool known = true;
  FunctionFrame function;
  function.start = read_pointer(bytes, common->pointers, body, known);
  const std::uint64_t size = read_pointer(bytes, common->pointers & kFormat, body, known);
  if (common->has_augmentation) bytes.take(bytes.uleb());
  if (!known || !bytes.ok() || address < function.start || address - function.start >= size) return std::nullopt;
  function.end = function.start + size;
  const std::string program = entry->substr(bytes.position());
  auto rules = frame_rules(common->numbers, as_span(common->program), as_span(program), address - function.start);
  if (!rules) return std::nullopt;
  function.rules = std::move(*rules);
  function.rules.signal = common->signal;
  return function;
}

}  // namespace varve
