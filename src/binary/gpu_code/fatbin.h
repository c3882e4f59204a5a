#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/coverage.h"
#include "world/file_reader.h"

namespace varve {

// CUDA fat binaries: runs of regions, one for each translation unit, each a run of entries, one for each target. Little
// endian, everything aligned to 8 bytes. The region header stood in NVIDIA's public fatbinary.h; the entry header is
// described by public decoders (n-eiling/cuda-fatbin-decompression, ZLUDA) and agrees with what nvcc 12 and 13 write
// when asked for known targets (tests/cuda_tools).
//
// Region header, 16 bytes: u32 magic BA55ED50, u16 version 1, u16 size of this header (a multiple of 8), u64 bytes that
// follow it. Entry header, 64 bytes and more; what follows these 64 is text and copies that are not needed here:
//   0x00 u16 kind: 1 PTX, 2 cubin, 4 cubin of old compilers, 8 LTO-IR, 256 several entries in one
//   0x04 u32 size of this header              0x08 u64 bytes of payload, padded to 8
//   0x10 u32 bytes of payload used when compressed, else 0
//   0x18 u16 minor, u16 major: PTX ISA version
//   0x1c u32 architecture: 90, 120
//   0x20 u32 offset, u32 length: source file name, from the beginning of the entry
//   0x28 u64 flags: see below                 0x38 u64 size when decompressed, else 0
// Kind 256 (nvcc 13.5 --concat) compresses the payloads of several entries together. Its header goes on with an index:
// at 0x40 u32 their number, u32 bytes of the index, then their headers, the same 64 bytes each with, at 0x04, where its
// code begins in the decompressed payload, and at 0x08 its size; what follows the 64 bytes has no stated length, so
// the next header is where one continues the code. They are listed here as entries of their own.
inline constexpr std::uint64_t kFatbinMagic = 0x00100001'ba55ed50;  // magic, version 1, header of 16 bytes
inline constexpr std::uint32_t kRegionHeaderSize = 16;
inline constexpr std::uint32_t kEntryHeaderSize = 64;  // the least; options and names follow in longer ones

namespace fatbin_flags {
inline constexpr std::uint64_t kOldCompression = 0x1000;
inline constexpr std::uint64_t kLz4 = 0x2000;   // a bare block, no frame
inline constexpr std::uint64_t kZstd = 0x8000;  // a frame
inline constexpr std::uint64_t kLtoCompression = 0x10000;
inline constexpr std::uint64_t kArchitectureSpecific = 0x100000;  // the a in sm_90a
inline constexpr std::uint64_t kFamilySpecific = 0x200000;        // the f in sm_100f
}  // namespace fatbin_flags

// How an entry's payload is stored. `lto` is a compression of LTO-IR that is not decoded here.
enum class CodeCodec : std::uint8_t { none, lz4, zstd, old, lto };
std::string_view to_string(CodeCodec codec);

struct FatbinEntry {
  std::uint64_t offset = 0;  // of its header, in the file
  CodeTarget target;
  std::uint16_t kind = 0;  // as stored
  CodeCodec codec = CodeCodec::none;
  std::uint32_t header_size = 0;      // bytes; at least kEntryHeaderSize
  std::uint64_t payload_size = 0;     // bytes after the header, in the file
  std::uint32_t compressed_size = 0;  // bytes of them used; 0 when not compressed
  std::uint64_t raw_size = 0;         // bytes when decompressed, as the header claims; 0 when not compressed
  std::uint32_t name_offset = 0, name_size = 0;
  bool part = false;              // of several compressed together: offset and sizes above are those of the whole
  std::uint64_t part_offset = 0;  // where it begins in the decompressed payload
  std::uint64_t part_size = 0;

  std::uint64_t payload() const { return offset + header_size; }
  // What the code measures when decompressed.
  std::uint64_t code_size() const { return part ? part_size : codec == CodeCodec::none ? payload_size : raw_size; }
};

struct FatbinRegion {
  std::uint64_t offset = 0;  // of its header, in the file
  std::uint64_t size = 0;    // with the header
  bool damaged = false;      // a size in it cannot be right; the entries are those before that place
  std::vector<FatbinEntry> entries;
};

// The name of the source file that an entry carries (of builds with -lineinfo or -G); empty: none.
std::string source_name(const FileReader& file, const FatbinEntry& entry);

// Whether `bytes` (at least kFatbinMagic's 8) begin a region.
bool is_fatbin_magic(const std::byte* bytes);

// Walks a run of regions by small reads of their headers; the payload is never read. Hostile sizes end the region or
// the walk, they never lead outside [begin, end).
class FatbinWalk {
 public:
  // [begin, end) of `file`, clipped to it. `file` must live longer.
  FatbinWalk(const FileReader& file, std::uint64_t begin, std::uint64_t end);

  // The next region; false when there is none. `region` is overwritten, its memory used again.
  bool next(FatbinRegion& region);

  // Where the walk stands. After the last region what is left, if more than padding, is not a run of regions.
  std::uint64_t position() const { return position_; }
  std::uint64_t bytes_left() const { return end_ - position_; }

 private:
  // `length` bytes at `offset`, at most 128; null when they are not all in [begin, end) or cannot be read.
  const std::byte* peek(std::uint64_t offset, std::size_t length);
  bool skip_padding();
  bool read_entry(std::uint64_t offset, std::uint64_t left, FatbinEntry& entry);
  bool add_parts(const FatbinEntry& whole, FatbinRegion& region);

  const FileReader& file_;
  std::uint64_t position_, end_;
  std::uint64_t window_begin_ = 0;
  std::size_t window_size_ = 0;
  std::byte window_[128];
  std::vector<std::byte> index_;  // of an entry of kind 256
};

}  // namespace varve
