#include "kernels/trace/protobuf.h"

namespace varve {

bool take_varint(std::span<const std::byte>& bytes, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[i]);
    if (i < 9 || byte <= 1) value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes = bytes.subspan(i + 1);
      return true;
    }
  }
  return false;
}

bool ProtobufReader::next(ProtobufField& field) {
  if (rest_.empty() || damaged_) return false;
  damaged_ = true;  // until the field turns out to be whole
  std::span<const std::byte> rest = rest_;
  std::uint64_t key = 0;
  if (!take_varint(rest, key) || key >> 3 == 0 || key >> 32 != 0) return false;
  field = {.number = static_cast<std::uint32_t>(key >> 3)};
  switch (key & 7) {
    case 0:
      if (!take_varint(rest, field.value)) return false;
      break;
    case 1:
    case 5: {
      const std::size_t size = (key & 7) == 1 ? 8 : 4;
      if (rest.size() < size) return false;
      for (std::size_t i = 0; i < size; ++i) field.value |= std::to_integer<std::uint64_t>(rest[i]) << (8 * i);
      rest = rest.subspan(size);
      break;
    }
    case 2: {
      std::uint64_t size = 0;
      if (!take_varint(rest, size) || size > rest.size()) return false;
      field.is_bytes = true;
      field.bytes = rest.first(size);
      rest = rest.subspan(size);
      break;
    }
    default:
      return false;  // groups, which nobody writes any more
  }
  rest_ = rest;
  damaged_ = false;
  return true;
}

}  // namespace varve
