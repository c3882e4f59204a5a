#include "report/printable.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// U+0080-9F (C1 controls), U+200E/F, U+202A-2E, U+2066-69 (direction), U+2028/9 (line ends), U+FFFE/F (no characters).
bool steers_display(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
  if (character.size() != 3) return false;
  const auto last = static_cast<unsigned char>(character[2]);
  if (character.starts_with("\xE2\x80")) return last == 0x8E || last == 0x8F || (last >= 0xA8 && last <= 0xAE);
  if (character.starts_with("\xE2\x81")) return last >= 0xA6 && last <= 0xA9;
  return character.starts_with("\xEF\xBF") && last >= 0xBE;
}

std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
}  // namespace

std::string printable(std::string_view text) {
  const std::string clean = clean_utf8(text, text.size() * kReplacement.size());
  std::string shown;
  shown.reserve(clean.size());
  for (std::size_t at = 0; at < clean.size();) {
    const std::size_t length = length_of(clean[at]);
    const std::string_view character = std::string_view(clean).substr(at, length);
    const auto byte = static_cast<unsigned char>(clean[at]);
    if (byte == '\n' || byte == '\t' || byte == '\r') {
      shown += ' ';
    } else if (byte < 0x20 || byte == 0x7F || steers_display(character)) {
      shown += kReplacement;
    } else {
      shown += character;
    }
    at += length;
  }
  return shown;
}

bool is_number_word(std::string_view word) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_' || c == '=';
  };
  return !word.empty() && is_digit(word.back()) && std::none_of(word.begin(), word.end(), is_letter);
}

}  // namespace varve
