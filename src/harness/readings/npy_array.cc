#include "harness/readings/npy_array.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::string_view kNpyMagic = "\x93NUMPY";

// What stands behind 'key': in the header's dictionary, up to the comma that ends it.
std::string_view npy_header_value(std::string_view header, std::string_view key) {
  const std::size_t at = header.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size() + 2);
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return {};
  rest = trim(rest.substr(colon + 1));
  if (rest.starts_with('(')) return rest.substr(0, rest.find(')') + 1);
  return trim(rest.substr(0, rest.find_first_of(",}")));
}

// The number of values of "(3, 4)"; 1 of "()".
std::optional<std::uint64_t> npy_count(std::string_view shape) {
  if (shape.size() < 2 || shape.front() != '(' || shape.back() != ')') return std::nullopt;
  std::uint64_t count = 1;
  for (const std::string_view part : split(shape.substr(1, shape.size() - 2), ',')) {
    if (trim(part).empty()) continue;
    const std::optional<std::int64_t> extent = parse_integer(trim(part));
    if (!extent || *extent < 0) return std::nullopt;
    if (*extent > 0 && count > (std::uint64_t{1} << 40) / static_cast<std::uint64_t>(*extent)) return std::nullopt;
    count *= static_cast<std::uint64_t>(*extent);
  }
  return count;
}

double half_value(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction != 0 ? std::nan("") : INFINITY;
  } else {
    value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

double npy_value(char kind, std::size_t size, std::uint64_t bits) {
  if (kind == 'f' && size == 8) return std::bit_cast<double>(bits);
  if (kind == 'f' && size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  if (kind == 'f') return half_value(static_cast<std::uint16_t>(bits));
  if (kind != 'i') return static_cast<double>(bits);
  const unsigned shift = static_cast<unsigned>(64 - 8 * size);
  return static_cast<double>(static_cast<std::int64_t>(bits << shift) >> shift);
}

bool is_known_npy_type(char kind, std::size_t size) {
  if (kind == 'f') return size == 2 || size == 4 || size == 8;
  if (kind == 'b') return size == 1;
  return (kind == 'i' || kind == 'u') && (size == 1 || size == 2 || size == 4 || size == 8);
}
}  // namespace

bool is_npy(std::string_view bytes) { return bytes.starts_with(kNpyMagic); }

std::optional<NpyArray> read_npy(std::string_view bytes) {
  if (!is_npy(bytes) || bytes.size() < 12) return std::nullopt;
  const auto byte_at = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const bool short_length = byte_at(6) == 1;
  std::size_t length = byte_at(8) | static_cast<std::size_t>(byte_at(9)) << 8;
  if (!short_length)
    length |= static_cast<std::size_t>(byte_at(10)) << 16 | static_cast<std::size_t>(byte_at(11)) << 24;
  const std::size_t start = short_length ? 10 : 12;
  if (length > bytes.size() - start) return std::nullopt;
  const std::string_view header = bytes.substr(start, length);
  const std::string_view data = bytes.substr(start + length);

  std::string_view type = npy_header_value(header, "descr");
  if (type.size() < 5 || type.front() != '\'' || type.back() != '\'') return std::nullopt;
  type = type.substr(1, type.size() - 2);
  const std::optional<std::int64_t> size = parse_integer(type.substr(2));
  const std::optional<std::uint64_t> count = npy_count(npy_header_value(header, "shape"));
  if (!size || !count || *size <= 0 || *size > 8) return std::nullopt;
  const auto width = static_cast<std::size_t>(*size);
  if (!is_known_npy_type(type[1], width) || data.size() % width != 0 || data.size() / width != *count)
    return std::nullopt;

  NpyArray array{std::string(type), std::string(npy_header_value(header, "shape")), {}};
  if (npy_header_value(header, "fortran_order") == "True") array.shape += " in Fortran's order";
  array.values.reserve(data.size() / width);
  const bool big = type[0] == '>';
  for (std::size_t at = 0; at < data.size(); at += width) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(data[at + (big ? width - 1 - i : i)]));
      bits |= byte << (8 * i);
    }
    array.values.push_back(npy_value(type[1], width, bits));
  }
  return array;
}

}  // namespace varve
