#include "archive/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMaxExtension = std::uint64_t{1} << 20;  // of pax records or a long name; Go's limit too
constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();
constexpr int kMaxSparseBlocks = 1 << 16;  // 21 entries of a sparse map each
constexpr int kMaxExtensionsInARow = 16;   // ahead of one member

using Block = std::array<std::byte, kBlock>;

std::string_view field(std::span<const std::byte> header, std::size_t offset, std::size_t size) {
  return {reinterpret_cast<const char*>(header.data()) + offset, size};
}

// Up to the first zero byte; a field that is full has none.
std::string_view text_field(std::span<const std::byte> header, std::size_t offset, std::size_t size) {
  const std::string_view text = field(header, offset, size);
  return text.substr(0, text.find('\0'));
}

// Octal digits between blanks and zero bytes, or base 256: the first bit set, then a big-endian number (GNU). Nothing
// when it is neither, negative or does not fit into 63 bits.
std::optional<std::uint64_t> number_field(std::string_view text) {
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(text[0]) & 0x80) != 0) {
    if ((static_cast<unsigned char>(text[0]) & 0x40) != 0) return std::nullopt;  // negative
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(i == 0 ? text[i] & 0x7f : text[i]);
      if (value > (kMaxOffset >> 8)) return std::nullopt;
      value = (value << 8) | byte;
    }
    return value;
  }
  const std::size_t begin = text.find_first_not_of(std::string_view(" \0", 2));
  if (begin == std::string_view::npos) return 0;
  text.remove_prefix(begin);
  text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  for (const char digit : text) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(digit - '0');  // at most 12 digits: 36 bits
  }
  return value;
}

// The sum of all bytes with the field itself as blanks. Old writers summed signed bytes.
bool sum_is_right(std::span<const std::byte> header) {
  const std::optional<std::uint64_t> stated = number_field(field(header, 148, 8));
  if (!stated) return false;
  std::int64_t as_unsigned = 0;
  std::int64_t as_signed = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::byte value = i >= 148 && i < 156 ? std::byte{' '} : header[i];
    as_unsigned += std::to_integer<unsigned char>(value);
    as_signed += static_cast<signed char>(value);
  }
  const auto sum = static_cast<std::int64_t>(*stated);
  return sum == as_unsigned || sum == as_signed;
}

