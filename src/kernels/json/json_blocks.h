#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace varve {

// The first look at JSON text, 64 bytes at a time: where its braces are, and the places that deserve a second look.
// Each is a mark, in the order of the text: its place, and kJsonFlaw with what is not as it should be.
//
//   kJsonBroken   a byte behind the end of a string that cannot stand there: the string was never closed, or holds a
//                 bare quote; or such a quote comes soon. Bytes up to ':' pass, which finds it at the next string.
//   kJsonSuspect  inside a string a control character, a backslash that begins an escape, or a byte beyond ASCII
inline constexpr std::uint32_t kJsonBroken = std::uint32_t{1} << 31, kJsonSuspect = std::uint32_t{1} << 30;
inline constexpr std::uint32_t kJsonPlace = kJsonSuspect - 1;

// What one block hands to the next. The value as it is made stands for text outside of strings.
struct JsonBlockState {
  std::uint64_t in_string = 0;    // all bits: the next block begins inside a string
  std::uint64_t escaped = 0;      // 1: its first byte is escaped
  std::uint64_t after_quote = 0;  // 1: its first byte follows the end of a string
};

inline constexpr std::size_t kJsonBlock = 64;
inline constexpr std::size_t kJsonSpareMarks = 16;  // that may be written behind the last mark

// Marks braces outside of strings and flaws in `count` blocks from `text` on, all of whose bytes must be readable.
// Yields how many marks there are; `marks` has room for one of each byte and some to spare.
using JsonMarker = std::size_t (*)(const char* text, std::size_t count, JsonBlockState& state, std::uint32_t* marks);

// The ways to do it that this processor has, the fastest first, and last the one that goes a byte at a time, which the
// others are held against.
std::span<const JsonMarker> json_markers();

// By the fastest.
std::size_t mark_json(const char* text, std::size_t count, JsonBlockState& state, std::uint32_t* marks);

}  // namespace varve
