#include "kernels/json/plain_word.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "kernels/json/json_members.h"

namespace varve {

namespace {
// Where in 32 bytes a word ends at last, and what is in it that a plain one has not.
struct Look {
  std::uint32_t end = 0, odd = 0, point = 0;
};

#if defined(__x86_64__)
inline std::uint32_t mask_of_16(__m128i bytes) { return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes)); }

inline Look look_at_16(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i curled = _mm_or_si128(bytes, _mm_set1_epi8(0x20));  // '[' becomes '{', ']' becomes '}'
  const auto equal = [](__m128i a, char c) { return _mm_cmpeq_epi8(a, _mm_set1_epi8(c)); };
  const __m128i no_text = _mm_cmpgt_epi8(_mm_set1_epi8(0x21), bytes);  // blanks, controls and what is beyond ASCII
  return {mask_of_16(_mm_or_si128(no_text, _mm_or_si128(equal(bytes, ','), equal(curled, '}')))),
          mask_of_16(_mm_or_si128(equal(bytes, '"'), equal(curled, '{'))), mask_of_16(equal(bytes, '.'))};
}

inline Look look_at_32(const char* at) {
  const Look low = look_at_16(at), high = look_at_16(at + 16);
  return {low.end | high.end << 16, low.odd | high.odd << 16, low.point | high.point << 16};
}
#else
Look look_at_32(const char* at) {
  Look look;
  for (unsigned i = 0; i < kPlainWordLook; ++i) {
    const auto c = static_cast<signed char>(at[i]);
    const std::uint32_t bit = std::uint32_t{1} << i;
    if (c < 0x21 || c == ',' || c == '}' || c == ']') look.end |= bit;
    if (c == '"' || c == '{' || c == '[') look.odd |= bit;
    if (c == '.') look.point |= bit;
  }
  return look;
}
#endif

struct Brackets {
  std::uint64_t quote = 0, backslash = 0, open = 0, close = 0;
};

Brackets brackets_in(const char* at) {
  Brackets found;
  for (unsigned i = 0; i < kShortContainer; i += 16) {
#if defined(__x86_64__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const __m128i curled = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const auto equal = [&](__m128i a, char c) {
      return std::uint64_t{mask_of_16(_mm_cmpeq_epi8(a, _mm_set1_epi8(c)))} << i;
    };
    found.quote |= equal(bytes, '"');
    found.backslash |= equal(bytes, '\\');
    found.open |= equal(curled, '{');
    found.close |= equal(curled, '}');
#else
    for (unsigned j = i; j < i + 16; ++j) {
      const std::uint64_t bit = std::uint64_t{1} << j;
      if (at[j] == '"') found.quote |= bit;
      if (at[j] == '\\') found.backslash |= bit;
      if (at[j] == '{' || at[j] == '[') found.open |= bit;
      if (at[j] == '}' || at[j] == ']') found.close |= bit;
    }
#endif
  }
  return found;
}

constexpr std::uint64_t kZeros = 0x3030303030303030;

// The highest bit of each byte that is no digit, of bytes from which '0' was taken by xor.
constexpr std::uint64_t beyond_digits(std::uint64_t word) {
  return ((word + 0x7676767676767676) | word) & 0x8080808080808080;
}

// Of eight digits as numbers, the first in the lowest byte.
constexpr std::uint64_t number_of_digits(std::uint64_t word) {
  constexpr std::uint64_t kPairs = 0x000000ff000000ff;
  word = word * 10 + (word >> 8);  // pairs, then fours, then all of them
  return ((word & kPairs) * 0x000f424000000064 + ((word >> 16) & kPairs) * 0x0000271000000001) >> 32;
}

// The number of 1 to 8 digits that begin at `at`, where 8 bytes are readable; nothing: they are not all digits.
inline std::optional<std::uint64_t> eight_digits(const char* at, std::size_t size) {
  if constexpr (std::endian::native != std::endian::little) {
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(at, at + size, number);
    return error == std::errc() && stop == at + size ? std::optional(number) : std::nullopt;
  }
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  word = (word ^ kZeros) << (8 * (8 - size));  // digits as numbers, behind zeros
  if (beyond_digits(word) != 0) return std::nullopt;
  return number_of_digits(word);
}

// Likewise of 1 to 16.
inline std::optional<std::uint64_t> digits_at(const char* at, std::size_t size) {
  constexpr std::uint64_t kEightDigits = 100'000'000;
  if (size <= 8) return eight_digits(at, size);
  const auto high = eight_digits(at, size - 8), low = eight_digits(at + size - 8, 8);
  if (!high || !low) return std::nullopt;
  return *high * kEightDigits + *low;
}
}  // namespace

PlainWord plain_word(const char* at) {
  const Look look = look_at_32(at);
  if (look.end == 0) return {};
  const auto size = static_cast<unsigned>(std::countr_zero(look.end));
  const std::uint32_t inside = (std::uint32_t{1} << size) - 1;
  if ((look.odd & inside) != 0) return {};
  return {size, std::min(size, static_cast<unsigned>(std::countr_zero(look.point)))};
}

ShortNumber short_number(const char* at) {
  if constexpr (std::endian::native != std::endian::little) return {};
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  word ^= kZeros;
  // A digit is never taken for none, and the first byte that is none is told as such: a sum runs over behind it only.
  const std::uint64_t beyond = beyond_digits(word);
  const auto size = static_cast<unsigned>(std::countr_zero(beyond)) / 8;
  if (beyond == 0 || size == 0) return {};
  const auto end = static_cast<signed char>(at[size]);
  if (end != ',' && end > ' ' && end != '}' && end != ']') return {};
  return {size, number_of_digits(word << (8 * (8 - size)))};
}

const char* end_of_short_container(const char* at) {
  const Brackets brackets = brackets_in(at);
  std::uint64_t in_string = brackets.quote;  // from each opening quote up to its closing one
  for (unsigned distance = 1; distance < 64; distance *= 2) in_string ^= in_string << distance;
  const std::uint64_t before_backslash = (brackets.backslash & -brackets.backslash) - 1;
  std::uint64_t depth = 0;
  for (std::uint64_t rest = (brackets.open | brackets.close) & ~in_string & before_backslash; rest != 0;
       rest &= rest - 1) {
    depth += (brackets.open & rest & -rest) != 0 ? 1 : std::uint64_t{0} - 1;
    if (depth == 0) return at + std::countr_zero(rest) + 1;
  }
  return nullptr;
}

std::optional<std::uint64_t> whole_number_of(PlainWord word, const char* at) {
  return word.size == 0 || word.size > 16 ? std::nullopt : digits_at(at, word.size);
}

std::optional<std::int64_t> nanoseconds_of(PlainWord word, const char* at) {
  constexpr std::uint64_t kMost = INT64_MAX / 1000 - 1;
  constexpr std::array<std::int64_t, 4> kScale{1000, 100, 10, 1};
  const std::size_t decimals = word.size - word.point;  // with the point
  const auto slowly = [&] { return nanoseconds_from({at, word.size}); };
  if (word.point == 0 || word.point > 16 || decimals == 1 || decimals > 4) return slowly();
  const auto whole = digits_at(at, word.point);
  if (!whole || *whole > kMost) return slowly();
  if (decimals == 0) return static_cast<std::int64_t>(*whole * 1000);
  const auto part = eight_digits(at + word.point + 1, decimals - 1);
  if (!part) return slowly();
  return static_cast<std::int64_t>(*whole * 1000 + *part * static_cast<std::uint64_t>(kScale[decimals - 1]));
}

}  // namespace varve
