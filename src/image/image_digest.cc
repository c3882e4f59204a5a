#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "image/image_manifest.h"

namespace varve {

namespace {
constexpr std::size_t kPiece = std::size_t{1} << 20;

Hash hash_for(const std::string& digest) {
  return Hash(digest.starts_with("sha512:") ? HashKind::sha512 : HashKind::sha256);
}

Status compare(Hash& computed, const std::string& digest, const std::string& where) {
  const std::string hex = computed.hex();
  if (digest.substr(7) == hex) return Done{};
  return Error{"checking the digests of an image", where,
               fmt::format("the bytes have {}{}, the image states {}", digest.substr(0, 7), hex, digest),
               "The file is damaged or was changed: save the image again"};
}
}  // namespace

Result<std::string> blob_path(const std::string& digest, const std::string& where) {
  const std::string_view hex = std::string_view(digest).substr(std::min<std::size_t>(7, digest.size()));
  const bool known =
      (digest.starts_with("sha256:") && hex.size() == 64) || (digest.starts_with("sha512:") && hex.size() == 128);
  const bool valid = known && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (valid) return fmt::format("/blobs/{}/{}", digest.substr(0, 6), hex);
  return Error{"reading an image", where,
               fmt::format("\"{}\" is no SHA-256 or SHA-512 digest", clean_utf8(digest, 200)),
               "The image may be damaged"};
}

Status verify_digest(std::string_view bytes, const std::string& digest, const std::string& where) {
  if (const Result<std::string> known = blob_path(digest, where); !known) return known.error();
  Hash computed = hash_for(digest);
  computed.add(bytes);
  return compare(computed, digest, where);
}

Status verify_inflated_digest(const FileReader& file, const std::string& digest, const std::string& where,
                              const InflateLimits& limits) {
  if (const Result<std::string> known = blob_path(digest, where); !known) return known.error();
  const Result<std::unique_ptr<ByteStream>> stream = open_stream(file, where, limits);
  if (!stream) return stream.error();
  Hash computed = hash_for(digest);
  while (true) {
    const Result<std::span<const std::byte>> piece = (*stream)->next(kPiece);
    if (!piece) return piece.error();
    if (piece->empty()) return compare(computed, digest, where);
    computed.add(piece->data(), piece->size());
  }
}

Status verify_digest(const FileReader& file, const std::string& digest, const std::string& where) {
  if (const Result<std::string> known = blob_path(digest, where); !known) return known.error();
  Hash computed = hash_for(digest);
  std::vector<std::byte> piece(kPiece);
  for (std::uint64_t offset = 0; offset < file.size(); offset += piece.size()) {
    piece.resize(std::min<std::uint64_t>(kPiece, file.size() - offset));
    if (!file.read(offset, piece)) {
      return Error{"checking the digests of an image", where, "it cannot be read", "Was it changed meanwhile?"};
    }
    computed.add(piece.data(), piece.size());
  }
  return compare(computed, digest, where);
}

}  // namespace varve
