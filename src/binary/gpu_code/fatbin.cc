#include "binary/gpu_code/fatbin.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/text.h"

namespace varve {
namespace {

constexpr std::uint32_t kMostHeaderSize = 65536;  // 64 to 144 were seen, more with long option strings or an index
constexpr std::uint32_t kMostArchitecture = 999;  // 120 is 12.0
constexpr std::size_t kMostEntries = 65536;       // of one region; a few dozen were seen
constexpr std::uint64_t kMostPadding = 4096;      // between two regions; none was seen
constexpr std::size_t kStep = 128;                // a region header, the first entry's and what else comes with a read

enum StoredKind : std::uint16_t {
  stored_ptx = 1,
  stored_cubin = 2,
  stored_old_cubin = 4,
  stored_lto = 8,
  stored_several = 256
};
constexpr std::uint16_t kEntryVersion = 0x0101;  // of every entry seen

template <class T>
T value_at(const std::byte* bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof value);
  return value;
}

CodeKind kind_of(std::uint16_t stored) {
  switch (stored) {
    case stored_ptx:
      return CodeKind::ptx;
    case stored_cubin:
    case stored_old_cubin:
      return CodeKind::sass;
    case stored_lto:
      return CodeKind::lto_ir;
    default:
      return CodeKind::other;
  }
}

CodeCodec codec_of(std::uint64_t flags, std::uint32_t compressed_size) {
  if (flags & fatbin_flags::kLtoCompression) return CodeCodec::lto;
  if (flags & fatbin_flags::kZstd) return CodeCodec::zstd;
  if (flags & fatbin_flags::kLz4) return CodeCodec::lz4;
  if (flags & fatbin_flags::kOldCompression || compressed_size != 0) return CodeCodec::old;
  return CodeCodec::none;
}

// What an entry's header says of the code itself: `bytes` holds kEntryHeaderSize of them. False: no architecture is
// that.
bool describe(const std::byte* bytes, FatbinEntry& entry) {
  entry.kind = value_at<std::uint16_t>(bytes, 0);
  const auto minor = value_at<std::uint16_t>(bytes, 0x18), major = value_at<std::uint16_t>(bytes, 0x1a);
  const auto architecture = value_at<std::uint32_t>(bytes, 0x1c);
  const auto flags = value_at<std::uint64_t>(bytes, 0x28);
  if (architecture > kMostArchitecture) return false;
  entry.target = {kind_of(entry.kind), {static_cast<int>(architecture / 10), static_cast<int>(architecture % 10)}};
  if (flags & fatbin_flags::kArchitectureSpecific) entry.target.variant = 'a';
  if (flags & fatbin_flags::kFamilySpecific) entry.target.variant = 'f';
  if (entry.target.kind == CodeKind::ptx) {
    entry.target.isa_major = major;
    entry.target.isa_minor = minor;
  }
  return true;
}

std::uint64_t align8(std::uint64_t value) { return (value + 7) / 8 * 8; }

}  // namespace

std::string_view to_string(CodeCodec codec) {
  switch (codec) {
    case CodeCodec::none:
      return "none";
    case CodeCodec::lz4:
      return "lz4";
    case CodeCodec::zstd:
      return "zstd";
    case CodeCodec::old:
      return "old";
    case CodeCodec::lto:
      return "lto";
  }
  return "none";
}

bool is_fatbin_magic(const std::byte* bytes) { return value_at<std::uint64_t>(bytes, 0) == kFatbinMagic; }

std::string source_name(const FileReader& file, const FatbinEntry& entry) {
  if (entry.name_size == 0 || entry.name_offset > entry.header_size ||
      entry.name_size > entry.header_size - entry.name_offset) {
    return "";
  }
  std::string name(entry.name_size, '\0');
  if (!file.read(entry.offset + entry.name_offset, std::as_writable_bytes(std::span(name)))) return "";
  return clean_utf8(name.substr(0, name.find('\0')));
}

FatbinWalk::FatbinWalk(const FileReader& file, std::uint64_t begin, std::uint64_t end)
    : file_(file), position_(begin), end_(std::min(end, file.size())) {
  position_ = std::min(position_, end_);
}

const std::byte* FatbinWalk::peek(std::uint64_t offset, std::size_t length) {
  if (offset > end_ || length > end_ - offset) return nullptr;
  if (offset >= window_begin_ && offset - window_begin_ <= window_size_ &&
      length <= window_size_ - (offset - window_begin_)) {
    return window_ + (offset - window_begin_);
  }
  window_begin_ = offset;
  window_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(kStep, length), end_ - offset));
  if (!file_.read(offset, std::span(window_, window_size_))) {
    window_size_ = 0;
    return nullptr;
  }
  return window_;
}

