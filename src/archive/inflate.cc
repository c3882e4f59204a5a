#include "archive/inflate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "archive/inflater.h"
#include "archive/inflating_stream.h"

namespace varve {

namespace {
using Bytes = std::span<const std::byte>;

class PlainStream : public ByteStream {
 public:
  PlainStream(FileReader file, std::string where) : file_(std::move(file)), where_(std::move(where)) {}

  Result<Bytes> next(std::size_t cap) override {
    const std::size_t size = std::min<std::uint64_t>({cap, kInflateInput, file_.size() - position_});
    if (buffer_.size() < size) buffer_.resize(size);
    const std::span<std::byte> piece = std::span(buffer_).first(size);
    if (!file_.read(position_, piece)) return archive_error(where_, "it cannot be read", "Was it changed meanwhile?");
    position_ += size;
    return Bytes(piece);
  }
  Result<std::uint64_t> skip(std::uint64_t size) override {
    const std::uint64_t passed = std::min(size, file_.size() - position_);
    position_ += passed;
    return passed;
  }
  std::uint64_t consumed() const override { return position_; }

 private:
  FileReader file_;
  std::string where_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> buffer_;
};
}  // namespace

Result<std::uint64_t> ByteStream::skip(std::uint64_t size) {
  std::uint64_t passed = 0;
  while (passed < size) {
    const Result<Bytes> piece = next(std::min<std::uint64_t>(size - passed, SIZE_MAX));
    if (!piece) return piece.error();
    if (piece->empty()) break;
    passed += piece->size();
  }
  return passed;
}

Compression compression_of(const FileReader& file) {
  struct Magic {
    std::string_view bytes;
    Compression compression;
  };
  using namespace std::string_view_literals;
  static constexpr std::array kMagics = {Magic{"\x1f\x8b"sv, Compression::gzip},
                                         Magic{"\x28\xb5\x2f\xfd"sv, Compression::zstd},
                                         Magic{"BZh"sv, Compression::unsupported},
                                         Magic{"\xfd"
                                               "7zXZ\0"sv,
                                               Compression::unsupported},
                                         Magic{"\x04\x22\x4d\x18"sv, Compression::unsupported}};
  const std::string start = file.start(0, 8).value_or("");
  for (const Magic& magic : kMagics) {
    if (start.starts_with(magic.bytes)) return magic.compression;
  }
  // A skippable frame of zstd: 0x184D2A50 to 0x184D2A5F, little endian.
  const bool skippable = start.size() >= 4 && (start[0] & 0xf0) == 0x50 && start.substr(1, 3) == "\x2a\x4d\x18";
  return skippable ? Compression::zstd : Compression::none;
}

Result<std::unique_ptr<ByteStream>> open_stream(const FileReader& file, const std::string& where,
                                                const InflateLimits& limits) {
  using Stream = std::unique_ptr<ByteStream>;
  switch (compression_of(file)) {
    case Compression::none:
      return Stream(std::make_unique<PlainStream>(file, where));
    case Compression::gzip:
      return Stream(inflate_ahead(make_gzip_inflater(file, where), limits));
    case Compression::zstd:
      return Stream(inflate_ahead(make_zstd_inflater(file, where), limits));
    case Compression::unsupported:
      break;
  }
  return archive_error(where, "it is compressed with bzip2, xz or lz4", "Layers may be plain, gzip or zstd");
}

}  // namespace varve