bool is_zero(std::span<const std::byte> block) {
  return std::all_of(block.begin(), block.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

TarKind kind_of(char type, const std::string& name) {
  switch (type) {
    case '\0':  // V7 marks a directory by its name
      return name.ends_with('/') ? TarKind::directory : TarKind::file;
    case '0':
    case '7':  // "contiguous"
      return TarKind::file;
    case '1':
      return TarKind::hard_link;
    case '2':
      return TarKind::link;
    case '3':
      return TarKind::character_device;
    case '4':
      return TarKind::block_device;
    case '5':
      return TarKind::directory;
    case '6':
      return TarKind::fifo;
    case 'S':
      return TarKind::sparse;
    default:
      return TarKind::other;
  }
}

// Links, directories, devices and FIFOs have no content, whatever size they state.
bool may_have_content(TarKind kind) {
  return kind == TarKind::file || kind == TarKind::sparse || kind == TarKind::other;
}

std::string name_of(std::span<const std::byte> header) {
  std::string name(text_field(header, 0, 100));
  if (field(header, 257, 6) != std::string_view("ustar\0", 6)) return name;
  const std::string_view prefix = text_field(header, 345, 155);
  return prefix.empty() ? name : fmt::format("{}/{}", prefix, name);
}
}  // namespace

struct TarReader::Extensions {
  std::optional<std::string> name, link;          // of pax, which wins over
  std::optional<std::string> gnu_name, gnu_link;  // those of GNU
  std::optional<std::uint64_t> size;
  bool sparse = false;

  // Records "LENGTH KEY=VALUE\n", LENGTH counting itself. False when the text is none.
  bool read_pax(std::string_view text) {
    while (!text.empty()) {
      const std::size_t blank = text.find(' ');
      if (blank == std::string_view::npos) return false;
      const std::optional<std::int64_t> length = parse_integer(text.substr(0, blank));
      if (!length || *length <= static_cast<std::int64_t>(blank) + 1) return false;
      if (static_cast<std::uint64_t>(*length) > text.size()) return false;
      std::string_view record = text.substr(0, static_cast<std::size_t>(*length));
      text.remove_prefix(record.size());
      record.remove_prefix(blank + 1);
      const std::size_t equals = record.find('=');
      if (!record.ends_with('\n') || equals == std::string_view::npos) return false;
      if (!take(record.substr(0, equals), record.substr(equals + 1, record.size() - equals - 2))) return false;
    }
    return true;
  }

  bool take(std::string_view key, std::string_view value) {
    if (key.starts_with("GNU.sparse.")) sparse = true;
    if (key == "path" || key == "linkpath") {
      if (value.find('\0') != std::string_view::npos) return false;
      std::optional<std::string>& target = key == "path" ? name : link;
      target.reset();
      if (!value.empty()) target = std::string(value);  // an empty value takes back what was said
    }
    if (key == "size") {
      const std::optional<std::int64_t> number = parse_integer(value);
      if (!number || *number < 0) return false;
      size = static_cast<std::uint64_t>(*number);
    }
    return true;
  }
};

Error TarReader::failure(std::string found, std::string hint) const {
  return {"reading an archive", fmt::format("{}, byte {}", where_, position_), std::move(found), std::move(hint)};
}

// False at the end of the stream; a block that is not whole is an error.
Result<bool> TarReader::read_block(std::span<std::byte> block) {
  std::size_t done = 0;
  while (done < block.size()) {
    const Result<std::span<const std::byte>> piece = stream_.next(block.size() - done);
    if (!piece) return piece.error();
    if (piece->empty()) break;
    std::copy(piece->begin(), piece->end(), block.begin() + static_cast<std::ptrdiff_t>(done));
    done += piece->size();
  }
  if (done == 0) return false;
  if (done < block.size()) return failure("the archive ends inside a header", "The file may be truncated");
  position_ += done;
  return true;
}

// False at the end of the archive: two zero blocks, one and the end of the file, or only that.
Result<bool> TarReader::read_header(std::span<std::byte> header) {
  Result<bool> found = read_block(header);
  if (!found || !*found) return found;
  if (is_zero(header)) {
    end_mark_ = true;
    found = read_block(header);
    if (!found || !*found) return found;
    if (is_zero(header)) return false;
    return failure("a zero block is followed by data", "The file may be damaged");
  }
  if (sum_is_right(header)) return true;
  position_ -= kBlock;
  return failure("this is not the header of an archive's member", "Is it a tar archive? It may be damaged");
}

Status TarReader::pass_over(std::uint64_t size) {
  const Result<std::uint64_t> passed = stream_.skip(size);
  if (!passed) return passed.error();
  position_ += *passed;
  if (*passed < size) return failure("the archive ends inside a member", "The file may be truncated");
  return Done{};
}

Status TarReader::pass_over_rest() {
  const std::uint64_t left = left_;
  const std::uint64_t padding = padding_;
  left_ = padding_ = 0;
  if (Status passed = pass_over(left); !passed) return passed;
  // Go forgives a last member without its padding, and so do we.
  const Result<std::uint64_t> passed = stream_.skip(padding);
  if (!passed) return passed.error();
  position_ += *passed;
  return Done{};
}

Result<std::string> TarReader::read_extension(std::uint64_t size) {
  if (size > kMaxExtension) return failure("a member's name or pax records take more than 1 MiB", "");
  std::string text;
  left_ = size;
  while (left_ > 0) {
    const Result<std::span<const std::byte>> piece = content(kMaxExtension);
    if (!piece) return piece.error();
    text.append(reinterpret_cast<const char*>(piece->data()), piece->size());
  }
  padding_ = (kBlock - size % kBlock) % kBlock;
  if (Status passed = pass_over_rest(); !passed) return passed.error();
  return text;
}

// An old GNU sparse header says in byte 482 whether blocks with more of the map follow, and each of these in byte 504.
Status TarReader::read_sparse_map(std::span<const std::byte> header) {
  Block block;
  std::byte more = field(header, 257, 6) == "ustar " ? header[482] : std::byte{0};
  for (int blocks = 0; more != std::byte{0}; more = block[504]) {
    if (++blocks > kMaxSparseBlocks) return failure("a sparse member's map is endless", "");
    const Result<bool> found = read_block(block);
    if (!found) return found.error();
    if (!*found) return failure("the archive ends inside a sparse member's map", "The file may be truncated");
  }
  return Done{};
}

Result<std::optional<TarMember>> TarReader::next() {
  if (Status passed = pass_over_rest(); !passed) return passed.error();
  Extensions said;
  for (int extensions = 0;; ++extensions) {
    Block header;
    const Result<bool> found = read_header(header);
    if (!found) return found.error();
    if (!*found && extensions > 0) return failure("long names are followed by no member", "The file may be truncated");
    if (!*found) return std::optional<TarMember>();
    if (extensions > kMaxExtensionsInARow) return failure("too many extension headers before one member", "");
    const char type = field(header, 156, 1)[0];
    const std::optional<std::uint64_t> stated = number_field(field(header, 124, 12));
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
      if (!stated) return failure("a header states no valid size", "The file may be damaged");
      Result<std::string> text = read_extension(*stated);
      if (!text) return text.error();
      if (type == 'x' && !said.read_pax(*text)) return failure("pax records are malformed", "The file may be damaged");
      text->resize(std::min(text->size(), text->find('\0')));
      if (type == 'L') said.gnu_name = std::move(*text);
      if (type == 'K') said.gnu_link = std::move(*text);
      continue;
    }
    TarMember member;
    member.name = said.name ? *said.name : said.gnu_name ? *said.gnu_name : name_of(header);
    member.link = said.link ? *said.link : said.gnu_link ? *said.gnu_link : std::string(text_field(header, 157, 100));
    member.kind = kind_of(type, member.name);
    if (member.kind == TarKind::sparse) {
      if (Status passed = read_sparse_map(header); !passed) return passed.error();
    }
    if (member.kind == TarKind::file && said.sparse) member.kind = TarKind::sparse;
    if (may_have_content(member.kind)) {
      const std::optional<std::uint64_t> size = said.size ? said.size : stated;
      if (!size || *size > kMaxOffset - kBlock - std::min(position_, kMaxOffset - kBlock)) {
        return failure("a header states no valid size", "The file may be damaged");
      }
      member.size = *size;
    }
    member.content = position_;
    left_ = member.size;
    padding_ = (kBlock - member.size % kBlock) % kBlock;
    return std::optional<TarMember>(std::move(member));
  }
}

Result<std::span<const std::byte>> TarReader::content(std::size_t cap) {
  if (left_ == 0) return std::span<const std::byte>();
  const Result<std::span<const std::byte>> piece = stream_.next(std::min<std::uint64_t>(cap, left_));
  if (!piece) return piece;
  if (piece->empty()) return failure("the archive ends inside a member", "The file may be truncated");
  left_ -= piece->size();
  position_ += piece->size();
  return piece;
}

}  // namespace varve
