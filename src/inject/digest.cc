#include "inject/digest.h"

#include <cstring>

namespace varve::inject {

namespace {
constexpr std::uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t rotated(std::uint32_t word, int bits) { return (word >> bits) | (word << (32 - bits)); }

void take_block(std::uint32_t (&state)[8], const std::uint8_t* bytes) {
  std::uint32_t w[64];
  for (int i = 0; i < 16; ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes + 4 * i, 4);
    w[i] = __builtin_bswap32(word);
  }
  for (int i = 16; i < 64; ++i) {
    const std::uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)) + w[i - 7] +
           (rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10));
  }
  std::uint32_t s[8];
  std::memcpy(s, state, sizeof s);
  // The words change places from round to round; after eight they are back.
  const auto round = [&](int i, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t& d, std::uint32_t e,
                         std::uint32_t f, std::uint32_t g, std::uint32_t& h) {
    const std::uint32_t one =
        h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g))) + kRounds[i] + w[i];
    const std::uint32_t two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)));
    d += one;
    h = one + two;
  };
  for (int i = 0; i < 64; i += 8) {
    round(i, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]);
    round(i + 1, s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6]);
    round(i + 2, s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5]);
    round(i + 3, s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4]);
    round(i + 4, s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3]);
    round(i + 5, s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2]);
    round(i + 6, s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1]);
    round(i + 7, s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0]);
  }
  for (int i = 0; i < 8; ++i) state[i] += s[i];
}
}  // namespace

void sha256_text(const void* bytes, std::size_t size, char (&text)[65]) {
  std::uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto* from = static_cast<const std::uint8_t*>(bytes);
  std::size_t left = size;
  for (; left >= 64; from += 64, left -= 64) take_block(state, from);
  std::uint8_t last[128] = {};
  std::memcpy(last, from, left);
  last[left] = 0x80;
  const std::size_t end = left < 56 ? 64 : 128;
  const std::uint64_t bits = __builtin_bswap64(std::uint64_t{size} * 8);
  std::memcpy(last + end - 8, &bits, 8);
  take_block(state, last);
  if (end == 128) take_block(state, last + 64);
  for (int i = 0; i < 64; ++i) text[i] = "0123456789abcdef"[(state[i / 8] >> (28 - 4 * (i % 8))) & 15];
  text[64] = '\0';
}

}  // namespace varve::inject
