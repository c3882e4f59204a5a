#include "kernels/json/json_members.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "base/text.h"

namespace varve {

namespace {

inline const char* skip_blanks(const char* at, const char* end) {
  while (at < end && is_json_blank(*at)) ++at;
  return at;
}

// The next quote from `at` on, `end` when there is none. Most strings are short, so 16 bytes are looked at in place.
inline const char* find_quote(const char* at, const char* end) {
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"');
  for (int i = 0; i < 4 && end - at >= 16; ++i, at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote));
    if (found != 0) return at + __builtin_ctz(static_cast<unsigned>(found));
  }
#endif
  const void* found = at < end ? std::memchr(at, '"', static_cast<std::size_t>(end - at)) : nullptr;
  return found != nullptr ? static_cast<const char*>(found) : end;
}

inline const char* skip_string(const char* at, const char* end) {
  const char* begin = ++at;
  while (true) {
    at = find_quote(at, end);
    if (at == end) return nullptr;
    const char* backslashes = at;
    while (backslashes > begin && backslashes[-1] == '\\') --backslashes;
    ++at;
    if ((at - 1 - backslashes) % 2 == 0) return at;
  }
}

// The next quote, brace or bracket from `at` on, `end` when there is none.
inline const char* find_mark(const char* at, const char* end) {
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"'), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i curled = _mm_or_si128(bytes, _mm_set1_epi8(0x20));  // '[' becomes '{'
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                                       _mm_or_si128(_mm_cmpeq_epi8(curled, open), _mm_cmpeq_epi8(curled, close)));
    const int found = _mm_movemask_epi8(marks);
    if (found != 0) return at + __builtin_ctz(static_cast<unsigned>(found));
  }
#endif
  while (at < end && *at != '"' && *at != '{' && *at != '[' && *at != '}' && *at != ']') ++at;
  return at;
}

const char* skip_container(const char* at, const char* end) {
  std::size_t depth = 0;
  for (at = find_mark(at, end); at < end; at = find_mark(at, end)) {
    if (*at == '"') {
      at = skip_string(at, end);
      if (at == nullptr) return nullptr;
      continue;
    }
    const bool opens = *at == '{' || *at == '[';
    ++at;
    if (opens) {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
  return nullptr;
}

inline const char* skip_value(const char* at, const char* end) {
  if (at == end) return nullptr;
  if (*at == '"') return skip_string(at, end);
  if (*at == '{' || *at == '[') return skip_container(at, end);
  const char* word = at;
  while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_json_blank(*at)) ++at;
  return at == word ? nullptr : at;
}

std::string_view without_quotes(std::string_view value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

// The digits of a decimal number: value = digits * 10^exponent. At most 19 digits count, as many as fit.
struct Decimal {
  std::uint64_t digits = 0;
  std::int64_t exponent = 0;
  bool rounds_up = false;  // by the first digit that did not fit
};

std::optional<Decimal> decimal_from(std::string_view text) {
  constexpr std::uint64_t kFull = 1'000'000'000'000'000'000;  // one more digit fits below ten times as much
  Decimal number;
  bool any = false, behind_point = false, is_full = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !behind_point) {
      behind_point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (number.digits >= kFull) {
      if (!is_full) number.rounds_up = c >= '5';
      is_full = true;
      number.exponent += behind_point ? 0 : 1;
      continue;
    }
    number.digits = number.digits * 10 + static_cast<std::uint64_t>(c - '0');
    number.exponent -= behind_point ? 1 : 0;
  }
  if (!any) return std::nullopt;
  if (i == text.size()) return number;
  if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
  std::string_view exponent = text.substr(i + 1);
  const bool has_plus = exponent.starts_with('+');
  if (has_plus) exponent.remove_prefix(1);
  if (has_plus && exponent.starts_with('-')) return std::nullopt;
  int power = 0;
  const auto [stop, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  if (error != std::errc() || stop != exponent.data() + exponent.size()) return std::nullopt;
  number.exponent += power;
  return number;
}

void append_character(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) return byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
  if (code < 0x10000) {
    return byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
  }
  byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f));
  byte(0x80 | (code & 0x3f));
}

// The number of \uXXXX whose digits stand at `at`; nothing when they do not.
std::optional<std::uint32_t> four_digits(std::string_view text, std::size_t at) {
  if (at > text.size() || text.size() - at < 4) return std::nullopt;
  std::uint32_t code = 0;
  const char* begin = text.data() + at;
  const auto [stop, error] = std::from_chars(begin, begin + 4, code, 16);
  if (error != std::errc() || stop != begin + 4) return std::nullopt;
  return code;
}

