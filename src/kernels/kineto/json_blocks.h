#pragma once
#include <cstddef>
#include <cstdint>

namespace varve {

// The first look at JSON text, 64 bytes at a time: where its braces and the places are that deserve a second look. A
// bit of each mask stands for a byte, the lowest for the first.
struct JsonBlock {
  std::uint64_t open = 0, close = 0;  // braces outside of strings
  // A byte behind the end of a string that cannot stand there: the string was never closed, or holds a bare quote.
  std::uint64_t broken = 0;
  // Inside strings: control characters, backslashes that begin an escape, bytes beyond ASCII, opening braces.
  std::uint64_t suspect = 0;
};

// What one block hands to the next. The value as it is made stands for text outside of strings.
struct JsonBlockState {
  std::uint64_t in_string = 0;    // all bits: the next block begins inside a string
  std::uint64_t escaped = 0;      // 1: its first byte is escaped
  std::uint64_t after_quote = 0;  // 1: its first byte follows the end of a string
};

inline constexpr std::size_t kJsonBlock = 64;

// Looks at `count` blocks from `text` on, all of whose bytes must be readable. With AVX2 where the processor has it.
void look_at_json(const char* text, std::size_t count, JsonBlockState& state, JsonBlock* blocks);

// The same a byte at a time: what the fast way is held against.
void look_at_json_slowly(const char* text, std::size_t count, JsonBlockState& state, JsonBlock* blocks);

}  // namespace varve
