#include "disclosure/people/written_values.h"

#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/people/written_keys.h"

namespace varve {

void replace_all(std::string& text, std::string_view mark, std::string_view other) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + other.size())) {
    text.replace(at, mark.size(), other);
  }
}

std::string with_plain_marks(std::string_view value) {
  std::string text(value);
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return text;
  for (const std::string_view sign : {"®", "™"}) replace_all(text, sign, "");
  for (const std::string_view comma : {"，", "、", "；"}) replace_all(text, comma, ", ");
  return text;
}

std::string_view tensorflow_release(std::string_view value) {
  // As Python prints a tuple: ('v1.2.0-rc2-21-g12f033d', '1.2.0').
  if (value.starts_with('(') && value.ends_with(')') && has(value, ", ")) {
    return without_marks_around(value.substr(value.rfind(", ") + 2, value.size() - value.rfind(", ") - 3));
  }
  if (value.starts_with('v') && has(value, "-g")) {
    const std::size_t blank = value.find(' ');
    const std::string_view rest = blank == std::string_view::npos ? value.substr(1) : trim(value.substr(blank));
    return up_to(rest, "-");
  }
  for (const std::string_view start : {"tensorflow", "tf"}) {
    if (to_lower(value.substr(0, start.size())) != start) continue;
    const std::string_view rest = trim(value.substr(start.size()));
    if (leading_version(rest).find('.') != std::string_view::npos) return rest;
  }
  return value;
}

std::string_view plain_value(std::string_view value) {
  for (const std::string_view start : {"[e.g", "(e.g", "e.g", "<", "[please", "i.e"}) {
    if (value.starts_with(start)) return {};
  }
  if (!value.starts_with('[')) return value;
  const std::size_t link = value.find("](");
  if (link != std::string_view::npos) return value.substr(1, link - 1);
  const bool is_all = value.ends_with(']') && value.find(']') + 1 == value.size() && has(value, " ");
  return is_all ? value.substr(1, value.size() - 2) : value;
}

std::string_view driver_of_piece(std::string_view piece) {
  const std::size_t blank = piece.rfind(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view version = leading_version(piece.substr(blank + 1));
  if (version.size() != piece.size() - blank - 1) return {};
  std::string key = to_lower(piece.substr(0, blank));
  for (const std::string_view start : {"with ", "on ", "using "}) {
    if (key.starts_with(start)) key.erase(0, start.size());
  }
  return meaning_of_key(plain_key(key)) == WrittenMeaning::driver ? version : std::string_view();
}

std::string python_of_piece(std::string_view piece) {
  if (to_lower(piece.substr(0, 6)) != "python") return {};
  const std::string_view version = trim(piece.substr(6));
  return leading_version(version) == version && version.starts_with("3.") ? std::string(version) : std::string();
}

std::vector<std::string_view> pairs_of_line(std::string_view text) {
  constexpr std::size_t kMostPairs = 12;
  std::vector<std::string_view> pairs;
  while (!text.empty() && pairs.size() < kMostPairs) {
    std::size_t end = text.size(), next = text.size();
    for (const std::string_view mark : {"，", "；", ", ", "; "}) {
      const std::size_t at = text.find(mark);
      if (at >= end) continue;
      end = at;
      next = at + mark.size();
    }
    const std::string_view pair = trim(text.substr(0, end));
    if (!has(pair, ":") && !has(pair, "：")) return {};
    pairs.push_back(pair);
    text.remove_prefix(next);
  }
  return pairs.size() > 1 ? pairs : std::vector<std::string_view>();
}

bool ForeignLists::covers(std::string_view text) {
  const bool is_heading = text.starts_with('#') || (text.starts_with("**") && text.size() < 64 && text.ends_with("**"));
  if (is_heading) {
    const std::string lower = to_lower(text);
    is_required_ = has(lower, "requirement") || has(lower, "prerequisite") || has(lower, "supported ");
    is_quoted_list_ = false;
    return false;
  }
  const char first = text.front();
  const bool is_item = first == '-' || first == '*' || first == '+' || is_digit(first) || first == ' ';
  if (!is_item) {
    is_quoted_list_ = false;
    if (text.ends_with(':')) {
      const std::string lower = to_lower(text);
      is_quoted_list_ =
          has(lower, "saw your") || has(lower, "your readme") || has(lower, "your software environment is");
    }
  }
  return is_required_ || is_quoted_list_;
}
}  // namespace varve
