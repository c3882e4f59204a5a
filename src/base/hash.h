#pragma once
#include <memory>
#include <string>
#include <string_view>

// Of OpenSSL, whose headers only hash.cc includes.
struct evp_md_ctx_st;

namespace varve {

enum class HashKind { sha256, sha512 };

// A hash of the SHA-2 family (FIPS 180-4) over bytes that come in pieces.
class Hash {
 public:
  explicit Hash(HashKind kind = HashKind::sha256);

  void add(std::string_view bytes);
  void add(const void* bytes, std::size_t size) { add({static_cast<const char*>(bytes), size}); }
  // Lower-case hexadecimal, 64 or 128 digits; to be asked for once, at the end.
  std::string hex();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

// SHA-256 of the bytes as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::string_view bytes);

}  // namespace varve