// Appends what the escape at `at` (of its backslash) stands for and yields where the text goes on. What is no escape is
// the backslash itself.
std::size_t append_escape(std::string_view text, std::size_t at, std::string& into) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  const char c = at + 1 < text.size() ? text[at + 1] : ' ';
  if (const std::size_t which = kEscapes.find(c); which != std::string_view::npos) {
    into += kMeant[which];
    return at + 2;
  }
  const auto code = c == 'u' ? four_digits(text, at + 2) : std::nullopt;
  if (!code) {
    into += '\\';
    return at + 1;
  }
  const bool is_first_half = *code >= 0xd800 && *code < 0xdc00;
  const auto second =
      is_first_half && text.substr(at + 6).starts_with("\\u") ? four_digits(text, at + 8) : std::nullopt;
  if (second && *second >= 0xdc00 && *second < 0xe000) {
    append_character(into, 0x10000 + ((*code - 0xd800) << 10) + (*second - 0xdc00));
    return at + 12;
  }
  append_character(into, *code >= 0xd800 && *code < 0xe000 ? 0xfffd : *code);
  return at + 6;
}
}  // namespace

const char* end_of_json_string(const char* at, const char* end) { return skip_string(at, end); }
const char* end_of_json_container(const char* at, const char* end) { return skip_container(at, end); }

JsonMembers::JsonMembers(std::string_view object)
    : begin_(object.data()), at_(object.data()), end_(object.data() + object.size()) {
  if (object.starts_with('{')) {
    ++at_;
  } else {
    is_broken_ = true;
  }
}

bool JsonMembers::broken() {
  is_broken_ = true;
  return false;
}

bool JsonMembers::next(std::string_view& key, std::string_view& value) {
  if (is_broken_) return false;
  at_ = skip_blanks(at_, end_);
  if (at_ == end_) return broken();
  if (*at_ == '}') return false;
  if (!is_first_) {
    if (*at_ != ',') return broken();
    at_ = skip_blanks(at_ + 1, end_);
    if (at_ < end_ && *at_ == '}') return false;  // a comma too many
  }
  is_first_ = false;
  if (at_ == end_ || *at_ != '"') return broken();
  const char* key_end = skip_string(at_, end_);
  if (key_end == nullptr) return broken();
  key = {at_ + 1, static_cast<std::size_t>(key_end - at_ - 2)};
  at_ = skip_blanks(key_end, end_);
  if (at_ == end_ || *at_ != ':') return broken();
  at_ = skip_blanks(at_ + 1, end_);
  const char* value_end = skip_value(at_, end_);
  if (value_end == nullptr) return broken();
  value = {at_, static_cast<std::size_t>(value_end - at_)};
  at_ = value_end;
  return true;
}

std::optional<std::int64_t> nanoseconds_from(std::string_view microseconds) {
  constexpr std::uint64_t kMost = INT64_MAX;
  std::string_view text = without_quotes(microseconds);
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const auto number = decimal_from(text);
  if (!number) return std::nullopt;
  std::uint64_t value = number->digits;
  if (value == 0) return 0;
  std::int64_t exponent = number->exponent + 3;
  if (exponent > 19 || exponent < -40) return exponent > 0 ? std::nullopt : std::optional<std::int64_t>(0);
  bool rounds_up = number->rounds_up;
  for (; exponent > 0; --exponent) {
    if (value > kMost / 10) return std::nullopt;
    value *= 10;
    rounds_up = false;
  }
  for (; exponent < 0; ++exponent) {
    rounds_up = value % 10 >= 5;
    value /= 10;
  }
  value += rounds_up ? 1 : 0;
  if (value > kMost) return std::nullopt;
  return is_negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> whole_number_from(std::string_view value) {
  constexpr std::size_t kDigitsThatFit = 19;
  const std::string_view text = without_quotes(value);
  std::uint64_t number = 0;
  if (text.empty()) return std::nullopt;
  if (text.size() > kDigitsThatFit) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && stop == text.data() + text.size() ? std::optional(number) : std::nullopt;
  }
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::string_view text_from(std::string_view value, std::string& buffer) {
  const std::string_view text = without_quotes(value);
  std::size_t at = text.find('\\');
  if (at == std::string_view::npos || !value.starts_with('"')) return text;
  buffer.clear();
  std::size_t from = 0;
  while (at != std::string_view::npos) {
    buffer += text.substr(from, at - from);
    from = append_escape(text, at, buffer);
    at = text.find('\\', from);
  }
  buffer += text.substr(from);
  return buffer;
}

std::array<std::uint32_t, 3> three_numbers_from(std::string_view list) {
  std::array<std::uint32_t, 3> numbers{};
  const char* at = list.data();
  const char* end = at + list.size();
  for (std::uint32_t& number : numbers) {
    while (at < end && !is_digit(*at)) ++at;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error == std::errc::result_out_of_range) number = UINT32_MAX;
    at = stop;
  }
  return numbers;
}

}  // namespace varve
