#include "world/reading.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace varve {

Missing to_missing(LookFailure failure) {
  switch (failure) {
    case LookFailure::absent:
      return Missing::absent;
    case LookFailure::denied:
      return Missing::denied;
    case LookFailure::unreadable:
      return Missing::unreadable;
  }
  return Missing::unreadable;
}

Looked<std::string> read_value(const Files& files, const std::string& path) {
  Looked<std::string> text = files.read(path, std::size_t{64} << 10);
  if (!text) return text;
  *text = clean_utf8(trim(*text));
  if (text->empty()) return {std::nullopt, LookFailure::absent, "the file is empty"};
  return text;
}

Fact value_fact(const Files& files, const std::string& path, std::string_view absent_detail) {
  const Looked<std::string> text = read_value(files, path);
  return text ? known_fact(*text, path) : missing_because(text, path, absent_detail);
}

Fact integer_fact(const Files& files, const std::string& path, std::string_view absent_detail) {
  const Looked<std::string> text = read_value(files, path);
  if (!text) return missing_because(text, path, absent_detail);
  const std::optional<std::int64_t> number = parse_integer(*text);
  return number ? known_fact(*number, path) : missing_fact(Missing::unreadable, path, "not a number: " + *text);
}

Looked<std::string> read_start(const Files& files, const std::string& path, std::size_t bytes) {
  const Looked<FileReader> file = files.open(path);
  if (!file) return {std::nullopt, file.failure, file.detail};
  std::optional<std::string> text = file->start(0, bytes);
  if (!text) return {std::nullopt, LookFailure::unreadable, "cannot be read"};
  return {std::move(*text), {}, {}};
}

std::optional<std::string_view> find_field(std::string_view text, std::string_view name, char separator) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const std::size_t at = line.find(separator);
    if (at != std::string_view::npos && trim(line.substr(0, at)) == name) return trim(line.substr(at + 1));
    begin = end + 1;
  }
  return std::nullopt;
}

namespace {
struct Range {
  std::int64_t first, last;
};

std::optional<Range> parse_range(std::string_view piece) {
  const std::size_t dash = piece.find('-');
  const auto first = parse_integer(trim(piece.substr(0, dash)));
  const auto last = dash == std::string_view::npos ? first : parse_integer(trim(piece.substr(dash + 1)));
  if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
  return Range{*first, *last};
}
}  // namespace

std::optional<std::int64_t> count_list(std::string_view list) {
  std::int64_t count = 0;
  for (const std::string_view piece : split(trim(list), ',')) {
    const std::optional<Range> range = parse_range(piece);
    if (!range) return std::nullopt;
    count += range->last - range->first + 1;
  }
  return count;
}

std::optional<std::int64_t> first_of_list(std::string_view list) {
  const std::vector<std::string_view> pieces = split(trim(list), ',');
  if (pieces.empty()) return std::nullopt;
  const std::optional<Range> range = parse_range(pieces.front());
  return range ? std::optional(range->first) : std::nullopt;
}

std::string decode_octal(std::string_view text) {
  const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && digit(i + 1) && text[i + 1] <= '3' && digit(i + 2) && digit(i + 3)) {
      decoded += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace varve
