#pragma once
// For tests only: protocol buffers taken apart in a slow way, to compare with, and put together by hand.
#include <map>
#include <string>

namespace varve::test {

// Every field of a message by its number; numbers in decimal.
using SlowMessage = std::multimap<std::uint64_t, std::string>;

inline std::uint64_t slow_varint(const std::string& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.at(at++));
    value += static_cast<std::uint64_t>(byte % 128) << shift;
    if (byte < 128) return value;
  }
}

inline SlowMessage slow_message(const std::string& bytes) {
  SlowMessage message;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t key = slow_varint(bytes, at);
    if (key % 8 == 0) {
      message.emplace(key / 8, std::to_string(slow_varint(bytes, at)));
      continue;
    }
    const std::size_t size = key % 8 == 1 ? 8 : key % 8 == 5 ? 4 : slow_varint(bytes, at);
    message.emplace(key / 8, bytes.substr(at, size));
    at += size;
  }
  return message;
}

inline std::string slow_text(const SlowMessage& message, std::uint64_t field) {
  const auto found = message.find(field);
  return found == message.end() ? "" : found->second;
}

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value /= 128) bytes += static_cast<char>(value % 128 + 128);
  return bytes + static_cast<char>(value);
}
inline std::string field(int number, const std::string& bytes) {
  return varint(static_cast<std::uint64_t>(number) * 8 + 2) + varint(bytes.size()) + bytes;
}
inline std::string field(int number, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(number) * 8) + varint(value);
}

}  // namespace varve::test
