#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace varve {

// A value in JSON that is no string, list or object, as nearly all of them are: at most 32 bytes, without a quote or an
// opening bracket in it.
struct PlainWord {
  std::size_t size = 0;   // 0: there is none
  std::size_t point = 0;  // where the first '.' is; the size when there is none
};

inline constexpr std::size_t kPlainWordLook = 32;

// The word that begins at `at`, up to a comma, a closing bracket, a blank or what is no text. So many bytes must be
// readable there.
PlainWord plain_word(const char* at);

// A whole number of at most seven digits that a word is, as most are; a size of 0: it is not. kPlainWordLook bytes must
// be readable there. Where it is one, plain_word and whole_number_of say the same.
struct ShortNumber {
  std::size_t size = 0;
  std::uint64_t value = 0;
};
ShortNumber short_number(const char* at);

// The whole number that the word is; nothing: it is none of at most 16 digits.
std::optional<std::uint64_t> whole_number_of(PlainWord word, const char* at);

// The nanoseconds of as many microseconds, as nanoseconds_from reads them.
std::optional<std::int64_t> nanoseconds_of(PlainWord word, const char* at);

// Behind the end of the list or object that begins at `at`; nullptr: it has a backslash in it, or does not end within
// kShortContainer bytes, as most do. So many bytes must be readable there.
inline constexpr std::size_t kShortContainer = 64;
const char* end_of_short_container(const char* at);

}  // namespace varve
