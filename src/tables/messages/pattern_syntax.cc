#include "tables/messages/pattern_syntax.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
// White space in which a line's prefix may stand: "[rank0]: ", "2024-05-01 10:00:00,123 ERROR ", "(pid=7) ".
constexpr const char* kLineEnd = "\\s+(?:[^\\n]{0,48}?[\\]:)|] ?)?\\s*";
}  // namespace

std::string expand_pattern(const std::string& pattern) {
  std::string expanded;
  bool in_brackets = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      expanded += c;
      expanded += pattern[++i];
    } else if (!in_brackets && pattern.compare(i, 4, "<nl>") == 0) {
      expanded += kLineEnd;
      i += 3;
    } else if (!in_brackets && c == ' ') {
      const bool is_counted =
          i + 1 < pattern.size() && std::string_view("?*+{").find(pattern[i + 1]) != std::string::npos;
      expanded += is_counted ? "\\s" : "\\s+";
    } else {
      if (c == '[') in_brackets = true;
      if (c == ']') in_brackets = false;
      expanded += c;
    }
  }
  return expanded;
}

std::string without_counts(std::string_view expanded) {
  std::string uncounted;
  bool in_brackets = false;
  for (std::size_t i = 0; i < expanded.size(); ++i) {
    const char c = expanded[i];
    const bool is_count = c == '{' && !in_brackets && i + 1 < expanded.size() && is_digit(expanded[i + 1]);
    const std::size_t end = is_count ? expanded.find('}', i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      uncounted += expanded[i + 1] == '0' ? '*' : '+';
      i = end;
    } else if (c == '\\') {
      const bool is_number = expanded.substr(i).starts_with("\\x{");  // "\x{2019}"
      const std::string_view escape = expanded.substr(i, is_number ? expanded.find('}', i) - i + 1 : 2);
      uncounted += escape;
      i += escape.size() - 1;
    } else {
      if (c == '[' || c == ']') in_brackets = c == '[';
      uncounted += c;
    }
  }
  return uncounted;
}

bool tells_digits_apart(std::string_view pattern) {
  bool in_brackets = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (i + 1 < pattern.size() && is_digit(pattern[i + 1])) return true;
      ++i;
    } else if (c == '{' && !in_brackets) {
      i = std::min(pattern.find('}', i), pattern.size() - 1);
    } else if (in_brackets && pattern.substr(i, 3) == "0-9") {
      i += 2;
    } else if (is_digit(c)) {
      return true;
    } else if (c == '[' || c == ']') {
      in_brackets = c == '[';
    }
  }
  return false;
}

}  // namespace varve
