#include "base/hash.h"

#include <openssl/evp.h>

#include <cassert>
#include <new>

namespace varve {

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Hash::Hash(HashKind kind) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  if (!context_) throw std::bad_alloc();
  [[maybe_unused]] const int ok =
      EVP_DigestInit_ex(context_.get(), kind == HashKind::sha512 ? EVP_sha512() : EVP_sha256(), nullptr);
  assert(ok == 1);
}

void Hash::add(std::string_view bytes) {
  [[maybe_unused]] const int ok = EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  assert(ok == 1);
}

std::string Hash::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  [[maybe_unused]] const int ok = EVP_DigestFinal_ex(context_.get(), digest, &size);
  assert(ok == 1);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

std::string sha256_hex(std::string_view bytes) {
  Hash hash;
  hash.add(bytes);
  return hash.hex();
}

}  // namespace varve
