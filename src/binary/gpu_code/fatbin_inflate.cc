#include "binary/gpu_code/fatbin_inflate.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

namespace varve {

struct EntryInflater::Memory {
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd{ZSTD_createDCtx(), ZSTD_freeDCtx};
  std::vector<std::byte> stored, code;

  // Both decompress `stored` into `code`: all of it, or its beginning; the bytes got.
  std::optional<std::size_t> from_zstd(bool whole);
  std::optional<std::size_t> from_lz4(bool whole);
};

std::optional<std::size_t> EntryInflater::Memory::from_zstd(bool whole) {
  if (!zstd) return std::nullopt;
  if (whole) {
    const std::size_t got = ZSTD_decompressDCtx(zstd.get(), code.data(), code.size(), stored.data(), stored.size());
    return ZSTD_isError(got) ? std::nullopt : std::optional(got);
  }
  ZSTD_DCtx_reset(zstd.get(), ZSTD_reset_session_only);
  ZSTD_inBuffer in{stored.data(), stored.size(), 0};
  ZSTD_outBuffer out{code.data(), code.size(), 0};
  for (std::size_t before = out.size + 1; out.pos < out.size && out.pos + in.pos != before;) {
    before = out.pos + in.pos;
    if (ZSTD_isError(ZSTD_decompressStream(zstd.get(), &out, &in))) return std::nullopt;
  }
  return out.pos;
}

std::optional<std::size_t> EntryInflater::Memory::from_lz4(bool whole) {
  const auto* from = reinterpret_cast<const char*>(stored.data());
  auto* to = reinterpret_cast<char*>(code.data());
  const int from_size = static_cast<int>(stored.size()), to_size = static_cast<int>(code.size());
  const int got = whole ? LZ4_decompress_safe(from, to, from_size, to_size)
                        : LZ4_decompress_safe_partial(from, to, from_size, to_size, to_size);
  return got < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(got));
}

EntryInflater::EntryInflater() : memory_(std::make_unique<Memory>()) {}
EntryInflater::~EntryInflater() = default;

std::optional<std::span<const std::byte>> EntryInflater::inflate(const FileReader& file, const FatbinEntry& entry,
                                                                 std::size_t cap) {
  constexpr std::size_t kMostOfCodec = std::numeric_limits<int>::max();  // LZ4 counts in int
  constexpr std::uint64_t kBlockMargin = 256 * 1024;                     // two blocks of zstd
  const std::uint64_t whole_size = entry.codec == CodeCodec::none ? entry.payload_size : entry.raw_size;
  const std::uint64_t size = entry.part ? entry.part_offset + entry.part_size : whole_size;
  if (size > cap || size > kMostOfCodec || size > whole_size) return std::nullopt;
  std::vector<std::byte>& code = memory_->code;
  code.resize(static_cast<std::size_t>(size));
  const auto result = [&] { return std::span<const std::byte>(code).subspan(entry.part ? entry.part_offset : 0); };
  if (entry.codec == CodeCodec::none) {
    if (!file.read(entry.payload(), code)) return std::nullopt;
    return result();
  }
  // Compressed code that is far larger than the code itself is no work of a compiler: nothing is allocated for it.
  if (entry.compressed_size > kMostOfCodec || entry.compressed_size / 2 > whole_size + 2048) return std::nullopt;
  const bool whole = size == whole_size;
  // Of a part the beginning is enough: neither codec looks ahead by more than a block.
  const std::uint64_t needed = whole ? entry.compressed_size : 2 * size + kBlockMargin;
  const auto stored_size = static_cast<std::size_t>(std::min<std::uint64_t>(entry.compressed_size, needed));
  std::vector<std::byte>& stored = memory_->stored;
  stored.resize(stored_size);
  if (!file.read(entry.payload(), stored)) return std::nullopt;
  std::optional<std::size_t> got;
  if (entry.codec == CodeCodec::zstd) got = memory_->from_zstd(whole);
  if (entry.codec == CodeCodec::lz4) got = memory_->from_lz4(whole);
  if (got != code.size()) return std::nullopt;
  return result();
}

}  // namespace varve
