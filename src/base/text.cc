#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <numeric>

namespace varve {

namespace {
// Not by std::string_view::find_first_not_of, which calls memchr for each character.
constexpr bool is_white_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }  // \t \n \v \f \r

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

// Length of the valid UTF-8 sequence that starts at `at`, or 0. Rejects overlong forms, surrogates and > U+10FFFF.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto continues = [&](std::size_t i) { return at + i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}
}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_white_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string file_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (text.empty()) return parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    while (begin < text.size() && is_white_space(text[begin])) ++begin;
    for (end = begin; end < text.size() && !is_white_space(text[end]);) ++end;
    if (end > begin) words.push_back(text.substr(begin, end - begin));
  }
  return words;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::string and_more(const std::vector<std::string>& texts, std::size_t most) {
  if (texts.size() <= most) return join(texts, ", ");
  const std::vector<std::string> first(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(most));
  return join(first, ", ") + " and " + std::to_string(texts.size() - most) + " more";
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<std::int64_t> parse_integer(std::string_view text, int base) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string clean_utf8(std::string_view text, std::size_t cap) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t plain = at;  // most texts are ASCII: it is copied at once
    while (plain < text.size() && static_cast<unsigned char>(text[plain]) < 0x80) ++plain;
    if (plain > at) {
      const std::size_t room = cap - clean.size();
      clean += text.substr(at, std::min(plain - at, room));
      if (plain - at > room) break;
      at = plain;
      continue;
    }
    const std::size_t length = sequence_length(text, at);
    const std::string_view piece = length > 0 ? text.substr(at, length) : std::string_view("\xEF\xBF\xBD");
    if (clean.size() + piece.size() > cap) break;
    clean += piece;
    at += std::max<std::size_t>(length, 1);
  }
  return clean;
}

std::size_t display_width(std::string_view text) {
  // Eight bytes at a time: those that continue a character begin with the bits 10.
  constexpr std::uint64_t kHighest = 0x8080808080808080, kOnes = 0x0101010101010101;
  std::size_t continuing = 0, at = 0;
  for (std::uint64_t bytes = 0; at + sizeof bytes <= text.size(); at += sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    if ((bytes & kHighest) != 0) continuing += ((bytes & ~(bytes << 1) & kHighest) >> 7) * kOnes >> 56;
  }
  for (; at < text.size(); ++at) continuing += (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80 ? 1 : 0;
  return text.size() - continuing;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace varve
