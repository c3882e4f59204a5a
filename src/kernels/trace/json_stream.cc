#include "kernels/trace/json_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kJsonBlock = std::size_t{1} << 18;
constexpr std::size_t kLongestJsonText = std::size_t{1} << 26;
constexpr std::size_t kDeepestJson = 10'000'000;

bool is_json_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ',' || c == ':'; }

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// The four hexadecimal digits at the beginning; -1: there are none.
std::int64_t unit_from(std::string_view text) {
  if (text.size() < 4) return -1;
  return parse_integer(text.substr(0, 4), 16).value_or(-1);
}
}  // namespace

bool JsonStream::fill() {
  if (!status_) return false;
  // What is behind the current token moves to the front.
  buffer_.erase(0, token_);
  base_ += token_;
  from_ -= token_;
  token_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + std::max(kJsonBlock, before));
  const auto got = input_.read(std::as_writable_bytes(std::span(buffer_)).subspan(before));
  buffer_.resize(before + (got ? *got : 0));
  if (!got) status_ = got.error();
  return buffer_.size() > before;
}

JsonToken JsonStream::next() {
  if (is_damaged_) return JsonToken::damaged;
  while (true) {
    while (from_ < buffer_.size() && is_json_blank(buffer_[from_])) {
      if (buffer_[from_] == ',') wants_key_ = !is_object_.empty() && is_object_.back();
      ++from_;
    }
    token_ = from_;
    if (from_ < buffer_.size()) break;
    if (fill()) continue;
    is_damaged_ = !is_object_.empty() || !status_;
    return is_damaged_ ? JsonToken::damaged : JsonToken::end;
  }
  switch (buffer_[from_]) {
    case '{':
      return opened(true);
    case '[':
      return opened(false);
    case '}':
      return closed(true);
    case ']':
      return closed(false);
    case '"': {
      const bool is_key = wants_key_;
      wants_key_ = false;
      if (take_text()) return is_key ? JsonToken::key : JsonToken::text;
      is_damaged_ = true;
      return JsonToken::damaged;
    }
    default:
      take_word();
      is_damaged_ = text_.empty() || wants_key_;
      return is_damaged_ ? JsonToken::damaged : JsonToken::number;
  }
}

JsonToken JsonStream::opened(bool is_object) {
  if (is_object_.size() >= kDeepestJson || wants_key_) {
    is_damaged_ = true;
    return JsonToken::damaged;
  }
  ++from_;
  is_object_.push_back(is_object);
  wants_key_ = is_object;
  return is_object ? JsonToken::object : JsonToken::array;
}

JsonToken JsonStream::closed(bool is_object) {
  if (is_object_.empty() || is_object_.back() != is_object) {
    is_damaged_ = true;
    return JsonToken::damaged;
  }
  ++from_;
  is_object_.pop_back();
  wants_key_ = false;
  return is_object ? JsonToken::end_object : JsonToken::end_array;
}

bool JsonStream::take_text() {
  bool has_escapes = false;
  std::size_t at = 1;  // from token_ on
  while (true) {
    const std::size_t found = buffer_.find_first_of("\"\\", token_ + at);
    if (found == std::string::npos || (buffer_[found] == '\\' && found + 1 >= buffer_.size())) {
      at = found == std::string::npos ? buffer_.size() - token_ : found - token_;
      if (at > kLongestJsonText || !fill()) return false;
      continue;
    }
    at = found - token_;
    if (buffer_[found] == '"') break;
    has_escapes = true;
    at += 2;
  }
  const std::string_view raw = std::string_view(buffer_).substr(token_ + 1, at - 1);
  from_ = token_ + at + 1;
  text_ = raw;
  if (has_escapes) unescape(raw);
  return true;
}

void JsonStream::unescape(std::string_view raw) {
  static constexpr std::string_view kLetters = "nrtbf", kMeanings = "\n\r\t\b\f";
  unescaped_.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 >= raw.size()) {
      unescaped_ += raw[i];
      continue;
    }
    const char letter = raw[++i];
    const std::size_t known = kLetters.find(letter);
    if (letter != 'u') {
      unescaped_ += known == std::string_view::npos ? letter : kMeanings[known];
      continue;
    }
    std::int64_t unit = unit_from(raw.substr(i + 1));
    if (unit < 0) continue;
    i += 4;
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    if (is_high && raw.substr(i + 1).starts_with("\\u")) {
      const std::int64_t low = unit_from(raw.substr(i + 3));
      if (low >= 0xdc00 && low < 0xe000) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      }
    }
    const bool is_half = unit >= 0xd800 && unit < 0xe000;
    append_utf8(unescaped_, is_half ? 0xfffd : static_cast<std::uint32_t>(unit));
  }
  text_ = unescaped_;
}

void JsonStream::take_word() {
  static constexpr std::string_view kEnds = " \n\r\t,:{}[]\"";
  std::size_t at = 0;
  while (true) {
    const std::size_t found = buffer_.find_first_of(kEnds, token_ + at);
    if (found != std::string::npos) {
      at = found - token_;
      break;
    }
    at = buffer_.size() - token_;
    if (at > kJsonBlock || !fill()) break;
  }
  from_ = token_ + at;
  text_ = std::string_view(buffer_).substr(token_, at > kJsonBlock ? 0 : at);
}

bool JsonStream::skip() {
  const std::size_t outside = depth() - 1;
  while (depth() > outside) {
    if (next() == JsonToken::damaged) return false;
  }
  return true;
}

bool take_object(JsonStream& stream, std::span<const JsonWish> wishes) {
  constexpr std::size_t kDeepestWish = 16;
  struct Open {
    std::size_t before_key = 0, path = 0;
  };
  const std::size_t outside = stream.depth() - 1;
  std::string path;
  std::size_t before_key = 0;  // where in the path the next key goes
  std::vector<Open> open;
  while (true) {
    const JsonToken token = stream.next();
    switch (token) {
      case JsonToken::key:
        path.resize(before_key);
        if (!path.empty()) path += '.';
        path += stream.text();
        break;
      case JsonToken::object:
      case JsonToken::array:
        if (open.size() >= kDeepestWish) {
          if (!stream.skip()) return false;
          break;
        }
        open.push_back({before_key, path.size()});
        if (token == JsonToken::array) path += "[]";
        before_key = path.size();
        break;
      case JsonToken::end_object:
      case JsonToken::end_array:
        if (stream.depth() == outside) return true;
        before_key = open.back().before_key;
        path.resize(open.back().path);
        open.pop_back();
        break;
      case JsonToken::text:
      case JsonToken::number:
        for (const JsonWish& wish : wishes) {
          if (wish.path != path) continue;
          if (wish.text != nullptr) *wish.text = stream.text();
          if (wish.number != nullptr) *wish.number = parse_integer(stream.text()).value_or(*wish.number);
        }
        break;
      case JsonToken::end:
      case JsonToken::damaged:
        return false;
    }
  }
}

}  // namespace varve
