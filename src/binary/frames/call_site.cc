#include "binary/frames/call_site.h"

#include <cstring>

namespace varve {

namespace {
std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t index) {
  return std::to_integer<std::uint8_t>(bytes[index]);
}

std::uint64_t relative_at(std::span<const std::byte> bytes, std::size_t index, std::uint64_t next) {
  std::int32_t distance = 0;
  std::memcpy(&distance, bytes.data() + index, sizeof distance);
  return next + static_cast<std::uint64_t>(std::int64_t{distance});
}

// How many bytes the operand behind an opcode takes, by its ModRM and SIB bytes.
std::size_t operand_bytes(std::uint8_t modrm, std::uint8_t sib) {
  const int mode = modrm >> 6, place = modrm & 7;
  if (mode == 3) return 1;
  const bool has_sib = place == 4;
  std::size_t bytes = has_sib ? 2 : 1;
  if (mode == 1) bytes += 1;
  if (mode == 2 || (mode == 0 && (place == 5 || (has_sib && (sib & 7) == 5)))) bytes += 4;
  return bytes;
}

// Whether all of `code` is one "call r/m64": FF /2, perhaps behind one prefix (REX, or the 3E of -fcf-protection).
bool is_indirect_call(std::span<const std::byte> code) {
  const auto first = byte_at(code, 0);
  if ((first & 0xf0) == 0x40 || first == 0x3e) code = code.subspan(1);
  if (code.size() < 2 || byte_at(code, 0) != 0xff) return false;
  const std::uint8_t modrm = byte_at(code, 1);
  if ((modrm >> 3 & 7) != 2) return false;
  return operand_bytes(modrm, code.size() > 2 ? byte_at(code, 2) : std::uint8_t{0}) == code.size() - 1;
}
// Whether nothing but padding follows a "jmp r/m64" at `at`: the same two bytes stand inside of other instructions.
bool ends_a_block(std::span<const std::byte> code, std::size_t at) {
  const std::uint8_t sib = at + 2 < code.size() ? byte_at(code, at + 2) : std::uint8_t{0};
  const std::size_t end = at + 1 + operand_bytes(byte_at(code, at + 1), sib);
  if (end >= code.size()) return end == code.size();
  const std::uint8_t next = byte_at(code, end);
  const bool long_nop = next == 0x0f && end + 1 < code.size() && byte_at(code, end + 1) == 0x1f;
  const bool wide_nop = next == 0x66 && end + 1 < code.size() &&
                        (byte_at(code, end + 1) == 0x90 || byte_at(code, end + 1) == 0x2e ||
                         byte_at(code, end + 1) == 0x0f || byte_at(code, end + 1) == 0x66);
  return next == 0x90 || next == 0xcc || long_nop || wide_nop;
}
}  // namespace

CallSite call_before(std::span<const std::byte> before, std::uint64_t return_address) {
  const std::size_t size = before.size();
  if (size >= 5 && byte_at(before, size - 5) == 0xe8) {
    return {CallSite::Kind::direct, relative_at(before, size - 4, return_address)};
  }
  for (std::size_t length = 2; length <= size; ++length) {
    if (is_indirect_call(before.last(length))) return {CallSite::Kind::indirect, 0};
  }
  return {};
}

std::optional<std::uint64_t> stub_slot(std::span<const std::byte> code, std::uint64_t address) {
  std::size_t at = 0;
  constexpr std::uint8_t kEndbr[] = {0xf3, 0x0f, 0x1e, 0xfa};
  if (code.size() >= sizeof kEndbr && std::memcmp(code.data(), kEndbr, sizeof kEndbr) == 0) at = sizeof kEndbr;
  if (at < code.size() && byte_at(code, at) == 0xf2) ++at;  // bnd
  if (code.size() < at + 6 || byte_at(code, at) != 0xff || byte_at(code, at + 1) != 0x25) return std::nullopt;
  return relative_at(code, at + 2, address + at + 6);
}

TailJump tail_jump(std::span<const std::byte> code, std::uint64_t address, std::uint64_t target) {
  TailJump found = TailJump::none;
  for (std::size_t at = 0; at + 2 <= code.size(); ++at) {
    const std::uint8_t opcode = byte_at(code, at), next = byte_at(code, at + 1);
    if (opcode == 0xe9 && at + 5 <= code.size() && relative_at(code, at + 1, address + at + 5) == target) {
      return TailJump::direct;
    }
    if (opcode == 0xff && (next >> 3 & 7) == 4 && ends_a_block(code, at)) found = TailJump::indirect;  // FF /4
  }
  return found;
}

}  // namespace varve
