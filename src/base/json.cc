#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

namespace varve {

namespace {
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr int kMaxDepth = 64;

// nlohmann's parser recurses on nothing, but its destructor and our walkers do: bound the depth before parsing.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// ECMA-262 Number::toString: shortest digits that read back, decimal up to 1e21, exponent below 1e-6.
std::string ecmascript_number(double value) {
  assert(std::isfinite(value));
  if (value == 0) return "0";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  std::string sign;
  if (text[0] == '-') {
    sign = "-";
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text[0] == '+') exponent_text.remove_prefix(1);
  int exponent = 0;
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  const int point = exponent + 1;  // digits before the decimal point
  const int count = static_cast<int>(digits.size());
  if (count <= point && point <= 21) return sign + digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (0 < point && point <= 21) return sign + digits.substr(0, point) + "." + digits.substr(point);
  if (-6 < point && point <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  const std::string mantissa = count == 1 ? digits : digits.substr(0, 1) + "." + digits.substr(1);
  return sign + mantissa + "e" + (point - 1 < 0 ? "-" : "+") + std::to_string(std::abs(point - 1));
}

// RFC 8785 section 3.2.3 sorts by UTF-16 code units, which differs from UTF-8 byte order only where a character
// beyond the basic plane meets one from U+E000 up.
std::u16string utf16(const std::string& text) {
  std::u16string units;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      point = (point << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    }
    i += length;
    if (point < 0x10000) {
      units += static_cast<char16_t>(point);
    } else {
      units += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return units;
}

// Names of files need not be UTF-8: what is not is replaced, where the library alone would throw.
std::string one_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void write_canonical(const Json& value, std::string& out) {
  if (value.is_object()) {
    std::vector<std::pair<std::u16string, const std::string*>> keys;
    for (const auto& item : value.items()) {
      const auto& key = value.find(item.key()).key();
      keys.emplace_back(utf16(key), &key);
    }
    std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i > 0) out += ',';
      out += one_line(Json(*keys[i].second));
      out += ':';
      write_canonical(value.at(*keys[i].second), out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      write_canonical(value[i], out);
    }
    out += ']';
  } else if (value.is_number()) {
    out += ecmascript_number(value.get<double>());
  } else {
    out += one_line(value);
  }
}
}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& doing, const std::string& where) {
  if (text.size() > kMaxBytes) return Error{doing, where, "it is larger than 1 GiB", "No Varve document is that large"};
  if (too_deep(text)) return Error{doing, where, fmt::format("it is nested deeper than {} levels", kMaxDepth), ""};
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    // e.byte is the position behind the last byte read; the library's own text repeats the position, so ours is short.
    const bool ended = e.byte > text.size();
    return Error{doing, fmt::format("{}, byte {}", where, std::min<std::size_t>(e.byte, text.size())),
                 ended ? "the JSON text ends too early" : "this is not JSON",
                 ended ? "The file may be truncated" : "Is it the right file?"};
  } catch (const Json::exception&) {
    return Error{doing, where, "a number is out of range", ""};
  }
}

std::string canonical_json(const Json& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

std::string pretty_json(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace varve
