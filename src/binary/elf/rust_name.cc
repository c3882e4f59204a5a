#include "binary/elf/rust_name.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
    {"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"}, {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","},
};

// What stands between two dollar signs; empty: nothing that is known.
std::string escaped(std::string_view word) {
  for (const auto& [name, text] : kEscapes) {
    if (word == name) return std::string(text);
  }
  unsigned letter = 0;
  if (!word.starts_with('u')) return "";
  const auto [end, problem] = std::from_chars(word.data() + 1, word.data() + word.size(), letter, 16);
  const bool is_plain = problem == std::errc() && end == word.data() + word.size() && letter >= 0x20 && letter < 0x7f;
  return is_plain ? std::string(1, static_cast<char>(letter)) : "";
}

std::string part_as_written(std::string_view part) {
  if (part.starts_with("_$")) part.remove_prefix(1);  // an identifier does not begin with a dollar sign
  std::string text;
  while (!part.empty()) {
    const std::size_t end = part[0] == '$' ? part.find('$', 1) : std::string_view::npos;
    const std::string special = end == std::string_view::npos ? "" : escaped(part.substr(1, end - 1));
    if (!special.empty()) {
      text += special;
      part.remove_prefix(end + 1);
    } else if (part.starts_with("..")) {
      text += "::";
      part.remove_prefix(2);
    } else {
      text += part[0];
      part.remove_prefix(1);
    }
  }
  return text;
}

bool is_hash(std::string_view part) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return part.size() == 17 && part[0] == 'h' && part.find_first_not_of(kDigits, 1) == std::string_view::npos;
}
}  // namespace

std::optional<std::string> rust_name(std::string_view symbol) {
  if (!symbol.starts_with("_ZN")) return std::nullopt;
  symbol.remove_prefix(3);
  std::vector<std::string_view> parts;
  while (!symbol.empty() && symbol[0] >= '1' && symbol[0] <= '9') {
    std::size_t length = 0;
    const auto [end, problem] = std::from_chars(symbol.data(), symbol.data() + symbol.size(), length);
    symbol.remove_prefix(static_cast<std::size_t>(end - symbol.data()));
    if (problem != std::errc() || length > symbol.size()) return std::nullopt;
    parts.push_back(symbol.substr(0, length));
    symbol.remove_prefix(length);
  }
  if (parts.size() < 2 || !is_hash(parts.back()) || !symbol.starts_with('E')) return std::nullopt;
  if (symbol.size() > 1 && symbol[1] != '.') return std::nullopt;  // arguments: C++; ".llvm.123" may follow
  parts.pop_back();
  std::vector<std::string> written;
  std::transform(parts.begin(), parts.end(), std::back_inserter(written), part_as_written);
  return join(written, "::");
}

}  // namespace varve
