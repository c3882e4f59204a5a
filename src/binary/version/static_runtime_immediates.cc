#include "binary/version/static_runtime_immediates.h"

#include <cstring>
#include <optional>

namespace varve {
namespace {

std::uint8_t byte_at(std::span<const std::byte> code, std::size_t at) {
  return std::to_integer<std::uint8_t>(code[at]);
}

std::uint32_t number_at(std::span<const std::byte> code, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, code.data() + at, sizeof value);
  return value;
}

bool returns_soon(std::span<const std::byte> code, std::size_t at) {
  for (std::size_t i = at; i < code.size() && i <= at + 4; ++i) {
    if (byte_at(code, i) == 0xc3) return true;
  }
  return false;
}

// ModRM: mod in the top two bits, the opcode's /0 in the middle three, rm in the low three; rm 4 is followed by a SIB
// byte, whose base 5 with mod 0 has a displacement of 4 bytes, as has rm 5 with mod 0.
std::optional<StoredNumber> store_at(std::span<const std::byte> code, std::size_t at) {
  if (code.size() - at < 6) return std::nullopt;
  const std::uint8_t modrm = byte_at(code, at + 1);
  const unsigned mode = modrm >> 6, memory = modrm & 7;
  if (((modrm >> 3) & 7) != 0 || mode == 3) return std::nullopt;
  std::size_t length = 2, displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0;
  if (memory == 4) {
    if (mode == 0 && (byte_at(code, at + 2) & 7) == 5) displacement = 4;
    ++length;
  } else if (mode == 0 && memory == 5) {
    displacement = 4;
  }
  length += displacement;
  if (code.size() - at < length + 4) return std::nullopt;
  return StoredNumber{number_at(code, at + length), true, mode == 0 && memory != 4 && memory != 5,
                      returns_soon(code, at + length + 4), static_cast<std::uint8_t>(memory)};
}

}  // namespace

std::vector<StoredNumber> stored_numbers(std::span<const std::byte> code, std::size_t limit, bool registers_too) {
  std::vector<StoredNumber> numbers;
  if (code.empty()) return numbers;
  if (limit > code.size()) limit = code.size();
  if (!registers_too) {
    for (std::size_t at = 0; at < limit; ++at) {
      const void* next = std::memchr(code.data() + at, 0xc7, limit - at);
      if (!next) break;
      at = static_cast<std::size_t>(static_cast<const std::byte*>(next) - code.data());
      if (auto number = store_at(code, at)) numbers.push_back(*number);
    }
    return numbers;
  }
  for (std::size_t at = 0; at < limit; ++at) {
    const std::uint8_t first = byte_at(code, at);
    if (first == 0xc7) {
      if (auto number = store_at(code, at)) numbers.push_back(*number);
    } else if (first >= 0xb8 && first <= 0xbf && code.size() - at >= 5) {
      numbers.push_back(
          {number_at(code, at + 1), false, false, returns_soon(code, at + 5), static_cast<std::uint8_t>(first - 0xb8)});
    }
  }
  return numbers;
}

}  // namespace varve
