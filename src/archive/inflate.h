#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

enum class Compression { none, gzip, zstd, unsupported };

// By the first bytes: gzip (RFC 1952), zstd (RFC 8878, skippable frames included); bzip2, xz and lz4 are unsupported.
// Everything else counts as not compressed.
Compression compression_of(const FileReader& file);

// What compressed data may inflate to, so that a small file cannot keep Varve busy for hours.
struct InflateLimits {
  std::uint64_t total = std::uint64_t{256} << 30;     // bytes; the largest image layers known hold some 30 GiB
  std::uint64_t ratio = 200;                          // inflated to compressed; libraries reach 2 to 10
  std::uint64_t ratio_from = std::uint64_t{4} << 30;  // the ratio counts only beyond so many inflated bytes
  // Of the streams before this one that the limits hold for as well: an image may name one layer a thousand times.
  std::uint64_t inflated_before = 0;
  std::uint64_t consumed_before = 0;
};

// Bytes in their order. The pieces that next() yields lie in the stream's own buffer, so that what is passed over is
// never copied.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next bytes: at least one and at most `cap`, valid until the next call; empty at the end of the stream. Error:
  // what follows the bytes so far cannot be had.
  virtual Result<std::span<const std::byte>> next(std::size_t cap) = 0;
  // Passes over `size` bytes, or fewer where the stream ends before. Yields how many.
  virtual Result<std::uint64_t> skip(std::uint64_t size);
  // Bytes of the source (compressed, if it is) that were used up for what was handed out, rounded up to what inflates
  // at once.
  virtual std::uint64_t consumed() const = 0;
};

// The inflated bytes of the file, or its own where it is not compressed. A file of several gzip members or zstd frames
// is one stream; what follows the last gzip member and starts none is not looked at (gzip(1) does the same). Inflating
// runs ahead in a thread of its own, up to 2 MiB. `where` names the source in errors: damaged or truncated data, a
// compression that is not supported, more than the limits.
Result<std::unique_ptr<ByteStream>> open_stream(const FileReader& file, const std::string& where,
                                                const InflateLimits& limits = {});

}  // namespace varve
