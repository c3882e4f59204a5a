#include "base/hash.h"

#include <gtest/gtest.h>

namespace varve {

// The examples of FIPS 180-2, appendices B and C.
TEST(Hash, OfKnownBytes) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Hash hash(HashKind::sha512);
  hash.add("abc");
  EXPECT_EQ(hash.hex(),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hash, OfPiecesIsThatOfTheWhole) {
  const std::string bytes(1000, 'a');
  for (const std::size_t piece : {1u, 63u, 64u, 65u, 999u}) {
    Hash hash;
    for (std::size_t at = 0; at < bytes.size(); at += piece) hash.add(std::string_view(bytes).substr(at, piece));
    EXPECT_EQ(hash.hex(), sha256_hex(bytes)) << piece;
  }
}

}  // namespace varve
