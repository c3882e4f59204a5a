#include "kernels/kineto/json_damage.h"

#include <algorithm>

namespace varve {

namespace {
constexpr std::string_view kBlanks = " \n\t\r";
constexpr std::size_t kMostBlanks = 1024;  // before a key; nobody indents deeper

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Of a first byte: how many bytes the character has (RFC 3629); 0: it begins none.
std::size_t length_of_character(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

// Whether the byte at `place` is part of a whole character. A text that ends inside the character counts as whole.
bool is_in_character(std::string_view text, std::size_t place) {
  std::size_t first = place;
  while (first > 0 && place - first < 3 && is_continuation(text[first])) --first;
  const auto lead = static_cast<unsigned char>(text[first]);
  const std::size_t length = length_of_character(lead);
  if (length == 0 || place - first >= length) return false;
  for (std::size_t i = 1; i < length && first + i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[first + i]);
    if (!is_continuation(static_cast<char>(c))) return false;
    if (i > 1) continue;
    // Too long, a half of a pair, or beyond the last character.
    if ((lead == 0xe0 && c < 0xa0) || (lead == 0xed && c > 0x9f) || (lead == 0xf0 && c < 0x90) ||
        (lead == 0xf4 && c > 0x8f)) {
      return false;
    }
  }
  return true;
}

bool begins_escape(std::string_view behind) {
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  if (kSimple.find(behind.front()) != std::string_view::npos) return true;
  if (behind.front() != 'u') return false;
  const std::string_view digits = behind.substr(1, 4);
  return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// The end of the string that begins at `from`, behind its closing quote; the size of the text when there is none.
std::size_t string_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}
}  // namespace

Begins begins_event(std::string_view text, std::size_t place, std::string_view first_key) {
  constexpr std::string_view kPhase = "\"ph\"";
  std::size_t key = place + 1;
  while (key < text.size() && kBlanks.find(text[key]) != std::string_view::npos) ++key;
  if (key - place > kMostBlanks) return Begins::no;
  const std::string_view rest = text.substr(key);
  if (rest.starts_with(kPhase)) return Begins::yes;
  if (kPhase.starts_with(rest)) return Begins::unknown;
  if (!rest.starts_with(first_key)) return first_key.starts_with(rest) ? Begins::unknown : Begins::no;
  const std::size_t before = place == 0 ? std::string_view::npos : text.find_last_not_of(kBlanks, place - 1);
  const bool is_in_list = before != std::string_view::npos && (text[before] == ',' || text[before] == '[');
  return is_in_list ? Begins::yes : Begins::no;
}

std::string_view flaw_of_string(std::string_view text, std::size_t place) {
  const auto c = static_cast<unsigned char>(text[place]);
  if (c < 0x20) return "a control character inside a string";
  if (c >= 0x80) return is_in_character(text, place) ? "" : "text that is not valid UTF-8";
  if (c != '\\' || place + 1 >= text.size()) return "";
  return begins_escape(text.substr(place + 1)) ? "" : "a backslash that begins no escape";
}

std::size_t value_size(std::string_view text, bool& is_broken) {
  constexpr std::string_view kBehindString = ",:]} \n\t\r", kBehindWord = ",]} \n\t\r";
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const std::size_t end = string_end(text, i);
      if (end >= text.size()) return text.size();
      is_broken = kBehindString.find(text[end]) == std::string_view::npos;
      if (is_broken || depth == 0) return end;
      i = end - 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return i;
      if (--depth == 0) return i + 1;
    } else if (depth == 0) {
      return std::min(text.find_first_of(kBehindWord, i), text.size());
    }
  }
  return text.size();
}

}  // namespace varve