// Zeroes up to the next region; true when one begins at the position.
bool FatbinWalk::skip_padding() {
  for (std::uint64_t skipped = 0; skipped <= kMostPadding; skipped += 8, position_ += 8) {
    const std::byte* bytes = peek(position_, kRegionHeaderSize);
    if (!bytes) return false;
    const auto magic = value_at<std::uint64_t>(bytes, 0);
    if ((magic & 0xffff'ffff) == (kFatbinMagic & 0xffff'ffff)) return true;
    if (magic != 0) return false;
  }
  return false;
}

bool FatbinWalk::read_entry(std::uint64_t offset, std::uint64_t left, FatbinEntry& entry) {
  const std::byte* bytes = peek(offset, kEntryHeaderSize);
  if (!bytes || !describe(bytes, entry)) return false;
  entry.offset = offset;
  entry.header_size = value_at<std::uint32_t>(bytes, 0x04);
  entry.payload_size = value_at<std::uint64_t>(bytes, 0x08);
  entry.compressed_size = value_at<std::uint32_t>(bytes, 0x10);
  entry.name_offset = value_at<std::uint32_t>(bytes, 0x20);
  entry.name_size = value_at<std::uint32_t>(bytes, 0x24);
  entry.raw_size = value_at<std::uint64_t>(bytes, 0x38);
  entry.codec = codec_of(value_at<std::uint64_t>(bytes, 0x28), entry.compressed_size);
  return entry.header_size >= kEntryHeaderSize && entry.header_size <= kMostHeaderSize && entry.header_size % 8 == 0 &&
         entry.header_size <= left && entry.payload_size <= left - entry.header_size &&
         entry.compressed_size <= entry.payload_size;
}

// The entries that were compressed together. False when the index does not hold as many as it says.
bool FatbinWalk::add_parts(const FatbinEntry& whole, FatbinRegion& region) {
  constexpr std::size_t kIndexHeader = 8;
  index_.resize(whole.header_size - kEntryHeaderSize);
  if (index_.size() < kIndexHeader || !file_.read(whole.offset + kEntryHeaderSize, index_)) return false;
  const auto count = value_at<std::uint32_t>(index_.data(), 0);
  std::uint64_t code = 0;  // where the next part's begins
  std::uint32_t found = 0;
  for (std::size_t at = kIndexHeader; found < count && at + kEntryHeaderSize <= index_.size();) {
    const std::byte* bytes = index_.data() + at;
    FatbinEntry part = whole;
    part.part = true;
    part.part_offset = value_at<std::uint32_t>(bytes, 0x04);
    part.part_size = value_at<std::uint64_t>(bytes, 0x08);
    if (value_at<std::uint16_t>(bytes, 2) != kEntryVersion || part.part_offset != code ||
        part.part_size > whole.raw_size - code || !describe(bytes, part) || part.target.kind == CodeKind::other) {
      at += 8;
      continue;
    }
    part.name_offset = static_cast<std::uint32_t>(kEntryHeaderSize + at) + value_at<std::uint32_t>(bytes, 0x20);
    part.name_size = value_at<std::uint32_t>(bytes, 0x24);
    region.entries.push_back(part);
    code = std::min(align8(code + part.part_size), whole.raw_size);
    at += kEntryHeaderSize;
    ++found;
  }
  return found == count;
}

bool FatbinWalk::next(FatbinRegion& region) {
  if (!skip_padding()) return false;
  const std::byte* bytes = peek(position_, kRegionHeaderSize);
  const auto header_size = value_at<std::uint16_t>(bytes, 6);
  const auto size = value_at<std::uint64_t>(bytes, 8);
  const std::uint64_t left = end_ - position_;
  if (header_size < kRegionHeaderSize || header_size % 8 != 0 || header_size > left) return false;

  region.offset = position_;
  region.damaged = size > left - header_size;
  region.size = region.damaged ? left : header_size + size;
  region.entries.clear();
  std::uint64_t at = position_ + header_size;
  const std::uint64_t region_end = position_ + region.size;
  while (region_end - at >= kEntryHeaderSize) {
    FatbinEntry entry;
    if (region.entries.size() >= kMostEntries || !read_entry(at, region_end - at, entry)) {
      region.damaged = true;
      break;
    }
    if (entry.kind != stored_several) {
      region.entries.push_back(entry);
    } else if (!add_parts(entry, region)) {
      region.damaged = true;
    }
    at += entry.header_size + entry.payload_size;
  }
  position_ = std::min(position_ + align8(region.size), end_);
  return true;
}

}  // namespace varve
