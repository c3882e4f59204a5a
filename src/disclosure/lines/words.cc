#include "disclosure/lines/words.h"

#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/text_line.h"

namespace varve {

namespace {
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
}  // namespace

std::optional<std::pair<std::string_view, std::string_view>> key_and_value(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return std::pair(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
}

bool has(std::string_view text, std::string_view mark) { return text.find(mark) != std::string_view::npos; }

bool is_among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view bare_word(std::string_view word) {
  constexpr std::string_view kMarks = "()[],.;:!?\"'`*_";
  while (!word.empty() && kMarks.find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  while (!word.empty() && kMarks.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return word;
}

std::optional<std::string_view> behind(std::string_view line, std::string_view mark) {
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return line.substr(at + mark.size());
}

// The library looks each byte of the text up in `ends`; most are told by a bit to be none of them.
std::string_view up_to(std::string_view text, std::string_view ends) {
  if (ends.size() == 1) return text.substr(0, text.find(ends[0]));
  const std::uint64_t bytes = bytes_of(ends);
  const auto* const end = std::find_if(text.begin(), text.end(), [&](char c) {
    const bool may_be = (bytes >> (static_cast<unsigned char>(c) & 63U) & 1U) != 0;
    return may_be && ends.find(c) != std::string_view::npos;
  });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string_view leading_version(std::string_view text) {
  std::size_t end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos) end = text.size();
  while (end > 0 && text[end - 1] == '.') --end;
  return text.substr(0, end);
}

bool is_package_name(std::string_view text) {
  if (text.empty() || text.size() > 128 || text[0] == '-' || text[0] == '.') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_package_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  if (text.empty() || text.size() > 96 || !is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '!';
  });
}

bool is_variable_name(std::string_view text) {
  if (text.size() < 2 || text.size() > 128 || is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; });
}

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> columns;
  std::size_t at = line.find_first_not_of(" \t");
  while (at != std::string_view::npos && columns.size() < 16) {
    std::size_t end = at;
    while (end < line.size() && line[end] != '\t' &&
           !(line[end] == ' ' && end + 1 < line.size() && line[end + 1] == ' ')) {
      ++end;
    }
    columns.push_back(trim(line.substr(at, end - at)));
    at = line.find_first_not_of(" \t", end);
  }
  return columns;
}

std::optional<std::int64_t> leading_number(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return end == 0 ? std::nullopt : parse_integer(text.substr(0, end));
}

std::string kept_path(std::string_view path) {
  for (const std::string_view start :
       {"/usr/", "/lib/", "/lib64/", "/opt/cuda", "/opt/nvidia/", "/etc/alternatives/"}) {
    if (path.starts_with(start)) return clean_utf8(path, 256);
  }
  return "…/" + clean_utf8(file_name(path), 128);
}

}  // namespace varve
