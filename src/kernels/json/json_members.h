#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace varve {

// White space of JSON.
constexpr bool is_json_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The members of a JSON object, one after the other, without a tree. Values are handed out as they stand in the text:
// strings with their quotes, numbers and words (NaN, inf and -Infinity are such) to their end, objects and lists whole.
class JsonMembers {
 public:
  // `object` begins with its opening brace; otherwise there are no members and the text is broken.
  explicit JsonMembers(std::string_view object);

  // The next member; false at the end, and where the text is no JSON.
  bool next(std::string_view& key, std::string_view& value);
  bool is_broken() const { return is_broken_; }
  std::size_t at() const { return static_cast<std::size_t>(at_ - begin_); }  // of what comes next, in `object`

 private:
  bool broken();

  const char* begin_;
  const char* at_;
  const char* end_;
  bool is_broken_ = false, is_first_ = true;
};

// Behind the end of the string, or of the object or list, that begins at `at`; nullptr: it has none before `end`.
const char* end_of_json_string(const char* at, const char* end);
const char* end_of_json_container(const char* at, const char* end);

// A time in microseconds, as Kineto writes it, in nanoseconds, without a double on the way: a decimal number of any
// length, in a string or not, with an exponent or not. What is below a nanosecond is rounded, a half upwards. Nothing:
// it is no number, or is too large.
std::optional<std::int64_t> nanoseconds_from(std::string_view microseconds);

// A whole number that is not negative, in a string or not; nothing for what is not, or does not fit.
std::optional<std::uint64_t> whole_number_from(std::string_view value);

// The text of a string without its quotes, escapes resolved (into `buffer` when there are any); any other value as it
// is. Halves of surrogate pairs become U+FFFD.
std::string_view text_from(std::string_view value, std::string& buffer);

// Three whole numbers of a list, fewer when it has fewer: "[160, 1, 1]".
std::array<std::uint32_t, 3> three_numbers_from(std::string_view list);

}  // namespace varve
